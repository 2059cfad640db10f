package change

import (
	"errors"
	"path"
	"strings"

	"github.com/cyphar/filepath-securejoin/pathrs-lite"
	"golang.org/x/sys/unix"
)

// tree says how paths lead to directories: below root ("" for this machine), and
// whether links on the way are followed (inside root) or refused.
type tree struct {
	root    string
	noLinks bool
	guard   func(dir string) error
	fault   fault
}

// reach is open before the guard.
func (t tree) reach(dirPath string) (*dir, []string, error) {
	if t.noLinks {
		return t.walk(dirPath)
	}
	var missing []string
	for p := dirPath; ; p = path.Dir(p) {
		fd := -1
		err := t.fault.call(faultWalk, p, func() (err error) {
			fd, err = t.resolve(p)
			return err
		})
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
	fd := -1
	err := t.fault.call(faultWalk, "/", func() (err error) {
		fd, err = unix.Open(root, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
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
	fd := -1
	err := d.call(faultWalk, name, func() (err error) {
		fd, err = openBeneath(d.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC)
		return err
	})
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil, d.notDir(name)
	}
	if err != nil {
		return nil, err
	}
	return &dir{fd: fd, path: path.Join(d.path, name), fault: d.fault}, nil
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

// openat2 is replaced by a test that does without.
var openat2 = unix.Openat2

// openBeneath opens name in the directory fd. openat2 refuses every link and
// every way out; kernels before 5.6 and some sandboxes lack it, and there
// O_NOFOLLOW with a name of one component does the same.
func openBeneath(fd int, name string, flags int) (int, error) {
	if !oneName(name) {
		return -1, unix.EINVAL
	}
	n, err := openat2(fd, name, &unix.OpenHow{
		Flags:   uint64(flags | unix.O_NOFOLLOW),
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return unix.Openat(fd, name, flags|unix.O_NOFOLLOW, 0)
	}
	return n, err
}
