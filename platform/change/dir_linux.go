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

// call makes a system call about name in d ("." for d itself).
func (d *dir) call(point, name string, do func() error) error {
	p := path.Join(d.path, name)
	return failed(p, d.fault.call(point, p, do))
}

// mkdir makes a directory in d and opens it. made is false if it was there.
func (d *dir) mkdir(name string, mode fs.FileMode) (child *dir, made bool, err error) {
	err = d.call(faultMkdir, name, func() error { return unix.Mkdirat(d.fd, name, uint32(mode.Perm())) })
	if err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, false, err
	}
	made = err == nil
	if child, err = d.child(name); err != nil {
		return nil, made, err
	}
	if made {
		// Whatever the umask is.
		err = d.call(faultMkdirMode, name, func() error { return unix.Fchmod(child.fd, uint32(mode.Perm())) })
		err = errors.Join(err, d.sync())
	}
	if err != nil {
		child.close()
		return nil, made, err
	}
	return child, made, nil
}

// place gives the file at temp its name, where nothing may be yet.
func (d *dir) place(temp, name string) error {
	err := d.call(faultPlace, name, func() error { return renameat2(d.fd, temp, d.fd, name, unix.RENAME_NOREPLACE) })
	if cannot(err) {
		// File systems without the flag (NFS, some FUSE ones) still link safely.
		err = d.call(faultLink, name, func() error { return unix.Linkat(d.fd, temp, d.fd, name, 0) })
		if err == nil {
			err = d.call(faultUnlink, temp, func() error { return unix.Unlinkat(d.fd, temp, 0) })
		}
	}
	if errors.Is(err, unix.EEXIST) {
		return Refuse(ErrChangedSince, path.Join(d.path, name), "something appeared there meanwhile")
	}
	return err
}

// swap lets temp and name change places. exchanged is false on file systems that
// cannot: there temp has replaced what was at name.
func (d *dir) swap(temp, name string) (exchanged bool, err error) {
	err = d.call(faultSwap, name, func() error { return renameat2(d.fd, temp, d.fd, name, unix.RENAME_EXCHANGE) })
	if cannot(err) {
		return false, d.call(faultOver, name, func() error { return unix.Renameat(d.fd, temp, d.fd, name) })
	}
	return err == nil, err
}

// renameat2 is replaced by a test that does without.
var renameat2 = unix.Renameat2

// cannot reports whether a file system lacks a flag of renameat2.
func cannot(err error) bool { return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) }

// rename moves temp over name, whatever is there. Only the journal does that.
func (d *dir) rename(temp, name string) error {
	return d.call(faultRename, name, func() error { return unix.Renameat(d.fd, temp, d.fd, name) })
}

// remove removes a file that may be gone already.
func (d *dir) remove(name string) error {
	return unless(d.call(faultRemove, name, func() error { return unix.Unlinkat(d.fd, name, 0) }), unix.ENOENT)
}

// rmdir removes a directory if it is empty; others' files keep it.
func (d *dir) rmdir(name string) error {
	err := d.call(faultRmdir, name, func() error { return unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR) })
	return unless(err, unix.ENOENT, unix.ENOTEMPTY, unix.EEXIST)
}

// sync brings names made and removed in d to the disk, where the file system can.
func (d *dir) sync() error {
	return unless(d.call(faultSyncDir, ".", func() error { return unix.Fsync(d.fd) }), unix.EINVAL)
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

// access says who owns d and who may do what with it.
func (d *dir) access() (uid int, perm fs.FileMode, err error) {
	st, err := d.stat()
	return int(st.Uid), fs.FileMode(st.Mode) & fs.ModePerm, err
}

func (d *dir) stat() (st unix.Stat_t, err error) {
	err = d.call(faultStat, ".", func() error { return unix.Fstat(d.fd, &st) })
	return st, err
}

// openLock opens a file in d that is only there to be locked.
func (d *dir) openLock(name string) (f *os.File, err error) {
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_CLOEXEC
	err = d.call(faultLockOpen, name, func() error {
		fd, err := unix.Openat(d.fd, name, flags, 0o600)
		if err == nil {
			f = os.NewFile(uintptr(fd), name)
		}
		return err
	})
	return f, err
}

// names lists what is in d.
func (d *dir) names() (names []string, err error) {
	err = d.call(faultList, ".", func() error {
		fd, err := unix.Openat(d.fd, ".", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		f := os.NewFile(uintptr(fd), d.path)
		defer f.Close()
		names, err = f.Readdirnames(-1)
		return err
	})
	return names, err
}

// sameAs reports whether d and e are one directory.
func (d *dir) sameAs(e *dir) (bool, error) {
	a, err := d.stat()
	if err != nil {
		return false, err
	}
	b, err := e.stat()
	return a.Dev == b.Dev && a.Ino == b.Ino, err
}

func (d *dir) close() { _ = unix.Close(d.fd) }
