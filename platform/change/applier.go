package change

import (
	"context"
	"errors"

	"mooring.dev/mooring/trust"
)

// Privileged carries out root's half of plans, under root's own journal. Its
// errors are [Error]s; [ErrPending] means that nobody knows how far it came.
type Privileged interface {
	// Apply applies p, all of whose changes need root, under the id chosen here.
	Apply(ctx context.Context, id string, p trust.Plan) (trust.Receipt, error)
	// Undo takes back root's half of a receipt.
	Undo(ctx context.Context, id string, reach trust.Reach) (trust.Receipt, error)
	// Recover finishes or rolls back whatever root's journal has pending and
	// returns root's half of id, [ErrNoReceipt] if root knows of none.
	Recover(ctx context.Context, id string, reach trust.Reach) (trust.Receipt, error)
}

// Applier applies plans of which the person's rights suffice for a part: its own
// half with Own, the rest through Root, as one. The person's half comes first and
// is rolled back if root's fails: that needs no second prompt.
type Applier struct {
	Own  *Engine
	Root Privileged // nil: there is no way to become root
	// Alone: Own does both halves, because it has root's rights or works below a
	// directory given with --root.
	Alone bool
}

// Apply carries out p. On an error nothing of it is left, unless the error is
// [ErrPending].
func (a *Applier) Apply(ctx context.Context, p trust.Plan, progress Progress) (trust.Receipt, error) {
	own, root := p.Half(false), p.Half(true)
	if a.Alone || len(root.Changes) == 0 {
		return a.Own.Apply(ctx, p, progress)
	}
	if a.Root == nil {
		return trust.Receipt{}, Refuse(ErrNoElevation, "", "")
	}
	id := NewID(a.Own.now())
	t, err := a.Own.begin(ctx, id, p, own.Changes, id, progress)
	if err != nil {
		return trust.Receipt{}, err
	}
	defer t.close()
	err = a.both(ctx, t, root)
	return t.r.Receipt, err
}

func (a *Applier) both(ctx context.Context, t *tx, root trust.Plan) error {
	if err := t.carryOut(ctx); err != nil {
		return err
	}
	// Until root has answered, the receipt says what root was asked for.
	for _, c := range root.Changes {
		t.r.Receipt.Changes = append(t.r.Receipt.Changes, trust.Done{Kind: c.Kind, Path: c.Path, To: c.To, Command: c.Command, Store: c.Store, Privileged: true})
	}
	if err := t.advance(phaseRoot); err != nil {
		return t.giveUp(ctx, err)
	}
	// Root's half is one step: nothing of it is done until root has answered.
	if c := root.Changes; len(c) > 0 {
		t.progress.tell(Step{Done: len(t.changes), Total: len(t.changes) + len(c), Kind: c[0].Kind, Path: c[0].Path + c[0].Command + string(c[0].Store)})
	}
	half, err := a.Root.Apply(ctx, t.r.Receipt.ID, root)
	if errors.Is(err, ErrPending) {
		return err
	}
	if err != nil {
		return t.giveUp(ctx, err)
	}
	return t.adopt(half)
}

// adopt notes root's half as done.
func (t *tx) adopt(half trust.Receipt) error {
	t.dropPrivileged()
	for _, d := range half.Changes {
		d.Privileged = true
		t.r.Receipt.Changes = append(t.r.Receipt.Changes, d)
	}
	if err := t.advance(phaseDone); err != nil {
		// Both halves are made; the record catches up at the next start.
		return &Error{Code: ErrPending, Detail: err.Error(), cause: err}
	}
	return nil
}

func (t *tx) dropPrivileged() {
	var own []trust.Done
	for _, n := range t.own() {
		own = append(own, t.r.Receipt.Changes[n])
	}
	t.r.Receipt.Changes = own
}

// Undo takes a receipt back, root's half first: if that is refused, nothing has
// changed.
func (a *Applier) Undo(ctx context.Context, id string, progress Progress) (trust.Receipt, error) {
	t, err := a.Own.resume(ctx, id, progress)
	if err != nil {
		return trust.Receipt{}, err
	}
	defer t.close()
	err = a.undo(ctx, t)
	return t.r.Receipt, err
}

func (a *Applier) undo(ctx context.Context, t *tx) error {
	if err := t.checkUndo(ctx); err != nil {
		return err
	}
	if t.r.Receipt.Privileged == "" {
		return t.undo(ctx)
	}
	if a.Root == nil {
		return Refuse(ErrNoElevation, "", "")
	}
	if err := t.advance(phaseUndoRoot); err != nil {
		return err
	}
	half, err := a.Root.Undo(ctx, t.r.Receipt.Privileged, t.r.Receipt.Reach)
	if errors.Is(err, ErrPending) {
		return err
	}
	if err != nil && !errors.Is(err, ErrNotUndoable) { // which means: undone already
		return errors.Join(err, t.advance(phaseDone))
	}
	t.noteUndone(half)
	return t.undo(ctx)
}

// noteUndone takes over what root's half says of commands that were run again.
func (t *tx) noteUndone(half trust.Receipt) {
	i := 0
	for n := range t.r.Receipt.Changes {
		d := &t.r.Receipt.Changes[n]
		if !d.Privileged || i >= len(half.Changes) {
			continue
		}
		*d = half.Changes[i]
		d.Privileged = true
		i++
	}
}

// Pending lists the receipts that wait for root: [Applier.Recover] would ask for
// its rights.
func (a *Applier) Pending() ([]trust.Receipt, error) {
	all, err := a.Own.History()
	var out []trust.Receipt
	for _, r := range all {
		if r.State == trust.ReceiptPending {
			out = append(out, r)
		}
	}
	return out, err
}

// Recover finishes or rolls back what a crash left half done. With ask it also
// asks root about plans whose privileged half was under way; without, it leaves
// those pending and nobody is prompted.
func (a *Applier) Recover(ctx context.Context, ask bool) ([]trust.Receipt, error) {
	out, err := a.Own.Recover(ctx)
	if !ask || a.Root == nil {
		return out, err
	}
	j, jerr := a.Own.openJournal(ctx)
	if jerr != nil {
		return out, errors.Join(err, jerr)
	}
	defer j.close()
	records, _ := j.all() // what is damaged has been reported above
	for _, r := range records {
		if r.Phase != phaseRoot && r.Phase != phaseUndoRoot {
			continue
		}
		t := newTx(a.Own, j)
		t.r = r
		rerr := a.settle(ctx, t)
		out, err = append(out, r.Receipt), errors.Join(err, rerr)
	}
	return out, err
}

// settle brings the own half to where root's half is.
func (a *Applier) settle(ctx context.Context, t *tx) error {
	half, err := a.Root.Recover(ctx, t.r.Receipt.Privileged, t.r.Receipt.Reach)
	unknown := errors.Is(err, ErrNoReceipt)
	switch {
	case err != nil && !unknown:
		return err
	case !unknown && half.State == trust.ReceiptPending:
		return Refuse(ErrPending, t.r.Receipt.ID, "")
	case !unknown && half.State == trust.ReceiptApplied && t.r.Phase == phaseRoot:
		return t.adopt(half)
	case !unknown && half.State == trust.ReceiptApplied:
		return t.advance(phaseDone)
	case t.r.Phase == phaseUndoRoot:
		return t.undo(ctx)
	}
	theirs, err := t.rollBack(ctx)
	return errors.Join(theirs, err)
}
