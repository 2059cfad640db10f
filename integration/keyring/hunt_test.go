//go:build integration

package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/integration/lab"
)

// hunt looks for a password wherever it could have been left: in plain, in the
// forms in which programs pass it on, and as part of something longer in Base64.
type hunt struct {
	since   time.Time
	needles map[string][]byte

	mu    sync.Mutex
	found map[string]bool
	stop  chan struct{}
	done  chan struct{}
}

func newHunt(user, password string) *hunt {
	quoted, _ := json.Marshal(password)
	h := &hunt{since: time.Now(), found: map[string]bool{}, needles: map[string][]byte{
		"plain":          []byte(password),
		"in a query":     []byte(url.QueryEscape(password)),
		"in a path":      []byte(url.PathEscape(password)),
		"in JSON":        bytes.Trim(quoted, `"`),
		"in UTF-16":      utf16(password),
		"user:password":  []byte(base64.StdEncoding.EncodeToString([]byte(user + ":" + password))),
		"user:password_": []byte(base64.URLEncoding.EncodeToString([]byte(user + ":" + password))),
	}}
	for shift := range 3 { // a group of four characters stands for three bytes
		text := strings.Repeat("x", shift) + password
		for name, e := range map[string]*base64.Encoding{"Base64": base64.RawStdEncoding, "Base64 for URLs": base64.RawURLEncoding} {
			coded := e.EncodeToString([]byte(text))
			h.needles[fmt.Sprintf("%s, shifted by %d", name, shift)] = []byte(coded[4 : len(coded)-4])
		}
	}
	return h
}

func utf16(s string) []byte {
	var out []byte
	for _, r := range s {
		out = append(out, byte(r), byte(r>>8))
	}
	return out
}

// in names the form in which data holds the password, "" for none.
func (h *hunt) in(data []byte) string {
	for _, name := range slices.Sorted(maps.Keys(h.needles)) {
		if bytes.Contains(data, h.needles[name]) {
			return name
		}
	}
	return ""
}

func (h *hunt) look(where string, data []byte) {
	if form := h.in(data); form != "" {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.found[where+": "+form] = true
	}
}

// watch looks at the arguments and the environment of every process until the
// hunt ends.
func (h *hunt) watch() {
	h.stop, h.done = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(h.done)
		for {
			h.processes()
			select {
			case <-h.stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
}

func (h *hunt) processes() {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		name, _ := os.ReadFile(filepath.Join(dir, "comm"))
		for _, file := range []string{"cmdline", "environ"} {
			data, _ := os.ReadFile(filepath.Join(dir, file)) // it may have ended
			h.look(file+" of "+strings.TrimSpace(string(name)), data)
		}
	}
}

// end stops watching and lists what was found, there and in files changed since
// the hunt began.
func (h *hunt) end(t *testing.T, l *lab.Lab) []string {
	t.Helper()
	if h.stop != nil {
		close(h.stop)
		<-h.done
	}
	files := 0
	for _, root := range []string{l.Dir, "/run", "/var", "/etc", "/dev/shm", "/root/.docker", "/root/.config", "/root/.local", "/root/.cache/containers"} {
		files += h.tree(t, root)
	}
	loose, _ := filepath.Glob("/tmp/*")
	for _, path := range loose {
		if i, err := os.Lstat(path); err == nil && i.Mode().IsRegular() {
			h.file(t, path, i)
		}
	}
	if files < 10 {
		t.Errorf("only %d files were looked at", files)
	}
	return slices.Sorted(maps.Keys(h.found))
}

func (h *hunt) tree(t *testing.T, root string) (files int) {
	t.Helper()
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if path == filepath.Join(root, "overlay") {
			return fs.SkipDir // the layers of /etc and /var, which are looked at in their places
		}
		if err != nil || !d.Type().IsRegular() {
			return nil // gone, or not there
		}
		if i, err := d.Info(); err == nil && h.file(t, path, i) {
			files++
		}
		return nil
	})
	return files
}

// maxHunted bounds a file. None of the lab's is larger, but the backing of a
// daemon's database.
const maxHunted = 256 << 20

func (h *hunt) file(t *testing.T, path string, i fs.FileInfo) bool {
	t.Helper()
	if i.ModTime().Before(h.since.Add(-time.Second)) {
		return false
	}
	if i.Size() > maxHunted {
		t.Errorf("%s is too large to be looked at", path)
		return false
	}
	data, err := os.ReadFile(path)
	if err == nil {
		h.look(path, data)
	}
	return err == nil
}

// The hunt is worth what it finds: each hiding place is found, in each form.
func TestTheHuntFinds(t *testing.T) {
	l := lab.Start(t)
	s := l.Session(t)
	const user, password = "zoë", "pä ss/+?&=%QXJ5ZG4K7M2"
	h := newHunt(user, password)
	h.watch()
	var want []string
	plant := func(path, content string) {
		l.Write(t, path, []byte("before\x00"+content+"\nafter"), 0o600)
		want = append(want, path)
	}
	for i, content := range []string{
		password, "x=" + url.QueryEscape(password) + "&", "/" + url.PathEscape(password) + "/",
		`{"auths":{"r":{"auth":"` + base64.StdEncoding.EncodeToString([]byte(user+":"+password)) + `"}}}`,
		base64.StdEncoding.EncodeToString([]byte("someone-else:" + password + "\n")),
		base64.StdEncoding.EncodeToString([]byte("ab:" + password)),
		base64.URLEncoding.EncodeToString([]byte("a:" + password + "::")),
		`{"Secret":"` + strings.ReplaceAll(password, "&", `\u0026`) + `"}`, string(utf16(password)),
	} {
		plant(filepath.Join(s.Home, fmt.Sprintf("planted-%d", i)), content)
	}
	for _, dir := range []string{"/var/log", "/run", "/etc", "/dev/shm", "/tmp", filepath.Join(l.Dir, "tmp")} {
		plant(filepath.Join(dir, "planted-by-a-test"), password)
	}
	stay := func(env []string, args ...string) {
		cmd := exec.Command("sh", append([]string{"-c", "read line", "sh"}, args...)...)
		cmd.Env = env
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			in.Close()
			_ = cmd.Wait() // it fails to read a line
		})
	}
	stay(nil, "--password", password)
	stay([]string{"PASSWORD=" + password})
	want = append(want, "cmdline of sh", "environ of sh")
	lab.Eventually(t, 10*time.Second, "the processes are seen", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.found) == 2
	})
	found := h.end(t, l)
	for _, where := range want {
		if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, where+": ") }) {
			t.Errorf("not found: %s", where)
		}
	}
	if len(found) != len(want) {
		t.Errorf("found %d, planted %d:\n%s", len(found), len(want), strings.Join(found, "\n"))
	}
}
