package change

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"mooring.dev/mooring/trust"
)

// temp is the name of a change's temporary file, tempBack that of its undoing: no
// tool reads them, and a later run finds them.
func (t *tx) temp(n int) string     { return fmt.Sprintf(".mooring-%s-%d", t.r.Receipt.ID, n) }
func (t *tx) tempBack(n int) string { return t.temp(n) + "-back" }

// writeFile makes the missing directories, writes beside, and lets the new file
// take its name if the old one (or none) is still as it was inspected.
func (t *tx) writeFile(n int, c trust.Change, content []byte, d *trust.Done) error {
	parent, err := t.makeDirs(d)
	if err != nil {
		return err
	}
	defer parent.close()
	name := filepath.Base(c.Path)
	found, err := parent.read(name)
	if err != nil {
		return err
	}
	found = t.as(c.Kind, found)
	// The edited content was made from the file as it was inspected: what has come
	// into it since, be it one password, would be lost.
	asInspected := found.is(d.Before) && (c.Kind != trust.EditFile || found.isExactly(t.r.Exact[n].From))
	if !asInspected {
		return Refuse(ErrChangedSince, c.Path, "")
	}
	target := t.target(c, content, found)
	if err := parent.create(t.temp(n), target); err != nil {
		return err
	}
	if err := putInPlace(parent, t.temp(n), name, c.Path, found); err != nil {
		return errors.Join(err, parent.remove(t.temp(n)))
	}
	return t.readBack(parent, name, c.Path, target)
}

// makeDirs opens the directory of a change, making what is missing on the way and
// noting what it made.
func (t *tx) makeDirs(d *trust.Done) (*dir, error) {
	tree := t.e.tree()
	at, names, err := tree.open(filepath.Dir(d.Path))
	if err != nil {
		return nil, err
	}
	planned, mode := d.MadeDir, fs.FileMode(0o755)
	if d.Kind == trust.EditFile {
		mode = 0o700 // as docker and podman make them for their sign-ins
	}
	d.MadeDir = nil
	for _, name := range names {
		next, made, err := tree.mkdir(at, name, mode)
		if made && slices.Contains(planned, filepath.Join(at.path, name)) {
			d.MadeDir = append(d.MadeDir, filepath.Join(at.path, name))
		}
		at.close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

// putInPlace gives temp its name, which now has, nil for none. Where a file is
// replaced, what came out is compared once more: nobody's change between check and
// exchange is lost.
func putInPlace(parent *dir, temp, name, path string, now *file) error {
	if now == nil {
		return parent.place(temp, name)
	}
	exchanged, err := parent.swap(temp, name)
	if err != nil || !exchanged {
		return err
	}
	old, err := parent.read(temp)
	if err == nil && !old.isExactly(now.exact()) {
		err = Refuse(ErrChangedSince, path, "")
	}
	if err != nil {
		_, back := parent.swap(temp, name)
		return errors.Join(err, back)
	}
	return parent.remove(temp)
}

// readBack brings the name to the disk and compares what can now be read there,
// by the way that everybody else will go, with what was written.
func (t *tx) readBack(parent *dir, name, path string, written *file) error {
	if err := parent.sync(); err != nil {
		return err
	}
	again, missing, err := t.e.tree().open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer again.close()
	if missing != nil {
		return Refuse(ErrLinkInPath, path, "its directory was moved meanwhile")
	}
	if same, err := again.sameAs(parent); err != nil {
		return err
	} else if !same {
		return Refuse(ErrLinkInPath, path, "its directory was moved meanwhile")
	}
	f, err := again.read(name)
	if err != nil {
		return err
	}
	if !f.isExactly(written.exact()) {
		return Refuse(ErrIO, path, "what was written is not what can be read")
	}
	return nil
}

func (t *tx) removeFile(d *trust.Done) error {
	parent, missing, err := t.e.tree().open(filepath.Dir(d.Path))
	if err != nil {
		return err
	}
	defer parent.close()
	if missing != nil {
		return Refuse(ErrChangedSince, d.Path, "")
	}
	f, err := parent.read(filepath.Base(d.Path))
	if err != nil {
		return err
	}
	if !f.is(d.Before) {
		return Refuse(ErrChangedSince, d.Path, "")
	}
	if err := parent.remove(filepath.Base(d.Path)); err != nil {
		return err
	}
	return parent.sync()
}
