package change

import (
	"context"
	"errors"

	"mooring.dev/mooring/trust"
)

// resume locks the journal and loads a record for undoing.
func (e *Engine) resume(ctx context.Context, id string, progress Progress) (*tx, error) {
	j, err := e.openJournal(ctx)
	if err != nil {
		return nil, err
	}
	begun := false
	defer j.closeUnless(&begun)
	_, _ = e.recoverAll(ctx, j)
	r, err := j.load(id)
	if err != nil {
		return nil, err
	}
	switch r.Phase {
	case phaseDone:
		begun = true
		t := newTx(e, j)
		t.r, t.progress = r, progress
		return t, nil
	case phaseUndone, phaseFailed:
		return nil, Refuse(ErrNotUndoable, id, "%s", r.Receipt.State)
	}
	return nil, Refuse(ErrPending, id, "")
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
	if err != nil { // the next start tries again
		return pending(err, errors.Join(err, theirs))
	}
	now := t.e.now().UTC()
	t.r.Receipt.UndoneAt = &now
	if err := t.end(phaseUndone); err != nil {
		return pending(err, errors.Join(err, theirs))
	}
	return theirs
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
