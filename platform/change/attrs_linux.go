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

// attrsOf reads the attributes that undo restores; never nil without an error.
func attrsOf(fd int) (map[string][]byte, error) {
	attrs := map[string][]byte{}
	list, err := grow(func(b []byte) (int, error) { return unix.Flistxattr(fd, b) })
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
		value, err := grow(func(b []byte) (int, error) { return unix.Fgetxattr(fd, name, b) })
		if err != nil {
			return nil, err
		}
		attrs[name] = value
	}
	return attrs, nil
}

// grow asks for a size and then for the value; the kernel bounds both by 64 KiB.
func grow(get func([]byte) (int, error)) ([]byte, error) {
	n, err := get(nil)
	if err != nil || n == 0 {
		return nil, err
	}
	b := make([]byte, n)
	if n, err = get(b); err != nil {
		return nil, err
	}
	return b[:n], nil
}

// setAttrs makes the attributes of a file those in want. With nil it keeps what it
// got from its directory, as a new file does.
func setAttrs(fd int, want map[string][]byte) error {
	if want == nil {
		return nil
	}
	have, err := attrsOf(fd)
	if err != nil {
		return err
	}
	for name := range have {
		if _, keep := want[name]; !keep && name != "security.selinux" {
			if err := unix.Fremovexattr(fd, name); err != nil {
				return err
			}
		}
	}
	for name, value := range want {
		if bytes.Equal(have[name], value) {
			continue
		}
		if err := unix.Fsetxattr(fd, name, value, 0); err != nil {
			return err
		}
	}
	return nil
}
