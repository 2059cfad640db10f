package state

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func TestRequestsAreKeptForTheirUserAlone(t *testing.T) {
	root := t.TempDir()
	w := world.Under(root, "linux")
	w.Now = time.Now
	s := Open(w)
	if got, err := s.Requests(); len(got) > 0 || err != nil {
		t.Fatalf("%v, %v", got, err)
	}
	reg, _, err := trust.ParseRegistry("reg.example:5000")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"bob", "alice"} {
		r := Request{Registry: reg, Name: name, At: time.Unix(int64(100-i), 0).UTC(), PEM: "request of " + name}
		if _, err := s.AddRequest(r, trust.NewSecret("key of "+name)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Requests()
	if err != nil || len(got) != 2 || got[0].Name != "alice" || got[1].Registry != reg {
		t.Fatalf("%+v, %v", got, err)
	}
	key, err := s.RequestKey(got[0])
	if err != nil || key.Reveal() != "key of alice" {
		t.Errorf("%v", err)
	}
	dir := filepath.Join(root, filepath.FromSlash(Dirs(w).State), requestsDir)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%v, %v", entries, err)
	}
	if i, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && i.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", i.Mode(), err)
	}
	for _, e := range entries {
		i, err := e.Info()
		if err != nil || runtime.GOOS != "windows" && i.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", e.Name(), i.Mode(), err)
		}
		if b, _ := os.ReadFile(filepath.Join(dir, e.Name())); strings.HasSuffix(e.Name(), ".json") && strings.Contains(string(b), "key of") {
			t.Errorf("%s holds the key", e.Name())
		}
	}
	// A file that is damaged or gone is told, and keeps none of the others away.
	if err := os.WriteFile(filepath.Join(dir, "0123456789abcdef.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Requests(); len(got) != 2 || err == nil {
		t.Errorf("%v, %v", got, err)
	}
	if err := os.Remove(filepath.Join(root, filepath.FromSlash(got[0].KeyPath))); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RequestKey(got[0]); err == nil {
		t.Error("a key that is gone was read")
	}
}

// TestRequestForgotten: with its key and alone, and never through a link.
func TestRequestForgotten(t *testing.T) {
	root := t.TempDir()
	s := Open(world.Under(root, "linux"))
	add := func(name string) (Request, string) {
		r, err := s.AddRequest(Request{Name: name, PEM: name}, trust.NewSecret("key of "+name))
		if err != nil {
			t.Fatal(err)
		}
		return r, filepath.Join(root, filepath.FromSlash(r.KeyPath))
	}
	alice, aliceKey := add("alice")
	bob, bobKey := add("bob")
	for range 2 { // what is gone is no error
		if err := s.ForgetRequest(alice); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(aliceKey); err == nil {
		t.Error("the key is still there")
	}
	if got, err := s.Requests(); err != nil || len(got) != 1 || got[0].Name != "bob" {
		t.Errorf("%+v, %v", got, err)
	}
	elsewhere := filepath.Join(root, "elsewhere")
	if err := os.Rename(bobKey, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/elsewhere", bobKey); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"the key", "the directory"} {
		if err := s.ForgetRequest(bob); err == nil {
			t.Errorf("%s is a link, and nothing was said", what)
		}
		if b, err := os.ReadFile(elsewhere); err != nil || string(b) != "key of bob" {
			t.Errorf("%s is a link: %v", what, err)
		}
		if what == "the key" {
			moved := filepath.Join(root, "moved")
			if err := os.Rename(elsewhere, bobKey); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(filepath.Dir(bobKey), moved); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("/moved", filepath.Dir(bobKey)); err != nil {
				t.Fatal(err)
			}
			elsewhere = filepath.Join(moved, filepath.Base(bobKey))
		}
	}
}
