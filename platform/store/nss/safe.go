package nss

import (
	"errors"
	"io/fs"

	"mooring.dev/mooring/platform/world"
)

// onlyOwn says why somebody else than the user, or root, decides what a path holds.
// For root nobody else may have a say on the whole way. A file may be missing.
func onlyOwn(w world.World, path string, file bool) error {
	if w.User.UID == 0 {
		return world.OnlyRoot(w.FS, path)
	}
	i, err := w.FS.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && file:
		return nil
	case err != nil:
		return err
	case i.UID != w.User.UID && i.UID != 0, i.Mode.Perm()&0o002 != 0, i.Mode.Perm()&0o020 != 0 && i.GID != w.User.GID && i.GID != 0:
		return &fs.PathError{Op: "use", Path: path, Err: errors.New("others may write there")}
	}
	return nil
}
