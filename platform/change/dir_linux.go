package change

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// dir is an open directory. Everything is done relative to its descriptor and to
// names of one component, so that nobody can move what we checked away from
// under us. The system calls are Linux's; dir_other.go is for the rest.
type dir struct {
	fd    int
	path  string // as the target machine writes it, for messages
	fault fault
}

// mkdir makes a directory in d and opens it. made is false if it was there.
func (d *dir) mkdir(name string, mode fs.FileMode) (child *dir, made bool, err error) {
	p := path.Join(d.path, name)
	if err = d.fault.at(faultMkdir); err == nil {
		err = unix.Mkdirat(d.fd, name, uint32(mode.Perm()))
	}
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, false, failed(p, err)
	}
	made = err == nil
	if child, err = d.child(name); err != nil {
		return nil, false, err
	}
	if made {
		// Whatever the umask is.
		err = errors.Join(unix.Fchmod(child.fd, uint32(mode.Perm())), d.sync())
	}
	return child, made, failed(p, err)
}

// read reads a file in d; nil if there is none. Links are not followed, devices
// and pipes not opened for long.
func (d *dir) read(name string) (*file, error) {
	f, i, err := d.open(name)
	if f == nil {
		return nil, err
	}
	defer f.Close()
	return readFile(f, i, f.Name())
}

// open opens a regular file in d for reading; nil if there is none.
func (d *dir) open(name string) (*os.File, fs.FileInfo, error) {
	p := path.Join(d.path, name)
	if err := d.fault.at(faultRead); err != nil {
		return nil, nil, failed(p, err)
	}
	fd, err := openBeneath(d.fd, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, nil, nil
	case errors.Is(err, unix.ENXIO): // a socket, or a pipe without a reader
		return nil, nil, Refuse(ErrNotRegular, p, "")
	case err != nil:
		return nil, nil, failed(p, err)
	}
	f := os.NewFile(uintptr(fd), p)
	i, err := f.Stat()
	if err == nil && !i.Mode().IsRegular() {
		err = Refuse(ErrNotRegular, p, "")
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, failed(p, err)
	}
	return f, i, nil
}

func readFile(f *os.File, i fs.FileInfo, p string) (*file, error) {
	content, err := readBounded(f)
	if err != nil {
		return nil, failed(p, err)
	}
	attrs, err := attrsOf(int(f.Fd()))
	if err != nil {
		return nil, failed(p, err)
	}
	uid, gid := ownerOf(i)
	return &file{Content: content, Mode: i.Mode() & modeBits, UID: uid, GID: gid, Attrs: attrs}, nil
}

// create writes f under a new name and brings it to the disk.
func (d *dir) create(name string, f *file) error {
	p := path.Join(d.path, name)
	if err := d.fault.at(faultCreate); err != nil {
		return failed(p, err)
	}
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd, err := unix.Openat(d.fd, name, flags, 0o600)
	if err != nil {
		return failed(p, err)
	}
	w := os.NewFile(uintptr(fd), p)
	err = d.fill(w, f)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = unix.Unlinkat(d.fd, name, 0)
	}
	return failed(p, err)
}

func (d *dir) fill(w *os.File, f *file) error {
	half := len(f.Content) / 2
	if _, err := w.Write(f.Content[:half]); err != nil {
		return err
	}
	if err := d.fault.at(faultHalf); err != nil {
		return err
	}
	if _, err := w.Write(f.Content[half:]); err != nil {
		return err
	}
	if err := d.fault.at(faultOwner); err != nil {
		return err
	}
	if err := own(w, f); err != nil {
		return err
	}
	if err := d.fault.at(faultSync); err != nil {
		return err
	}
	return w.Sync()
}

// own gives w the owner, mode and attributes of f: in this order, for a change of
// owner clears setuid bits, and an ACL counts after the mode.
func own(w *os.File, f *file) error {
	i, err := w.Stat()
	if err != nil {
		return err
	}
	uid, gid := ownerOf(i)
	if uid != f.UID || gid != f.GID {
		if err := w.Chown(f.UID, f.GID); err != nil {
			return err
		}
	}
	if err := w.Chmod(f.Mode); err != nil {
		return err
	}
	return setAttrs(int(w.Fd()), f.Attrs)
}

// place gives the file at temp its name, where nothing may be yet.
func (d *dir) place(temp, name string) error {
	if err := d.fault.at(faultPlace); err != nil {
		return failed(path.Join(d.path, name), err)
	}
	err := unix.Renameat2(d.fd, temp, d.fd, name, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		// File systems without the flag (NFS, some FUSE ones) still link safely.
		if err = unix.Linkat(d.fd, temp, d.fd, name, 0); err == nil {
			err = unix.Unlinkat(d.fd, temp, 0)
		}
	}
	if errors.Is(err, unix.EEXIST) {
		return Refuse(ErrChangedSince, path.Join(d.path, name), "something appeared there meanwhile")
	}
	return failed(path.Join(d.path, name), err)
}

// swap lets temp and name change places. exchanged is false on file systems that
// cannot: there temp has replaced what was at name.
func (d *dir) swap(temp, name string) (exchanged bool, err error) {
	if err := d.fault.at(faultSwap); err != nil {
		return false, failed(path.Join(d.path, name), err)
	}
	err = unix.Renameat2(d.fd, temp, d.fd, name, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return false, failed(path.Join(d.path, name), unix.Renameat(d.fd, temp, d.fd, name))
	}
	return err == nil, failed(path.Join(d.path, name), err)
}

// rename moves temp over name, whatever is there. Only the journal does that.
func (d *dir) rename(temp, name string) error {
	if err := d.fault.at(faultRename); err != nil {
		return failed(path.Join(d.path, name), err)
	}
	return failed(path.Join(d.path, name), unix.Renameat(d.fd, temp, d.fd, name))
}

// remove removes a file that may be gone already.
func (d *dir) remove(name string) error {
	err := d.fault.at(faultRemove)
	if err == nil {
		err = unix.Unlinkat(d.fd, name, 0)
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return failed(path.Join(d.path, name), err)
}

// rmdir removes a directory if it is empty; others' files keep it.
func (d *dir) rmdir(name string) error {
	err := d.fault.at(faultRmdir)
	if err == nil {
		err = unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR)
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTEMPTY) || errors.Is(err, unix.EEXIST) {
		return nil
	}
	return failed(path.Join(d.path, name), err)
}

// sync brings names made and removed in d to the disk.
func (d *dir) sync() error {
	err := d.fault.at(faultSyncDir)
	if err == nil {
		err = unix.Fsync(d.fd)
	}
	if errors.Is(err, unix.EINVAL) { // file systems that cannot
		return nil
	}
	return failed(d.path, err)
}

// access says who owns d and who may do what with it.
func (d *dir) access() (uid int, perm fs.FileMode, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return 0, 0, failed(d.path, err)
	}
	return int(st.Uid), fs.FileMode(st.Mode) & fs.ModePerm, nil
}

// openLock opens a file in d that is only there to be locked.
func (d *dir) openLock(name string) (*os.File, error) {
	fd, err := unix.Openat(d.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, failed(path.Join(d.path, name), err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// names lists what is in d.
func (d *dir) names() ([]string, error) {
	fd, err := unix.Openat(d.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, failed(d.path, err)
	}
	f := os.NewFile(uintptr(fd), d.path)
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return names, failed(d.path, err)
}

// sameAs reports whether d and e are one directory.
func (d *dir) sameAs(e *dir) bool {
	var a, b unix.Stat_t
	if unix.Fstat(d.fd, &a) != nil || unix.Fstat(e.fd, &b) != nil {
		return false
	}
	return a.Dev == b.Dev && a.Ino == b.Ino
}

func (d *dir) close() { _ = unix.Close(d.fd) }
