package change

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func ownerOf(i fs.FileInfo) (uid, gid int) {
	st, ok := i.Sys().(*syscall.Stat_t)
	if !ok {
		return -1, -1
	}
	return int(st.Uid), int(st.Gid)
}

// kept reports whether undo restores an extended attribute: those that people and
// administrators set. The others (IMA, EVM, overlay) the kernel keeps itself.
func kept(name string) bool {
	return strings.HasPrefix(name, "user.") || strings.HasPrefix(name, "system.posix_acl_") ||
		name == "security.selinux" || name == "security.capability"
}

// attrs reads the attributes that undo restores; never nil without an error.
func (f fault) attrs(fd int, path string) (map[string][]byte, error) {
	attrs := map[string][]byte{}
	list, err := f.grow(faultListAttrs, path, func(b []byte) (int, error) { return unix.Flistxattr(fd, b) })
	if errors.Is(err, unix.ENOTSUP) {
		return attrs, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Split(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		if !kept(name) {
			continue
		}
		value, err := f.grow(faultGetAttr, path, func(b []byte) (int, error) { return unix.Fgetxattr(fd, name, b) })
		if err != nil {
			return nil, err
		}
		attrs[name] = value
	}
	return attrs, nil
}

// grow asks for a size and then for the value; the kernel bounds both by 64 KiB.
func (f fault) grow(point, path string, get func([]byte) (int, error)) (value []byte, err error) {
	err = f.call(point, path, func() error {
		n, err := get(nil)
		if err != nil || n == 0 {
			return err
		}
		value = make([]byte, n)
		n, err = get(value)
		value = value[:max(n, 0)]
		return err
	})
	return value, err
}

// setAttrs makes the attributes of a file those in want. With nil it keeps what it
// got from its directory, as a new file does.
func (f fault) setAttrs(fd int, path string, want map[string][]byte) error {
	if want == nil {
		return nil
	}
	have, err := f.attrs(fd, path)
	if err != nil {
		return err
	}
	for name := range have {
		if _, keep := want[name]; keep || name == "security.selinux" {
			continue
		}
		if err := f.call(faultRemoveAttr, path, func() error { return unix.Fremovexattr(fd, name) }); err != nil {
			return err
		}
	}
	for name, value := range want {
		if bytes.Equal(have[name], value) {
			continue
		}
		if err := f.call(faultSetAttr, path, func() error { return unix.Fsetxattr(fd, name, value, 0) }); err != nil {
			return err
		}
	}
	return nil
}
