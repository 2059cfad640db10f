//go:build integration

package wine

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helper asks Mooring's credential helper, in a process of its own each time.
func helper(t *testing.T, action, request string) (out string, ok bool) {
	t.Helper()
	cmd := command("wine", filepath.Join(os.Getenv(built), "docker-credential-mooring.exe"), action)
	cmd.Stdin = strings.NewReader(request)
	b, err := output(cmd)
	return strings.TrimSpace(string(ofWine.ReplaceAll(b, nil))), err == nil
}

// ofWine is what wine itself says when one of its own processes finds its server
// gone, in the output of whoever is just speaking (dlls/ntdll/unix/server.c).
var ofWine = regexp.MustCompile(`(?m)^wine client error:.*\n?`)

type credential struct{ ServerURL, Username, Secret string }

func (c credential) String() string {
	b, _ := json.Marshal(c)
	return string(b)
}

func get(t *testing.T, url string) (c credential, found bool) {
	t.Helper()
	out, ok := helper(t, "get", url)
	if !ok {
		if out != "credentials not found in native keychain" {
			t.Errorf("get %s: %s", url, out)
		}
		return credential{}, false
	}
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Error(err)
	}
	return c, true
}

// The Credential Manager keeps what one process stored for the next, and when
// Windows is started anew.
func TestCredentialManager(t *testing.T) {
	kept := []credential{
		{"reg.example:5000", "alice", "pä ss/+?&\" 비밀번호"},
		{"https://index.docker.io/v1/", "<token>", "ey.identity-token"},
	}
	for _, c := range kept {
		if out, ok := helper(t, "store", c.String()); !ok {
			t.Fatal(out)
		}
	}
	for _, when := range []string{"in another process", "after a restart"} {
		for _, c := range kept {
			if got, _ := get(t, c.ServerURL); got != c {
				t.Errorf("%s: got %v for %v", when, got, c)
			}
		}
		for _, near := range []string{"reg.example", "REG.example:5000"} {
			if c, found := get(t, near); found {
				t.Errorf("%s: %s got %v", when, near, c)
			}
		}
		if out, _ := helper(t, "list", "unused"); out != `{"https://index.docker.io/v1/":"\u003ctoken\u003e","reg.example:5000":"alice"}` {
			t.Errorf("%s: list says %s", when, out)
		}
		if when == "in another process" {
			restart(t)
		}
	}
	noneInFiles(t, kept[0].Secret)
	for _, c := range kept {
		if out, ok := helper(t, "erase", c.ServerURL); !ok {
			t.Error(out)
		}
		if got, found := get(t, c.ServerURL); found {
			t.Errorf("erased, and got %v", got)
		}
	}
	if out, _ := helper(t, "list", "unused"); out != "{}" {
		t.Errorf("list says %s", out)
	}
}

// restart ends Windows with all that runs on it, as `wineserver -k` does, and starts
// it again. That itself would wait for ever: here nobody takes note of the end of
// a process without a parent.
func restart(t *testing.T) {
	t.Helper()
	server := servers(t)
	if len(server) != 1 {
		t.Fatalf("%d servers of wine run", len(server))
	}
	if err := syscall.Kill(server[0], syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); len(servers(t)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("wine does not end")
		}
	}
	if err := run(command("wineserver", "-p")); err != nil {
		t.Fatal(err)
	}
}

// servers are the processes of wine's server in this namespace; one that has ended
// has no arguments any more.
func servers(t *testing.T) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		args, _ := os.ReadFile(path)
		program, _, _ := bytes.Cut(args, []byte{0})
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil && strings.HasPrefix(filepath.Base(string(program)), "wineserver") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// noneInFiles looks for a secret in the files of that Windows: wine's registry is
// its Credential Manager.
func noneInFiles(t *testing.T, secret string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Join(drive(), "users"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files, %v", files, err)
	}
	noted, _ := filepath.Glob(filepath.Join(drive(), "users/*/AppData/Local/Mooring/State/signins.json"))
	if len(noted) != 1 {
		t.Errorf("noted in %q", noted)
	}
}

// What does not fit is refused before Windows is asked, and the limit is its own.
func TestTooBigForWindows(t *testing.T) {
	frame := len(`{"v":1,"registry":"big.example","user":"alice","secret":""}`)
	for secret, want := range map[int]bool{2560 - frame: true, 2560 - frame + 1: false, 8000: false} {
		c := credential{"big.example", "alice", strings.Repeat("x", secret)}
		out, ok := helper(t, "store", c.String())
		if ok != want || !ok && out != "mooring: the keyring cannot hold a password or token as long as this" {
			t.Errorf("%d bytes: %v %s", secret, ok, out)
		}
		if got, found := get(t, c.ServerURL); found && got.Secret != c.Secret && ok {
			t.Errorf("%d bytes came back as %d", secret, len(got.Secret))
		}
		if out, ok := helper(t, "erase", c.ServerURL); !ok {
			t.Error(out)
		}
	}
}
