package change

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"mooring.dev/mooring/trust"
)

// resume locks the journal and loads a record for undoing.
func (e *Engine) resume(ctx context.Context, id string, progress Progress) (*tx, error) {
	j, err := e.openJournal(ctx)
	if err != nil {
		return nil, err
	}
	_, _ = e.recoverAll(ctx, j)
	r, err := j.load(id)
	if err == nil {
		switch r.Phase {
		case phaseDone:
			t := newTx(e, j)
			t.r, t.progress = r, progress
			return t, nil
		case phaseUndone, phaseFailed:
			err = Refuse(ErrNotUndoable, id, "%s", r.Receipt.State)
		default:
			err = Refuse(ErrPending, id, "")
		}
	}
	j.close()
	return nil, err
}

// own lists the indices of the changes that are this engine's.
func (t *tx) own() []int {
	var out []int
	for n, d := range t.r.Receipt.Changes {
		if !d.Privileged {
			out = append(out, n)
		}
	}
	return out
}

// checkUndo refuses if undoing would lose or could not restore anything: no later
// receipt may stand on this one, each file must be as it was left, each before-image
// as it was kept, and each value that was edited still ours.
func (t *tx) checkUndo(ctx context.Context) error {
	if err := t.checkLater(); err != nil {
		return err
	}
	for _, n := range t.own() {
		d := t.r.Receipt.Changes[n]
		if d.Kind != trust.EditFile {
			continue
		}
		found, _, err := t.look(d.Path)
		if err == nil {
			_, err = t.beforeEdit(ctx, n, t.as(d.Kind, found))
		}
		if err != nil {
			return err
		}
	}
	return t.checkWhole(ctx)
}

// checkLater is checkUndo for what was done after it. A file with the very bytes that
// were written may have been removed and written again: it is the later receipt's.
func (t *tx) checkLater() error {
	records, _ := t.j.all() // a damaged one says nothing, and is reported elsewhere
	all := make([]trust.Receipt, len(records))
	for i, r := range records {
		all[i] = r.Receipt
	}
	return superseded(t.r.Receipt, all)
}

func superseded(r trust.Receipt, all []trust.Receipt) error {
	if _, path, ok := r.SupersededBy(all); ok {
		return Refuse(ErrSuperseded, path, "")
	}
	return nil
}

// checkWhole is checkUndo for files that were written, removed or renamed as a
// whole, and for trust stores.
func (t *tx) checkWhole(ctx context.Context) error {
	for _, n := range t.own() {
		d := t.r.Receipt.Changes[n]
		switch d.Kind {
		case trust.MoveFile:
			if err := t.moved(d); err != nil {
				return err
			}
		case trust.ChangeStore:
			if err := t.expectStore(ctx, d, *d.Now); err != nil {
				return err
			}
		}
		if d.Kind != trust.WriteFile && d.Kind != trust.RemoveFile && d.Kind != trust.SetMode {
			continue
		}
		found, _, err := t.look(d.Path)
		if err != nil {
			return err
		}
		if !found.is(d.After) {
			return Refuse(ErrChangedSince, d.Path, "")
		}
		if _, err := t.j.image(t.r, n); err != nil {
			return err
		}
	}
	return nil
}

// undo writes the intent down and takes the own changes back.
func (t *tx) undo(ctx context.Context) error {
	if err := t.advance(phaseUndo); err != nil {
		return err
	}
	if err := t.undoStores(ctx); err != nil {
		return err
	}
	return t.finishUndo(ctx)
}

// finishUndo takes the own changes back. A file that somebody else changed after
// it had been checked is theirs: it stays, and the error says so.
func (t *tx) finishUndo(ctx context.Context) error {
	theirs, err := t.revertAll(ctx)
	if err != nil {
		return errors.Join(err, theirs) // try again at the next start
	}
	now := t.e.now().UTC()
	t.r.Receipt.UndoneAt = &now
	return errors.Join(theirs, t.end(phaseUndone))
}

// rollBack takes back what a plan that failed, or was interrupted, has done. In
// theirs are the files that stay because somebody else changed them meanwhile.
func (t *tx) rollBack(ctx context.Context) (theirs, err error) {
	theirs, err = t.revertAll(ctx)
	if err != nil {
		return theirs, err
	}
	return theirs, t.end(phaseFailed)
}

// end closes a record of which nothing is left.
func (t *tx) end(p phase) error {
	if err := t.advance(p); err != nil {
		return err
	}
	t.j.dropImages(t.r)
	return nil
}

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
		return nil
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
