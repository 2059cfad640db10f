package change

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/cyphar/filepath-securejoin/pathrs-lite"
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

// tree says how paths lead to directories: below root ("" for this machine), and
// whether links on the way are followed (inside root) or refused.
type tree struct {
	root    string
	noLinks bool
	fault   fault
}

// open opens the deepest existing directory on the way to dirPath, and returns
// the names that are missing below it.
func (t tree) open(dirPath string) (*dir, []string, error) {
	if t.noLinks {
		return t.walk(dirPath)
	}
	var missing []string
	for p := dirPath; ; p = path.Dir(p) {
		fd, err := t.resolve(p)
		if err == nil {
			return &dir{fd: fd, path: p, fault: t.fault}, missing, nil
		}
		if !errors.Is(err, unix.ENOENT) || p == "/" {
			return nil, nil, failed(p, err)
		}
		missing = append([]string{path.Base(p)}, missing...)
	}
}

// resolve opens a directory, following links: inside the root if there is one.
func (t tree) resolve(p string) (int, error) {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	if t.root == "" {
		return unix.Open(p, flags, 0)
	}
	h, err := pathrs.OpenInRoot(t.root, p)
	if err != nil {
		return -1, err
	}
	defer h.Close()
	// The handle is an O_PATH one; "." below it is the same directory.
	return unix.Openat(int(h.Fd()), ".", flags, 0)
}

// walk opens one component after the other and follows no link at all.
func (t tree) walk(dirPath string) (*dir, []string, error) {
	root := t.root
	if root == "" {
		root = "/"
	}
	fd, err := unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, failed(root, err)
	}
	d := &dir{fd: fd, path: "/", fault: t.fault}
	names := strings.FieldsFunc(dirPath, func(r rune) bool { return r == '/' })
	for i, name := range names {
		next, err := d.child(name)
		if errors.Is(err, unix.ENOENT) {
			return d, names[i:], nil
		}
		d.close()
		if err != nil {
			return nil, nil, err
		}
		d = next
	}
	return d, nil, nil
}

// child opens a directory in d and follows no link.
func (d *dir) child(name string) (*dir, error) {
	p := path.Join(d.path, name)
	fd, err := openBeneath(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, d.notDir(name)
	}
	if err != nil {
		return nil, failed(p, err)
	}
	return &dir{fd: fd, path: p, fault: d.fault}, nil
}

// notDir says why name in d is no directory: a link, or another kind of file.
func (d *dir) notDir(name string) error {
	var st unix.Stat_t
	err := unix.Fstatat(d.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW)
	if err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return Refuse(ErrLinkInPath, path.Join(d.path, name), "")
	}
	return Refuse(ErrNotRegular, path.Join(d.path, name), "not a directory")
}

// openBeneath opens name in the directory fd. openat2 refuses every link and
// every way out; kernels before 5.6 and some sandboxes lack it, and there
// O_NOFOLLOW with a name of one component does the same.
func openBeneath(fd int, name string, flags int) (int, error) {
	if !oneName(name) {
		return -1, unix.EINVAL
	}
	n, err := unix.Openat2(fd, name, &unix.OpenHow{
		Flags:   uint64(flags | unix.O_NOFOLLOW),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return unix.Openat(fd, name, flags|unix.O_NOFOLLOW, 0)
	}
	return n, err
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
	p := path.Join(d.path, name)
	if err := d.fault.at(faultRead); err != nil {
		return nil, failed(p, err)
	}
	fd, err := openBeneath(d.fd, name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, nil
	case errors.Is(err, unix.ENXIO): // a socket, or a pipe without a reader
		return nil, Refuse(ErrNotRegular, p, "")
	case err != nil:
		return nil, failed(p, err)
	}
	f := os.NewFile(uintptr(fd), p)
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return nil, failed(p, err)
	}
	if !i.Mode().IsRegular() {
		return nil, Refuse(ErrNotRegular, p, "")
	}
	return readFile(f, i, p)
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
