//go:build !windows

package helper

import (
	"io/fs"
	"path"
	"runtime"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
)

// CheckInstalled refuses a helper that anybody but root could change: the file,
// and every directory on the way to it, must belong to root and be writable by
// nobody else. Both sides ask: who starts it, and the helper of itself.
func CheckInstalled(file string) error { return checkInstalled(world.Disk{}, file, 0) }

func checkInstalled(files world.FS, file string, owner int) error {
	unsafe := func(p, why string) error { return change.Refuse(change.ErrHelperUnsafe, p, "%s", why) }
	if !path.IsAbs(file) || path.Clean(file) != file {
		return unsafe(file, "not a plain path")
	}
	for p := file; ; p = path.Dir(p) {
		i, err := files.Lstat(p)
		switch {
		case err != nil && p == file:
			return change.Refuse(change.ErrHelperMissing, file, "%v", err)
		case err != nil:
			return unsafe(p, err.Error())
		case i.Mode&fs.ModeSymlink != 0:
			return unsafe(p, "a link")
		case p == file && !i.Mode.IsRegular():
			return unsafe(p, "not a regular file")
		case i.UID != owner:
			return unsafe(p, "it does not belong to root")
		case i.Mode.Perm()&0o022 != 0:
			return unsafe(p, "others may write there")
		}
		if p == "/" {
			return nil
		}
	}
}

func systemPlaces(system string) (places, error) { return unixPlaces(system), nil }

// guardHere refuses a directory that somebody else than root could change. On Linux
// the engine's own way of opening directories leaves nothing to look after.
func guardHere(dir string) error {
	if runtime.GOOS == "linux" {
		return nil
	}
	if err := world.OnlyRoot(world.Disk{}, dir); err != nil {
		return change.Refuse(change.ErrOthersWrite, dir, "%v", err)
	}
	return nil
}
