//go:build linux

package change

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/trust"
)

// TestMain lets a test start this binary as a child that dies at a fault point.
func TestMain(m *testing.M) {
	if spec := os.Getenv("CHANGE_TEST_CHILD"); spec != "" {
		os.Exit(child(spec))
	}
	debug.SetGCPercent(800) // thousands of short runs: half the time would go into collecting their garbage
	os.Exit(m.Run())
}

// lab is a machine's tree with an engine over it.
type lab struct {
	t    *testing.T
	root string
	e    *Engine
	cmds *fakeCommands
	ring *fakeKeyring
	cas  *fakeStores
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := labAt(tempDir(t))
	l.t = t
	l.seed()
	return l
}

// tempDir is a directory in memory, if there is one that keeps extended attributes:
// waiting for a disk thousands of times shows nothing about a process that is killed.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "mooring-change-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	if setAttrsAt(dir, "user.mooring", "kept") != nil {
		return t.TempDir()
	}
	return dir
}

// labAt is the lab below base, which may hold one already.
func labAt(base string) *lab {
	root := filepath.Join(base, "root")
	cmds := &fakeCommands{store: filepath.Join(root, "store"), anchors: filepath.Join(root, "anchors")}
	ring := &fakeKeyring{file: filepath.Join(root, "keyring")}
	cas := &fakeStores{dir: filepath.Join(root, "stores")}
	l := &lab{root: root, cmds: cmds, ring: ring, cas: cas, e: &Engine{
		Dir: filepath.Join(base, "state", "journal"), Root: root, NoLinks: true, Commands: cmds,
		Editor: configfile.AuthFile{}, Secrets: ring, Stores: cas,
	}}
	cas.between = func() error { return fault(l.e.Fault).at(faultStoreHalf, "") }
	return l
}

// seed makes what is there before: a file that will be replaced, one that will be
// removed, one that will be moved, and one that nobody touches.
func (l *lab) seed() {
	l.t.Helper()
	l.put("etc/replaced", "old content", 0o640)
	l.put("etc/removed", "to be removed", 0o600)
	l.put("etc/moved.key", "PRIVATE", 0o600)
	l.put("etc/open.key", "PRIVATE", 0o644)
	l.put("etc/mixed.crt", "PRIVATE", 0o640)
	l.put("etc/others", "not ours", 0o644)
	l.put("anchors/vendor", "vendor", 0o644)
	l.put("store", "vendor", 0o644)
	l.put("keyring", "", 0o600)
	l.put("home/config.json", configText, 0o640)
	l.put("stores/"+string(oldStore), "held", 0o644)
	if err := setAttrsAt(filepath.Join(l.root, "etc/replaced"), "user.mooring", "kept"); err != nil {
		l.t.Logf("no extended attributes here: %v", err)
	}
}

func (l *lab) put(name, content string, mode fs.FileMode) {
	l.t.Helper()
	p := filepath.Join(l.root, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), mode); err != nil {
		l.t.Fatal(err)
	}
	if err := os.Chmod(p, mode); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) state(name string) *trust.FileState {
	l.t.Helper()
	d, _, err := tree{root: l.root}.open(filepath.Dir("/" + name))
	if err != nil {
		l.t.Fatal(err)
	}
	defer d.close()
	f, err := d.read(filepath.Base(name))
	if err != nil {
		l.t.Fatal(err)
	}
	return f.state()
}

// edited is the state of a file that a plan edits.
func (l *lab) edited(name string) *trust.FileState {
	l.t.Helper()
	s := l.state(name)
	text, err := l.e.Editor.Mask([]byte(l.read(name)))
	must(l.t, err)
	s.SHA256 = hash(text)
	return s
}

// The file that plans edit, and the secrets in it.
const (
	configText = "{\n\t\"auths\": {\n\t\t\"other.lab\": {\"auth\": \"" + othersSecret + "\"},\n\t\t\"reg.example\": {\n\t\t\t\"auth\": \"" +
		ownSecret + "\"\n\t\t}\n\t},\n\t\"HttpHeaders\": {\"X-Token\": \"" + headerSecret + "\"}\n}\n"
	ownSecret    = "dXNlcjpodW50ZXIyLW93bg=="
	othersSecret = "b3RoZXI6aHVudGVyMy1vdGhlcnM="
	headerSecret = "header-t0ken"
)

var ownKey = []string{"auths", "reg.example", "auth"}

// plan makes, replaces, removes, renames and narrows a file each, rebuilds the store, and
// moves a secret out of a file that it edits, and of one that it makes.
func (l *lab) plan() trust.Plan {
	return trust.Plan{
		Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachComputer, Registries: []string{"reg.example"},
		Anchors: []trust.PlanAnchor{testAnchor()},
		Changes: []trust.Change{
			{Kind: trust.WriteFile, Path: "/etc/certs.d/reg.example:5000/ca.crt", Content: []byte("new content"), Mode: 0o644, Status: trust.StatusNew},
			{Kind: trust.WriteFile, Path: "/etc/certs.d/reg.example:5000/beside.crt", Content: []byte("beside"), Mode: 0o644, Status: trust.StatusNew},
			{Kind: trust.WriteFile, Path: "/etc/replaced", Content: []byte("replaced content"), Mode: 0o600, Before: l.state("etc/replaced"), Status: trust.StatusReplaced},
			{Kind: trust.RemoveFile, Path: "/etc/removed", Before: l.state("etc/removed"), Status: trust.StatusRemoved},
			{Kind: trust.MoveFile, Path: "/etc/moved.key", To: "/etc/moved.key.aside", Before: l.state("etc/moved.key"), Status: trust.StatusRenamed},
			{Kind: trust.WriteFile, Path: "/etc/new.key", Content: []byte("SECRET"), Secret: true, Mode: 0o600, Status: trust.StatusNew},
			{Kind: trust.WriteFile, Path: "/anchors/mine", Content: []byte("mine"), Mode: 0o644, Status: trust.StatusNew},
			{Kind: trust.RunCommand, Command: "rebuild", Status: trust.StatusNew},
			{Kind: trust.KeepSecret, Path: "/home/config.json", Registry: "reg.example", Key: ownKey[:2], Before: l.edited("home/config.json"), Status: trust.StatusNew},
			{
				Kind: trust.EditFile, Path: "/home/config.json", Before: l.edited("home/config.json"), Status: trust.StatusReplaced,
				Edits: []trust.Edit{trust.RemoveValue(ownKey...), trust.SetValue("mooring", "credHelpers", "reg.example")},
			},
			{
				Kind: trust.EditFile, Path: "/home/containers/auth.json", Mode: 0o600, Status: trust.StatusNew,
				Edits: []trust.Edit{trust.SetValue("mooring", "credHelpers", "reg.example")},
			},
			{
				Kind: trust.ChangeStore, Store: newStore, Content: []byte(testAnchor().PEM), Status: trust.StatusNew,
				Was: &trust.Membership{}, Want: &trust.Membership{Held: true, Settings: "C,,"},
			},
			{
				Kind: trust.ChangeStore, Store: oldStore, Content: []byte(testAnchor().PEM), Status: trust.StatusRemoved,
				Was: &trust.Membership{Held: true}, Want: &trust.Membership{},
			},
			{Kind: trust.SetMode, Path: "/etc/open.key", Mode: 0o600, Before: l.state("etc/open.key"), Status: trust.StatusRights},
			{Kind: trust.MoveFile, Path: "/etc/mixed.crt", To: "/etc/mixed.crt.aside", Mode: 0o600, Before: l.state("etc/mixed.crt"), Status: trust.StatusRenamed},
			{Kind: trust.WriteFile, Path: "/etc/others", Content: []byte("not ours"), Mode: 0o644, Status: trust.StatusUnchanged},
		},
	}
}

// fakeKeyring is a file with the registries whose sign-in is kept, all with the
// same secret.
type fakeKeyring struct {
	file  string
	fail  error
	asked int
}

func (k *fakeKeyring) Holds(_ context.Context, d trust.Done) (bool, error) {
	b, err := os.ReadFile(k.file)
	return string(b) == d.Registry, err
}

func (k *fakeKeyring) Keep(_ context.Context, d trust.Done) error {
	if k.fail != nil {
		return k.fail
	}
	return os.WriteFile(k.file, []byte(d.Registry), 0o600)
}

func (k *fakeKeyring) Forget(context.Context, trust.Done) error {
	return os.WriteFile(k.file, nil, 0o600)
}

func (k *fakeKeyring) Secret(_ context.Context, d trust.Done, key []string) (trust.Secret, error) {
	k.asked++
	b, err := os.ReadFile(k.file)
	if err == nil && (string(b) != key[1] || !slices.Equal(key, ownKey) || d.Path != "/home/config.json") {
		err = errors.New("not found")
	}
	return trust.NewSecret(ownSecret), err
}

// openSecrets are the files below dir in which one of the secrets can be read,
// as it is or in base64.
func openSecrets(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		for _, s := range []string{ownSecret, othersSecret, headerSecret} {
			for from := range 3 {
				// What base64 makes of it wherever it begins within three bytes.
				text := base64.StdEncoding.EncodeToString([]byte(s[from : from+(len(s)-from)/3*3]))
				if bytes.Contains(b, []byte(text)) || bytes.Contains(b, []byte(s)) {
					out = append(out, p+" holds "+s)
					break
				}
			}
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a run that was killed may have made no journal
		t.Fatal(err)
	}
	return out
}

// fakeCommands derives the store from the names in the anchors directory; the anchor's
// is "mine".
type fakeCommands struct {
	store, anchors string
	fail           error
	blind          bool // runs, and takes nothing
	ran            []string
}

func (c *fakeCommands) Run(_ context.Context, key string, undo bool) (string, bool, error) {
	c.ran = append(c.ran, fmt.Sprintf("%s undo=%v", key, undo))
	if c.fail != nil || c.blind {
		return "output", true, c.fail
	}
	entries, err := os.ReadDir(c.anchors)
	if err != nil {
		return "", true, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return "output", true, os.WriteFile(c.store, []byte(strings.Join(names, "\n")), 0o644)
}

func (c *fakeCommands) Holds(_ string, fps []string) ([]string, error) {
	b, err := os.ReadFile(c.store)
	held := strings.Split(string(b), "\n")
	if !slices.Contains(held, "mine") {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(fps), func(fp string) bool { return fp != testAnchor().SHA256 }), err
}

func (c *fakeCommands) Left(key string, fps []string) ([]string, error) { return c.Holds(key, fps) }

// listing is every file below root with its kind, mode, owner, attributes and
// content: what must be equal before a plan and after its undo.
func listing(t testing.TB, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := e.Info()
		if err != nil {
			return err
		}
		st := i.Sys().(*syscall.Stat_t)
		s := fmt.Sprintf("%v %d:%d", i.Mode(), st.Uid, st.Gid)
		switch {
		case i.Mode().IsRegular():
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			f, err := os.Open(p)
			if err != nil {
				return err
			}
			attrs, err := fault(nil).attrs(int(f.Fd()), p)
			_ = f.Close()
			if err != nil {
				return err
			}
			s += fmt.Sprintf(" %x %v", sha256.Sum256(b), attrs)
		case i.Mode()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(p)
			s += " -> " + to
		}
		rel, _ := filepath.Rel(root, p)
		out[rel] = s
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
