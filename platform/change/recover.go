package change

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
)

// Recover finishes or rolls back what a crash left half done, and returns the
// receipts it touched. A plan whose files are all in place is finished, another is
// rolled back; an undo is always finished. Records that wait for root's half are
// left alone: [Applier.Recover] asks root.
func (e *Engine) Recover(ctx context.Context) ([]trust.Receipt, error) {
	if d, missing, err := e.journalTree().open(e.Dir); err != nil {
		return nil, err
	} else if d.close(); missing != nil {
		return nil, nil // there has never been anything to recover
	}
	j, err := e.openJournal(ctx)
	if err != nil {
		return nil, err
	}
	defer j.close()
	return e.recoverAll(ctx, j)
}

func (e *Engine) recoverAll(ctx context.Context, j *journal) ([]trust.Receipt, error) {
	records, err := j.all()
	errs := []error{err}
	var out []trust.Receipt
	for _, r := range records {
		t := newTx(e, j)
		t.r = r
		switch r.Phase {
		case phaseApply:
			err = t.recoverApply(ctx)
		case phaseUndo:
			err = t.finishUndo(ctx)
		default:
			continue
		}
		out, errs = append(out, r.Receipt), append(errs, err)
	}
	return out, errors.Join(append(errs, j.sweep(records))...)
}

// recoverApply finishes a plan if only the commands and the last word are missing.
func (t *tx) recoverApply(ctx context.Context) error {
	if !t.inPlace(ctx) || t.r.Receipt.Privileged != "" {
		return errors.Join(t.rollBack(ctx))
	}
	for n := range t.r.Receipt.Changes {
		if t.r.Receipt.Changes[n].Kind == trust.RunCommand {
			if err := t.runAdding(ctx, n); err != nil {
				return t.giveUp(ctx, err)
			}
		}
		if err := t.clear(n); err != nil {
			return err
		}
	}
	return t.advance(phaseDone)
}

// inPlace reports whether every file is as the plan makes it, and could be put back.
// Nobody is asked for a secret: edited files must be so to the byte.
func (t *tx) inPlace(ctx context.Context) bool {
	for _, n := range t.own() {
		d := t.r.Receipt.Changes[n]
		switch d.Kind {
		case trust.KeepSecret:
			if !t.r.Started[n] && !t.r.Kept[n] {
				return false
			}
		case trust.EditFile:
			found, _, err := t.look(d.Path)
			if err != nil || !t.as(d.Kind, found).is(d.After) {
				return false
			}
		}
	}
	return t.checkWhole(ctx) == nil
}

// clear removes a temporary file that lies beside a finished one, and brings to the
// disk what the run that was killed may have left in memory.
func (t *tx) clear(n int) error {
	d := t.r.Receipt.Changes[n]
	switch d.Kind {
	case trust.RunCommand, trust.KeepSecret, trust.ChangeStore:
		return nil
	}
	parent, missing, err := t.e.tree().open(filepath.Dir(d.Path))
	if err != nil || missing != nil {
		return err
	}
	defer parent.close()
	switch {
	case d.SetsMode():
		name := filepath.Base(d.Path)
		if d.Kind == trust.MoveFile {
			name = filepath.Base(d.To)
		}
		if err := parent.setMode(name, d.After, d.After.Mode); err != nil {
			return err
		}
	case d.Kind != trust.MoveFile:
		found, err := parent.read(filepath.Base(d.Path))
		if err != nil {
			return err
		}
		if err := t.clearTemps(parent, n, t.as(d.Kind, found)); err != nil {
			return err
		}
	}
	return parent.sync()
}

// sweep removes what a killed run left in the journal: records that never got
// their name, images without a record, and those of records that have ended. The
// images of a record that cannot be read stay.
func (j *journal) sweep(records []*record) error {
	ended := map[string]bool{}
	for _, r := range records {
		ended[r.Receipt.ID] = r.Phase == phaseUndone || r.Phase == phaseFailed
	}
	names, err := j.d.names()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		id, rest, _ := strings.Cut(name, ".")
		image := strings.HasSuffix(rest, ".before") && (ended[id] || !slices.Contains(names, id+".json"))
		if ValidID(id) && (rest == "new" || image) {
			errs = append(errs, j.d.remove(name))
		}
	}
	return errors.Join(errs...)
}
