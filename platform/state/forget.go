package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// errNotOwn says that what is to be removed is not what Mooring put there.
var errNotOwn = errors.New("not a file of this user's own")

// ForgetRequest removes a request that was listed, with its key: the key first, so
// that one which stays is still listed. What is gone already is no error. Nothing of
// it is kept anywhere: who calls it knows that the key lies elsewhere.
func (s *Store) ForgetRequest(r Request) error {
	for _, name := range []string{r.id + ".key", r.id + ".json"} {
		if err := s.removeRequest(name); err != nil {
			return fmt.Errorf("remove %s: %w", s.requestPath(name), err)
		}
	}
	return nil
}

// removeRequest removes one file of the directory. A link is not followed, nor is it
// removed for what it leads to: the key would stay, and be believed gone.
func (s *Store) removeRequest(name string) error {
	path := s.requestPath(name)
	err := s.own(s.requestPath(""), fs.ModeDir)
	if err == nil {
		err = s.own(path, 0)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := openFile(s.w, path, false)
	if err != nil {
		return err
	}
	defer f.close()
	if err := f.root.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return f.syncDir()
}

// own says what keeps path from being a file of this user's of a type.
func (s *Store) own(path string, kind fs.FileMode) error {
	i, err := s.w.FS.Lstat(path)
	if err == nil && (i.Mode.Type() != kind || i.UID >= 0 && i.UID != os.Geteuid()) {
		err = errNotOwn
	}
	return err
}
