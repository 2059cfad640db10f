package consumers

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// tree is a file system for a test: path -> content. A content of "->target"
// makes a link, a path with a final slash a directory.
type tree map[string]string

// under lays the tree out below a new root, as root of a Linux machine sees it.
func (tr tree) under(t testing.TB) world.World {
	t.Helper()
	root := t.TempDir()
	for path, content := range tr {
		full := filepath.Join(root, path)
		if strings.HasSuffix(path, "/") {
			must(t, os.MkdirAll(full, 0o755))
			continue
		}
		must(t, os.MkdirAll(filepath.Dir(full), 0o755))
		if target, ok := strings.CutPrefix(content, "->"); ok {
			must(t, os.Symlink(target, full))
			continue
		}
		mode := fs.FileMode(0o644)
		if strings.HasSuffix(path, ".key") {
			mode = 0o600
		}
		must(t, os.WriteFile(full, []byte(content), mode))
	}
	return world.Under(root, "linux")
}

// asUser makes w that of an ordinary user.
func asUser(w world.World) world.World {
	w.User = world.User{UID: 1000, GID: 1000, Name: "alice", Home: "/home/alice"}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// faked is a file system with some answers changed.
type faked struct {
	world.FS
	deny    []string             // prefixes of paths that may not be read
	changed map[string]time.Time // change times
}

func (f faked) err(path string) error {
	for _, p := range f.deny {
		if strings.HasPrefix(path, p) {
			return &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
		}
	}
	return nil
}

func (f faked) ReadFile(path string) ([]byte, error) {
	if err := f.err(path); err != nil {
		return nil, err
	}
	return f.FS.ReadFile(path)
}

func (f faked) ReadDir(path string) ([]fs.DirEntry, error) {
	if err := f.err(path); err != nil {
		return nil, err
	}
	return f.FS.ReadDir(path)
}

func (f faked) Stat(path string) (world.Info, error) {
	i, err := f.FS.Stat(path)
	if to, lerr := f.Readlink(path); lerr == nil && strings.HasPrefix(to, "/") {
		return f.dated(to, i), err
	}
	return f.dated(path, i), err
}

func (f faked) Lstat(path string) (world.Info, error) {
	i, err := f.FS.Lstat(path)
	return f.dated(path, i), err
}

func (f faked) dated(path string, i world.Info) world.Info {
	if at, ok := f.changed[path]; ok {
		i.Changed = at
	}
	return i
}

func registry(t testing.TB, s string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(s)
	must(t, err)
	return r
}

// subjects names the anchors of a policy.
func subjects(anchors []trust.Anchor) []string {
	var out []string
	for _, a := range anchors {
		out = append(out, a.Cert.Subject.CommonName)
	}
	return out
}

func notesOf(p trust.Policy) []string {
	var out []string
	for _, n := range p.Notes {
		out = append(out, string(n.Code)+" "+n.Path)
	}
	slices.Sort(out)
	return out
}

func lookedAt(p trust.Policy, path string) (found, looked bool) {
	for _, l := range p.Looked {
		if l.Path == path {
			return l.Found, true
		}
	}
	return false, false
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// dockersOf is a table of docker readers that finds these daemons.
func dockersOf(found ...engine.Docker) *dockers {
	return &dockers{ask: func(context.Context, world.World) []engine.Docker { return found }}
}

// pki are the certificates most tests use, made once.
type pki struct {
	ca, other, client, stranger *trusttest.Cert
}

func newPKI(t testing.TB) pki {
	ca := trusttest.NewCA(t, "Corp Root")
	return pki{ca: ca, other: trusttest.NewCA(t, "Other Root"), client: ca.Client("me"), stranger: ca.Client("you")}
}

func (p pki) caPEM() string { return string(p.ca.PEM()) }
