package world

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is as many links as Linux follows on one path (path_resolution(7)).
const maxLinks = 40

// OnlyRoot says why somebody else than root could decide what path leads to:
// because a file, directory or link on the way, or at its end, belongs to another
// user or lets others write. It is nil if nobody could; what is not there can then
// be made by root alone. path is one of a Unix, without "..".
func OnlyRoot(files FS, path string) error {
	if !strings.HasPrefix(path, "/") || hasDots(path) {
		return notRoots(path, "not an absolute path without dots")
	}
	top, err := files.Lstat("/")
	if err != nil {
		return err
	}
	at, rest := "/", split(path)
	shared := false // at is a directory such as /tmp, in which anybody may make files
	for links := 0; ; {
		i, err := files.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !shared:
			return nil
		case err != nil:
			return err
		// In a user namespace the machine's root has another number, and "/" shows it.
		case i.UID != 0 && i.UID != top.UID:
			return notRoots(at, "it does not belong to root")
		case i.Mode&fs.ModeSymlink != 0:
			target, err := files.Readlink(at)
			if links++; err != nil || links > maxLinks {
				return notRoots(at, "a link that cannot be followed")
			}
			rest = append(split(target), rest...)
			if at = filepath.Dir(at); strings.HasPrefix(target, "/") {
				at = "/"
			}
			continue
		}
		shared = othersWrite(i)
		if shared && (!i.Mode.IsDir() || i.Mode&fs.ModeSticky == 0) || shared && len(rest) == 0 {
			return notRoots(at, "others may write there")
		}
		if len(rest) == 0 {
			return nil
		}
		at, rest = filepath.Join(at, rest[0]), rest[1:]
	}
}

func othersWrite(i Info) bool {
	return i.Mode.Perm()&0o002 != 0 || i.Mode.Perm()&0o020 != 0 && i.GID != 0
}

func notRoots(path, why string) error {
	return &fs.PathError{Op: "use as root", Path: path, Err: errors.New(why)}
}

func hasDots(path string) bool {
	for _, part := range split(path) {
		if part == ".." {
			return true
		}
	}
	return false
}

// split lists the components of a path.
func split(path string) []string {
	return strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
}

// isRoot reports whether this process may do anything; never so on Windows.
func isRoot() bool { return os.Geteuid() == 0 }
