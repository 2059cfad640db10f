package world

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func (o owned) Stat(path string) (Info, error) { return o.Lstat(path) }

// TestBeside: a program that another user could have put beside this one is not run.
func TestBeside(t *testing.T) {
	const me, other = 1000, 1001
	dir := fs.ModeDir | 0o755
	for _, c := range []struct {
		about          string
		dir, self, lay Info
		uid            int
		want           bool
	}{
		{"installed", Info{Mode: dir}, Info{Mode: 0o755}, Info{Mode: 0o755}, me, true},
		{"installed, as root", Info{Mode: dir}, Info{Mode: 0o755}, Info{Mode: 0o755}, 0, true},
		{"my own", Info{Mode: dir, UID: me}, Info{Mode: 0o755, UID: me}, Info{Mode: 0o755, UID: me}, me, true},
		{"root's beside my own", Info{Mode: dir, UID: me}, Info{Mode: 0o755, UID: me}, Info{Mode: 0o755}, me, true},
		{"my own, as root", Info{Mode: dir, UID: me}, Info{Mode: 0o755, UID: me}, Info{Mode: 0o755, UID: me}, 0, false},
		{"planted in a sticky directory", Info{Mode: fs.ModeDir | fs.ModeSticky | 0o777}, Info{Mode: 0o755, UID: me}, Info{Mode: 0o755, UID: other}, me, false},
		{"the same as root", Info{Mode: fs.ModeDir | fs.ModeSticky | 0o777}, Info{Mode: 0o755}, Info{Mode: 0o755, UID: other}, 0, false},
		{"mine in a sticky directory", Info{Mode: fs.ModeDir | fs.ModeSticky | 0o777}, Info{Mode: 0o755, UID: me}, Info{Mode: 0o755, UID: me}, me, false},
		{"another's in root's directory", Info{Mode: dir}, Info{Mode: 0o755}, Info{Mode: 0o755, UID: other}, me, false},
		{"another's directory", Info{Mode: dir, UID: other}, Info{Mode: 0o755}, Info{Mode: 0o755}, me, false},
		{"writable by all", Info{Mode: dir}, Info{Mode: 0o755}, Info{Mode: 0o757}, me, false},
		{"writable by a group", Info{Mode: dir}, Info{Mode: 0o755}, Info{Mode: 0o775, GID: 50}, me, false},
		{"a directory of a group's", Info{Mode: fs.ModeDir | 0o775, GID: 50}, Info{Mode: 0o755}, Info{Mode: 0o755}, me, false},
		{"a link", Info{Mode: dir}, Info{Mode: 0o755}, Info{Mode: fs.ModeSymlink | 0o777}, me, false},
		{"a directory", Info{Mode: dir}, Info{Mode: 0o755}, Info{Mode: dir}, me, false},
	} {
		w := World{OS: "linux", User: User{UID: c.uid}, FS: owned{files: map[string]Info{
			"/": {Mode: dir}, "/x": c.dir, "/x/mooring": c.self, "/x/mooring-cli": c.lay,
		}}}
		if got, err := w.Beside("/x/mooring", "mooring-cli"); (err == nil) != c.want || c.want && got != "/x/mooring-cli" {
			t.Errorf("%s: %q, %v", c.about, got, err)
		}
	}
}

// TestBesidePlanted does it on a disk: /tmp itself, where tests run, is such a place.
func TestBesidePlanted(t *testing.T) {
	dir := t.TempDir()
	self := filepath.Join(dir, "mooring")
	for _, name := range []string{self, filepath.Join(dir, "planted")} {
		if err := os.WriteFile(name, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w := Here()
	if w.OS == "windows" {
		t.Skip("Windows has no owners of this kind")
	}
	w.User.UID = 1000 // root's rule is OnlyRoot's
	if _, err := w.Beside(self, "planted"); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(dir, 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Beside(self, "planted"); err == nil {
		t.Errorf("%s from a directory that is anybody's", got)
	}
	if _, err := w.Beside(self, "none"); err == nil {
		t.Error("a program that is not there")
	}
}
