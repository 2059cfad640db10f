package change

import (
	"bytes"
	"path"
	"path/filepath"
)

// Target is a file whose content is replaced as a whole, for stores that keep their
// members in one.
type Target struct {
	Root    string // the tree in which Path lies, "" for this machine
	Path    string
	NoLinks bool // no link on the way is followed
	fault   fault
}

// Replace gives the file new content in one step, if it holds was still. Mode, owner
// and attributes stay. Errors are [Error]s; after one the file is as it was.
func (t Target) Replace(was, content []byte) error {
	parent, missing, err := tree{root: t.Root, noLinks: t.NoLinks, fault: t.fault}.open(filepath.Dir(t.Path))
	if err != nil {
		return err
	}
	defer parent.close()
	name := filepath.Base(t.Path)
	// One name: what a crash left is taken away by the next that comes.
	temp := "." + name + ".mooring"
	var found *file
	if missing == nil {
		found, err = parent.read(name)
	}
	switch {
	case err != nil:
		return err
	case found == nil || !bytes.Equal(found.Content, was):
		return Refuse(ErrChangedSince, t.Path, "")
	}
	if left, err := parent.read(temp); err != nil {
		return err
	} else if left != nil {
		if err := parent.remove(temp); err != nil {
			return err
		}
	}
	next := *found
	next.Content = content
	if err := parent.create(temp, &next); err != nil {
		return err
	}
	if err := putInPlace(parent, temp, name, t.Path, found); err != nil {
		_ = parent.remove(temp) // the next one takes it away
		return err
	}
	if err := parent.sync(); err != nil {
		return err
	}
	written, err := parent.read(name)
	if err == nil && !written.isExactly(next.exact()) {
		err = Refuse(ErrIO, path.Join(parent.path, name), "what was written is not what can be read")
	}
	return err
}
