package world

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Beside is the path of the program name in the directory of self, this program's
// own path, if it may be run in self's place: it was put there by who put self
// there, or by root, and nobody else can put another there. In /tmp anybody can,
// sticky or not; a program that was loaded down to there has no companions.
//
// Windows has no owner to ask here: there the directory of a program is trusted
// with its libraries anyway, before its first instruction.
func (w World) Beside(self, name string) (string, error) {
	path := filepath.Join(filepath.Dir(self), name)
	i, err := w.FS.Lstat(path)
	switch {
	case err != nil:
		return "", err
	case !i.Mode.IsRegular():
		return "", notBeside(path, "it is not a regular file")
	case w.OS == "windows":
		return path, nil
	case w.User.UID == 0:
		return path, OnlyRoot(w.FS, path)
	}
	own, err := w.FS.Stat(self)
	if err != nil {
		return "", err
	}
	dir, err := w.FS.Stat(filepath.Dir(self))
	switch {
	case err != nil:
		return "", err
	case i.UID != own.UID && i.UID != 0, dir.UID != own.UID && dir.UID != 0:
		return "", notBeside(path, "it belongs to another user than this program")
	case othersWrite(i) || othersWrite(dir):
		return "", notBeside(path, "others may write there")
	}
	return path, nil
}

func notBeside(path, why string) error {
	return &fs.PathError{Op: "run", Path: path, Err: errors.New(why)}
}
