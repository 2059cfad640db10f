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
// where its guard sees that nobody else can change what is on the way.
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
		i, err := os.Stat(at)
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

func (d *dir) mkdir(name string, mode fs.FileMode) (*dir, bool, error) {
	p := filepath.Join(d.path, name)
	err := d.fault.at(faultMkdir)
	if err == nil {
		err = makeDir(d.in(name), mode, d.guarded)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, failed(p, err)
	}
	return &dir{path: p, at: d.in(name), guarded: d.guarded, fault: d.fault}, err == nil, nil
}

func (d *dir) read(name string) (*file, error) {
	f, i, err := d.open(name)
	if f == nil {
		return nil, err
	}
	defer f.Close()
	return readFile(f, i, filepath.Join(d.path, name))
}

// open opens a regular file in d for reading; nil if there is none.
func (d *dir) open(name string) (*os.File, fs.FileInfo, error) {
	p := filepath.Join(d.path, name)
	if err := d.fault.at(faultRead); err != nil {
		return nil, nil, failed(p, err)
	}
	i, err := os.Lstat(d.in(name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case err != nil:
		return nil, nil, failed(p, err)
	case i.Mode()&fs.ModeSymlink != 0:
		return nil, nil, Refuse(ErrLinkInPath, p, "")
	case !i.Mode().IsRegular():
		return nil, nil, Refuse(ErrNotRegular, p, "")
	}
	f, err := os.Open(d.in(name))
	if err != nil {
		return nil, nil, failed(p, err)
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

func readFile(f *os.File, i fs.FileInfo, p string) (*file, error) {
	content, err := readBounded(f)
	if err != nil {
		return nil, failed(p, err)
	}
	return &file{Content: content, Mode: i.Mode() & modeBits, UID: -1, GID: -1}, nil
}

func (d *dir) create(name string, f *file) error {
	if err := d.fault.at(faultCreate); err != nil {
		return failed(d.in(name), err)
	}
	w, err := os.OpenFile(d.in(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return failed(filepath.Join(d.path, name), err)
	}
	_, err = w.Write(f.Content)
	for _, step := range []func() error{func() error { return w.Chmod(f.Mode) }, w.Sync} {
		if err == nil {
			err = step()
		}
	}
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = os.Remove(d.in(name))
	}
	return failed(filepath.Join(d.path, name), err)
}

func (d *dir) place(temp, name string) error {
	p := filepath.Join(d.path, name)
	if err := d.fault.at(faultPlace); err != nil {
		return failed(p, err)
	}
	err := os.Link(d.in(temp), d.in(name))
	if errors.Is(err, fs.ErrExist) {
		return Refuse(ErrChangedSince, p, "something appeared there meanwhile")
	}
	if err == nil {
		err = os.Remove(d.in(temp))
	}
	return failed(p, err)
}

func (d *dir) swap(temp, name string) (bool, error) {
	if err := d.fault.at(faultSwap); err != nil {
		return false, failed(name, err)
	}
	return false, failed(filepath.Join(d.path, name), os.Rename(d.in(temp), d.in(name)))
}

func (d *dir) rename(temp, name string) error {
	if err := d.fault.at(faultRename); err != nil {
		return failed(name, err)
	}
	return failed(filepath.Join(d.path, name), os.Rename(d.in(temp), d.in(name)))
}

func (d *dir) remove(name string) error {
	err := d.fault.at(faultRemove)
	if err == nil {
		err = os.Remove(d.in(name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return failed(filepath.Join(d.path, name), err)
}

func (d *dir) rmdir(name string) error {
	if err := d.fault.at(faultRmdir); err != nil {
		return failed(name, err)
	}
	entries, err := os.ReadDir(d.in(name))
	if errors.Is(err, fs.ErrNotExist) || len(entries) > 0 {
		return nil
	}
	return failed(filepath.Join(d.path, name), os.Remove(d.in(name)))
}

// sync brings names to the disk where directories can be opened; Windows writes
// them with the file.
func (d *dir) sync() error {
	if err := d.fault.at(faultSyncDir); err != nil {
		return failed(d.path, err)
	}
	if f, err := os.Open(d.at); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
	return nil
}

func (d *dir) access() (uid int, perm fs.FileMode, err error) {
	i, err := os.Stat(d.at)
	if err != nil {
		return 0, 0, failed(d.path, err)
	}
	return -1, i.Mode().Perm(), nil
}

func (d *dir) openLock(name string) (*os.File, error) {
	f, err := os.OpenFile(d.in(name), os.O_CREATE|os.O_RDWR, 0o600)
	return f, failed(filepath.Join(d.path, name), err)
}

func (d *dir) names() ([]string, error) {
	entries, err := os.ReadDir(d.at)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out, failed(d.path, err)
}

func (d *dir) sameAs(e *dir) bool { return strings.EqualFold(d.at, e.at) }
func (d *dir) close()             {}

func ownerOf(fs.FileInfo) (uid, gid int) { return -1, -1 }
