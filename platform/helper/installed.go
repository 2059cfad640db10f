package helper

import (
	"io/fs"
	"path"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
)

// checkInstalled is [CheckInstalled] for a Unix.
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
