package change

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// At each step that fails the file is as before or as after, with its mode, and the
// next attempt does what this one could not, whatever it left behind.
func TestReplaceFailsAtEachStep(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, "cacerts")
	target := Target{Root: root, Path: "/cacerts", NoLinks: true}
	was, next := []byte("was"), []byte("next, and longer")
	steps := 0
	for failing := 1; ; failing++ {
		if err := os.WriteFile(name, was, 0o640); err != nil {
			t.Fatal(err)
		}
		n, point := 0, ""
		target.fault = func(at, _ string) error {
			if n++; n == failing {
				point = at
				return syscall.ENOSPC
			}
			return nil
		}
		err := target.Replace(was, next)
		if point == "" {
			steps = failing - 1
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if err == nil {
			t.Errorf("%s (%d) failed, and nothing was said", point, failing)
		}
		got, rerr := os.ReadFile(name)
		if rerr != nil || string(got) != string(was) && string(got) != string(next) {
			t.Errorf("%s (%d): the file holds %q, %v", point, failing, got, rerr)
		}
		if i, err := os.Stat(name); err != nil || i.Mode() != 0o640 {
			t.Errorf("%s (%d): mode %v, %v", point, failing, i.Mode(), err)
		}
		target.fault = nil
		if string(got) == string(was) {
			if err := target.Replace(was, next); err != nil {
				t.Errorf("%s (%d): once more: %v", point, failing, err)
			}
		}
		if left, err := os.ReadDir(root); err != nil || len(left) != 1 {
			t.Errorf("%s (%d): left behind %v, %v", point, failing, left, err)
		}
	}
	t.Logf("%d steps", steps)
	if steps < 8 {
		t.Errorf("%d steps only", steps)
	}
}

func TestReplaceRefuses(t *testing.T) {
	root := t.TempDir()
	if err := errors.Join(
		os.WriteFile(filepath.Join(root, "file"), []byte("now"), 0o644),
		os.Symlink("file", filepath.Join(root, "link")), os.Symlink(".", filepath.Join(root, "dir")),
	); err != nil {
		t.Fatal(err)
	}
	for path, c := range map[string]struct {
		was  string
		code Code
	}{
		"/file": {"then", ErrChangedSince}, "/none": {"now", ErrChangedSince}, "/no/file": {"now", ErrChangedSince},
		"/link": {"now", ErrLinkInPath}, "/dir/file": {"now", ErrLinkInPath},
	} {
		if err := (Target{Root: root, Path: path, NoLinks: true}).Replace([]byte(c.was), []byte("new")); !errors.Is(err, c.code) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(root, "file")); err != nil || string(got) != "now" {
		t.Errorf("%q, %v", got, err)
	}
}
