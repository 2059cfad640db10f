package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func tree(t *testing.T) (root string, put func(name, content string)) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "root")
	return root, func(name, content string) {
		t.Helper()
		p := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTreeIsReadInsideItself(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights on Windows")
	}
	root, put := tree(t)
	put("etc/real", "inside")
	for link, to := range map[string]string{"etc/abs": "/etc/real", "etc/up": "../../../../etc/real", "etc/none": "/gone", "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	d := Disk{Root: root}
	for _, path := range []string{"/etc/real", "/etc/abs", "/etc/up", `C:\etc\real`} {
		if b, err := d.ReadFile(path); err != nil || string(b) != "inside" {
			t.Errorf("%s: %q, %v", path, b, err)
		}
		if i, err := d.Stat(path); err != nil || !i.Mode.IsRegular() || i.Size != 6 {
			t.Errorf("%s: %+v, %v", path, i, err)
		}
	}
	if i, err := d.Lstat("/etc/abs"); err != nil || i.Mode&fs.ModeSymlink == 0 {
		t.Errorf("Lstat of a link: %v, %v", i.Mode, err)
	}
	if to, err := d.Readlink("/etc/abs"); err != nil || to != "/etc/real" {
		t.Errorf("Readlink: %q, %v", to, err)
	}
	if i, err := d.Lstat("/"); err != nil || !i.Mode.IsDir() {
		t.Errorf("Lstat of the root: %v, %v", i.Mode, err)
	}
	if l, err := d.ReadDir("/etc"); err != nil || len(l) != 4 || l[0].Name() != "abs" {
		t.Errorf("ReadDir: %v, %v", l, err)
	}
	for _, path := range []string{"/etc/none", "/gone", "/gone/too"} {
		_, err := d.ReadFile(path)
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), root) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := d.Stat("/loop"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link to itself: %v", err)
	}
	if _, err := d.ReadFile("/etc"); err == nil {
		t.Error("a directory was read")
	}
}

// TestTreeDoesNotMoveUnderTheReader: whoever owns the tree swaps a directory for a
// link to one outside while it is read.
func TestTreeDoesNotMoveUnderTheReader(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can open a path inside a root")
	}
	root, put := tree(t)
	put("a/b/secret", "inside")
	outside := filepath.Join(filepath.Dir(root), "b")
	if err := errors.Join(os.Mkdir(outside, 0o755), os.WriteFile(filepath.Join(outside, "secret"), []byte("outside"), 0o600)); err != nil {
		t.Fatal(err)
	}
	at, away := filepath.Join(root, "a"), filepath.Join(root, "away")
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			// "/a" is a directory, nothing, and a link out of the tree, in turn.
			_ = os.Rename(at, away)
			_ = os.Symlink("..", at)
			_ = os.Remove(at)
			_ = os.Rename(away, at)
		}
	})
	d := Disk{Root: root}
	for range 3000 {
		if b, _ := d.ReadFile("/a/b/secret"); string(b) == "outside" {
			t.Error("read outside the tree")
			break
		}
	}
	close(done)
	wg.Wait()
}
