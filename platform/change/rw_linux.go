package change

import (
	"errors"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// read reads a file in d; nil if there is none. Links are not followed, devices
// and pipes not opened for long.
func (d *dir) read(name string) (*file, error) {
	f, i, err := d.open(name)
	if f == nil {
		return nil, err
	}
	defer f.Close()
	return d.contents(f, i, f.Name())
}

// open opens a regular file in d for reading; nil if there is none.
func (d *dir) open(name string) (f *os.File, i fs.FileInfo, err error) {
	const flags = unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	p := path.Join(d.path, name)
	err = d.call(faultRead, name, func() error {
		fd, err := openBeneath(d.fd, name, flags)
		if err == nil {
			f = os.NewFile(uintptr(fd), p)
		}
		return err
	})
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, nil, nil
	case errors.Is(err, unix.ENXIO): // a socket, or a pipe without a reader
		return nil, nil, Refuse(ErrNotRegular, p, "")
	case err != nil:
		return nil, nil, err
	}
	err = d.call(faultStat, name, func() (err error) {
		i, err = f.Stat()
		return err
	})
	if err == nil && !i.Mode().IsRegular() {
		err = Refuse(ErrNotRegular, p, "")
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, i, nil
}

func (d *dir) contents(f *os.File, i fs.FileInfo, p string) (*file, error) {
	var content []byte
	err := d.fault.call(faultContent, p, func() (err error) {
		content, err = readBounded(f)
		return err
	})
	if err != nil {
		return nil, failed(p, err)
	}
	attrs, err := d.fault.attrs(int(f.Fd()), p)
	if err != nil {
		return nil, failed(p, err)
	}
	uid, gid := ownerOf(i)
	return &file{Content: content, Mode: i.Mode() & modeBits, UID: uid, GID: gid, Attrs: attrs}, nil
}

// create writes f under a new name and brings it to the disk.
func (d *dir) create(name string, f *file) error {
	const flags = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC
	fd := -1
	err := d.call(faultCreate, name, func() (err error) {
		fd, err = unix.Openat(d.fd, name, flags, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	w := os.NewFile(uintptr(fd), name)
	defer w.Close()
	err = d.fill(w, name, f)
	if err == nil {
		// An interrupted close has closed; what was written is on the disk already.
		err = d.call(faultClose, name, func() error { return unless(w.Close(), unix.EINTR) })
	}
	if err != nil {
		_ = d.remove(name) // else the roll-back, or the next start
	}
	return err
}

func (d *dir) fill(w *os.File, name string, f *file) error {
	half := len(f.Content) / 2
	for _, step := range []struct {
		point string
		do    func() error
	}{
		{faultWrite, func() error { return write(w, f.Content[:half]) }},
		{faultHalf, func() error { return write(w, f.Content[half:]) }},
	} {
		if err := d.call(step.point, name, step.do); err != nil {
			return err
		}
	}
	if err := d.own(w, name, f); err != nil {
		return err
	}
	return d.call(faultSync, name, w.Sync)
}

func write(w *os.File, b []byte) error {
	_, err := w.Write(b)
	return err
}

// own gives w the owner, mode and attributes of f: in this order, for a change of
// owner clears setuid bits, and an ACL counts after the mode.
func (d *dir) own(w *os.File, name string, f *file) error {
	i, err := w.Stat()
	if err != nil {
		return failed(path.Join(d.path, name), err)
	}
	if uid, gid := ownerOf(i); uid != f.UID || gid != f.GID {
		if err := d.call(faultOwner, name, func() error { return w.Chown(f.UID, f.GID) }); err != nil {
			return err
		}
	}
	if err := d.call(faultMode, name, func() error { return w.Chmod(f.Mode) }); err != nil {
		return err
	}
	p := path.Join(d.path, name)
	return failed(p, d.fault.setAttrs(int(w.Fd()), p, f.Attrs))
}
