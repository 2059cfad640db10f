//go:build !linux

package change

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// dir is a directory by its path: what the person's own half needs where Linux's
// system calls are missing. Root's half goes through it on Windows and macOS as well,
// where its guard sees that nobody else can change what is on the way. How a file takes
// its name is the system's own business (names_darwin.go, names_windows.go,
// names_other.go).
type dir struct {
	path string // as the target machine writes it
	at   string // on this machine
	// guarded: what is made in it belongs to root's half, and nobody else shall change it.
	guarded bool
	fault   fault
}

// tree says how paths lead to directories; see the Linux one.
type tree struct {
	root    string
	noLinks bool
	guard   func(dir string) error
	fault   fault
}

// reach is open before the guard.
func (t tree) reach(dirPath string) (*dir, []string, error) {
	var missing []string
	for p := dirPath; ; p = filepath.Dir(p) {
		at := filepath.Join(t.root, p)
		var i fs.FileInfo
		err := t.fault.call(faultWalk, p, func() (err error) {
			i, err = os.Stat(at)
			return err
		})
		switch {
		case err == nil && !i.IsDir():
			return nil, nil, Refuse(ErrNotRegular, p, "not a directory")
		case err == nil:
			return &dir{path: p, at: at, guarded: t.guard != nil, fault: t.fault}, missing, t.links(p)
		case !errors.Is(err, fs.ErrNotExist) || p == filepath.Dir(p):
			return nil, nil, failed(p, err)
		}
		missing = append([]string{filepath.Base(p)}, missing...)
	}
}

// links refuses a path below a root, or one that asks for it, with a link in it.
func (t tree) links(p string) error {
	if !t.noLinks && t.root == "" {
		return nil
	}
	for ; p != filepath.Dir(p); p = filepath.Dir(p) {
		if i, err := os.Lstat(filepath.Join(t.root, p)); err == nil && i.Mode()&fs.ModeSymlink != 0 {
			return Refuse(ErrLinkInPath, p, "")
		}
	}
	return nil
}

func (d *dir) in(name string) string { return filepath.Join(d.at, name) }

// call makes a call of the system about name in d ("." for d itself).
func (d *dir) call(point, name string, do func() error) error {
	p := filepath.Join(d.path, name)
	return failed(p, d.fault.call(point, p, do))
}

func (d *dir) mkdir(name string, mode fs.FileMode) (*dir, bool, error) {
	err := d.call(faultMkdir, name, func() error { return makeDir(d.in(name), mode, d.guarded) })
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, err
	}
	child := &dir{path: filepath.Join(d.path, name), at: d.in(name), guarded: d.guarded, fault: d.fault}
	if err != nil {
		return child, false, nil
	}
	if hasModes {
		err = d.call(faultMkdirMode, name, func() error { return os.Chmod(d.in(name), mode) }) // whatever the umask is
	}
	return child, true, errors.Join(err, d.sync())
}

func (d *dir) read(name string) (*file, error) {
	f, i, err := d.open(name)
	if f == nil {
		return nil, err
	}
	defer f.Close()
	return d.contents(f, i, filepath.Join(d.path, name))
}

// open opens a regular file in d for reading; nil if there is none.
func (d *dir) open(name string) (f *os.File, i fs.FileInfo, err error) {
	p := filepath.Join(d.path, name)
	err = d.call(faultStat, name, func() (err error) {
		i, err = os.Lstat(d.in(name))
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, err
	case i.Mode()&fs.ModeSymlink != 0:
		return nil, nil, Refuse(ErrLinkInPath, p, "")
	case !i.Mode().IsRegular():
		return nil, nil, Refuse(ErrNotRegular, p, "")
	}
	err = d.call(faultRead, name, func() (err error) {
		f, err = os.Open(d.in(name))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(i, opened) {
		err = Refuse(ErrChangedSince, p, "")
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, failed(p, err)
	}
	return f, opened, nil
}

func (d *dir) contents(f *os.File, i fs.FileInfo, p string) (*file, error) {
	out := &file{Mode: i.Mode() & modeBits, UID: -1, GID: -1}
	err := d.fault.call(faultContent, p, func() (err error) {
		out.Content, err = readBounded(f)
		return err
	})
	if err != nil {
		return nil, failed(p, err)
	}
	return out, nil
}

func (d *dir) create(name string, f *file) error {
	var w *os.File
	err := d.call(faultCreate, name, func() (err error) {
		w, err = os.OpenFile(d.in(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	defer w.Close()
	half := len(f.Content) / 2
	for _, step := range []struct {
		point string
		do    func() error
	}{
		{faultWrite, func() error { return write(w, f.Content[:half]) }},
		{faultHalf, func() error { return write(w, f.Content[half:]) }},
		{faultMode, func() error { return w.Chmod(f.Mode) }},
		{faultSync, w.Sync}, // F_FULLFSYNC on macOS, FlushFileBuffers on Windows
		{faultClose, w.Close},
	} {
		if err = d.call(step.point, name, step.do); err != nil {
			break
		}
	}
	if err != nil {
		_ = w.Close() // Windows removes no open file
		_ = d.remove(name)
	}
	return err
}

func write(w *os.File, b []byte) error {
	_, err := w.Write(b)
	return err
}

// place gives the file at temp its name, where nothing may be yet.
func (d *dir) place(temp, name string) error {
	err := d.call(faultPlace, name, func() error { return placeFile(d.in(temp), d.in(name)) })
	if errors.Is(err, fs.ErrExist) {
		return Refuse(ErrChangedSince, filepath.Join(d.path, name), "something appeared there meanwhile")
	}
	return err
}

// swap lets temp and name change places. exchanged is false where the system
// cannot: there temp has replaced what was at name.
func (d *dir) swap(temp, name string) (exchanged bool, err error) {
	err = d.call(faultSwap, name, func() (err error) {
		exchanged, err = swapFiles(d.in(temp), d.in(name))
		return err
	})
	return exchanged, err
}

func (d *dir) rename(temp, name string) error {
	return d.call(faultRename, name, func() error { return moveOver(d.in(temp), d.in(name)) })
}

func (d *dir) remove(name string) error {
	return unless(d.call(faultRemove, name, func() error { return os.Remove(d.in(name)) }), fs.ErrNotExist)
}

func (d *dir) rmdir(name string) error {
	entries, err := os.ReadDir(d.in(name))
	if errors.Is(err, fs.ErrNotExist) || len(entries) > 0 {
		return nil
	}
	return unless(d.call(faultRmdir, name, func() error { return os.Remove(d.in(name)) }), fs.ErrNotExist)
}

// sync brings names made and removed in d to the disk.
func (d *dir) sync() error {
	return d.call(faultSyncDir, ".", func() error { return syncDir(d.at) })
}

// unless is err, and nil for those that are none here.
func unless(err error, none ...error) error {
	for _, n := range none {
		if errors.Is(err, n) {
			return nil
		}
	}
	return err
}

func (d *dir) access() (uid int, perm fs.FileMode, err error) {
	err = d.call(faultStat, ".", func() error {
		i, err := os.Stat(d.at)
		if err == nil {
			perm = i.Mode().Perm()
		}
		return err
	})
	return -1, perm, err
}

func (d *dir) openLock(name string) (f *os.File, err error) {
	err = d.call(faultLockOpen, name, func() (err error) {
		f, err = os.OpenFile(d.in(name), os.O_CREATE|os.O_RDWR, 0o600)
		return err
	})
	return f, err
}

func (d *dir) names() (out []string, err error) {
	err = d.call(faultList, ".", func() error {
		entries, err := os.ReadDir(d.at)
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return err
	})
	return out, err
}

func (d *dir) sameAs(e *dir) (bool, error) { return strings.EqualFold(d.at, e.at), nil }
func (d *dir) close()                      {}

func ownerOf(fs.FileInfo) (uid, gid int) { return -1, -1 }
