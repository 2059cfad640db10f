package world

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// Resolve is the name of what the kernel finds at name, without links: each one on
// the way is followed from the directory in which it really lies (path_resolution(7)).
// What is not there yet is where it would be made. name is an absolute one of a Unix.
func Resolve(files FS, name string) (string, error) {
	fail := func(err error) (string, error) { return "", &fs.PathError{Op: "resolve", Path: name, Err: err} }
	at, rest := "/", split(name)
	for links := 0; len(rest) > 0; {
		next := path.Join(at, rest[0]) // at has no links: its parent is the one of its name
		info, err := files.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if hasDots(strings.Join(rest, "/")) {
				return fail(err)
			}
			return path.Join(at, path.Join(rest...)), nil
		case err != nil:
			return fail(err)
		case info.Mode&fs.ModeSymlink == 0:
			at, rest = next, rest[1:]
			continue
		}
		target, err := files.Readlink(next)
		if err != nil {
			return fail(err)
		}
		if links++; links > maxLinks {
			return fail(syscall.ELOOP)
		}
		if rest = append(split(target), rest[1:]...); strings.HasPrefix(target, "/") {
			at = "/"
		}
	}
	return at, nil
}
