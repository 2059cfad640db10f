package change

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"mooring.dev/mooring/trust"
)

// revertAll puts back every own file, last first, then lets the commands see it.
// It goes on after an error: what can be put back shall be.
func (t *tx) revertAll(ctx context.Context) (theirs, err error) {
	own := t.own()
	for i, n := range slices.Backward(own) {
		d := t.r.Receipt.Changes[n]
		// A secret is forgotten only when every file has its own again.
		if d.Kind == trust.RunCommand || d.Kind == trust.KeepSecret && errors.Join(theirs, err) != nil {
			continue
		}
		t.progress.tell(Step{Done: len(own) - 1 - i, Total: len(own), Kind: d.Kind, Path: d.Path + string(d.Store), Undo: true})
		switch rerr := t.revert(ctx, n); {
		case errors.Is(rerr, ErrChangedSince):
			theirs = errors.Join(theirs, rerr)
		default:
			err = errors.Join(err, rerr)
		}
	}
	for _, n := range own {
		if d := &t.r.Receipt.Changes[n]; d.Kind == trust.RunCommand {
			err = errors.Join(err, t.runTakingBack(ctx, n, d))
		}
	}
	return theirs, err
}

// revert puts one file back to how it was before, if it is as we left it, and
// removes the directories that were made for it.
func (t *tx) revert(ctx context.Context, n int) error {
	d := t.r.Receipt.Changes[n]
	switch d.Kind {
	case trust.KeepSecret:
		return t.forgetSecret(ctx, n)
	case trust.MoveFile:
		return t.moveBack(d)
	case trust.ChangeStore:
		return t.revertStore(ctx, n)
	}
	parent, missing, err := t.e.tree().open(filepath.Dir(d.Path))
	if err != nil {
		return err
	}
	defer parent.close()
	if missing == nil {
		if err := t.revertFile(ctx, parent, n); err != nil {
			return err
		}
	} else if d.Before != nil {
		return Refuse(ErrChangedSince, d.Path, "its directory is gone")
	}
	return t.removeDirs(d)
}

func (t *tx) revertFile(ctx context.Context, parent *dir, n int) error {
	d, name := t.r.Receipt.Changes[n], filepath.Base(t.r.Receipt.Changes[n].Path)
	found, err := parent.read(name)
	if err != nil {
		return err
	}
	found = t.as(d.Kind, found)
	if err := t.clearTemps(parent, n, found); err != nil {
		return err
	}
	switch {
	case found.is(d.Before), found != nil && found.is(t.r.Taken[n].To):
		// Nothing to do, or a run that was killed did it and may not have synced it.
		if d.Kind == trust.SetMode {
			err = parent.setMode(name, d.Before, d.Before.Mode)
		}
	case d.Kind == trust.EditFile:
		err = t.takeBack(ctx, parent, n, name, found)
	case !found.is(d.After):
		return Refuse(ErrChangedSince, d.Path, "")
	case d.Kind == trust.SetMode:
		err = parent.setMode(name, d.After, d.Before.Mode)
	case d.Before == nil:
		err = parent.remove(name)
	default:
		err = t.restore(parent, n, name, found)
	}
	return errors.Join(err, parent.sync())
}

// clearTemps removes what a run that was killed left beside the file.
func (t *tx) clearTemps(parent *dir, n int, found *file) error {
	d := t.r.Receipt.Changes[n]
	there, back := taken{d.Before, d.After}, taken{d.After, d.Before}
	if d.Kind == trust.EditFile {
		there, back = t.r.Exact[n], t.r.Exact[n]
	}
	return errors.Join(
		clearTemp(parent, t.temp(n), found, d.Path, there),
		clearTemp(parent, t.tempBack(n), found, d.Path, back))
}

// clearTemp removes temp, by which the file went from one exact state to another. If
// it was exchanged and what came out is neither of them, somebody had changed it in
// the last moment: then it goes back instead.
func clearTemp(parent *dir, temp string, found *file, path string, by taken) error {
	left, err := parent.read(temp)
	if err != nil || left == nil {
		return err
	}
	if found != nil && found.isExactly(by.To) && !left.isExactly(by.From) && !left.isExactly(by.To) {
		if _, err := parent.swap(temp, filepath.Base(path)); err != nil {
			return err
		}
		return errors.Join(Refuse(ErrChangedSince, path, ""), parent.remove(temp))
	}
	return parent.remove(temp)
}

// restore writes the before-image to its name, where now is.
func (t *tx) restore(parent *dir, n int, name string, now *file) error {
	image, err := t.j.image(t.r, n)
	if err != nil {
		return err
	}
	return t.putBack(parent, n, name, image, now)
}

// putBack lets image take the place of the file that is there now.
func (t *tx) putBack(parent *dir, n int, name string, image, now *file) error {
	if err := parent.create(t.tempBack(n), image); err != nil {
		return err
	}
	path := t.r.Receipt.Changes[n].Path
	if err := putInPlace(parent, t.tempBack(n), name, path, now); err != nil {
		return errors.Join(err, parent.remove(t.tempBack(n)))
	}
	found, err := parent.read(name)
	if err == nil && !found.equals(image) {
		err = Refuse(ErrIO, path, "what was restored is not what can be read")
	}
	return err
}

// removeDirs removes the directories that were made for a change, innermost
// first. One that holds anything stays.
func (t *tx) removeDirs(d trust.Done) error {
	for _, path := range slices.Backward(d.MadeDir) {
		parent, missing, err := t.e.tree().open(filepath.Dir(path))
		if err != nil {
			return err
		}
		if missing == nil {
			err = errors.Join(parent.rmdir(filepath.Base(path)), parent.sync())
		}
		parent.close()
		if err != nil {
			return err
		}
	}
	return nil
}
