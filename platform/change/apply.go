package change

import (
	"context"
	"errors"
	"path/filepath"

	"mooring.dev/mooring/trust"
)

// tx is one record being worked on, with the journal locked.
type tx struct {
	e        *Engine
	j        *journal
	r        *record
	changes  []trust.Change // what the own changes of the record write; nil when resumed
	progress Progress
	edited   map[int][]byte          // what edits will write, by index of change
	secrets  map[[2]int]trust.Secret // what edits took out, by index of change and edit
}

func newTx(e *Engine, j *journal) *tx {
	return &tx{e: e, j: j, edited: map[int][]byte{}, secrets: map[[2]int]trust.Secret{}}
}

func (t *tx) close() { t.j.close() }

// advance writes the next phase down. Where no file is half exchanged any more,
// the exact states are forgotten.
func (t *tx) advance(p phase) error {
	was, exact := t.r.Phase, t.r.Exact
	t.r.Phase = p
	if p != phaseUndo {
		t.r.Exact = map[int]taken{}
	}
	err := t.j.save(t.r)
	if err == nil {
		return nil
	}
	t.r.Phase, t.r.Exact = was, exact
	t.r.Receipt.State = was.state()
	if errors.Is(err, errUnsynced) {
		// The next start would find the new phase, of which nothing has been done.
		if back := t.j.save(t.r); back != nil && !errors.Is(back, errUnsynced) {
			return pending(err, back)
		}
	}
	return err
}

// begin looks at everything that changes will touch, keeps before-images and
// writes the intent down. Nothing but the journal has changed when it returns.
//
// changes are those of p's that this engine makes; privileged is the id of root's
// half, "" if there is none.
func (e *Engine) begin(ctx context.Context, id string, p trust.Plan, changes []trust.Change, privileged string, progress Progress) (*tx, error) {
	if e.Check != nil {
		if err := e.Check(p); err != nil {
			return nil, err
		}
	}
	if err := checkShape(id, p, changes); err != nil {
		return nil, err
	}
	j, err := e.openJournal(ctx)
	if err != nil {
		return nil, err
	}
	begun := false
	defer j.closeUnless(&begun)
	t := newTx(e, j)
	t.changes, t.progress = storesLast(changes), progress
	if err := t.intend(ctx, id, p, privileged); err != nil {
		return nil, err
	}
	begun = true
	return t, nil
}

// intend recovers what an earlier run left, inspects, and saves images and record.
func (t *tx) intend(ctx context.Context, id string, p trust.Plan, privileged string) error {
	if _, err := t.j.load(id); !errors.Is(err, ErrNoReceipt) {
		return Refuse(ErrBadPlan, id, "this id is taken")
	}
	// What an earlier run left is independent of this plan, unless it left files
	// that this plan expects otherwise: then inspecting refuses.
	_, _ = t.e.recoverAll(ctx, t.j)
	t.r = newRecord(trust.Receipt{
		Schema: 1, ID: id, At: t.e.now().UTC(), Action: p.Action, Reach: p.Reach, Registries: p.Registries,
		Anchors: p.Anchors, Plan: p.Hash(), Restarts: p.Restarts, Privileged: privileged,
	})
	images := make([]*file, len(t.changes))
	for n, c := range t.changes {
		done, image, err := t.inspect(ctx, p, c)
		if err != nil {
			return err
		}
		t.r.Receipt.Changes = append(t.r.Receipt.Changes, done)
		images[n] = image
	}
	if err := t.noteHeld(); err != nil {
		return err
	}
	if err := t.noteKept(ctx); err != nil {
		return err
	}
	return t.keep(images)
}

// keep saves the before-images and then the record that makes them count.
func (t *tx) keep(images []*file) error {
	for n, f := range images {
		if f == nil {
			continue
		}
		if len(f.Attrs) > 0 {
			t.r.Attrs[n] = f.Attrs
		}
		if err := t.j.saveImage(t.r.Receipt.ID, n, f); err != nil {
			t.j.dropImages(t.r)
			return err
		}
	}
	if err := t.j.save(t.r); err != nil {
		t.j.dropImages(t.r)
		return err
	}
	return nil
}

// look reads the file at path and names the directories missing on its way.
func (t *tx) look(path string) (found *file, missing []string, err error) { return t.e.look(path) }

func (e *Engine) look(path string) (found *file, missing []string, err error) {
	d, names, err := e.tree().open(filepath.Dir(path))
	if err != nil {
		return nil, nil, err
	}
	defer d.close()
	at := d.path
	for _, name := range names {
		at = filepath.Join(at, name)
		missing = append(missing, at)
	}
	if names == nil {
		found, err = d.read(filepath.Base(path))
	}
	return found, missing, err
}

// complete makes the own changes and writes that down.
func (t *tx) complete(ctx context.Context) error {
	if err := t.carryOut(ctx); err != nil {
		return err
	}
	if err := t.advance(phaseDone); err != nil {
		return t.giveUp(ctx, err)
	}
	return nil
}

// carryOut makes the own changes, and takes them back if one of them fails.
func (t *tx) carryOut(ctx context.Context) error {
	for n := range t.changes {
		err := ctx.Err()
		if err == nil {
			err = t.step(ctx, n)
		}
		if err != nil {
			return t.giveUp(ctx, err)
		}
	}
	return nil
}

// giveUp rolls back and reports cause; if even that fails, what is left is pending.
func (t *tx) giveUp(ctx context.Context, cause error) error {
	theirs, err := t.rollBack(context.WithoutCancel(ctx))
	if err != nil {
		return pending(cause, err)
	}
	return errors.Join(failed("", cause), theirs)
}

func (t *tx) step(ctx context.Context, n int) error {
	c, d := t.changes[n], &t.r.Receipt.Changes[n]
	t.progress.tell(Step{Done: n, Total: len(t.changes), Kind: c.Kind, Path: c.Path + c.Command + string(c.Store)})
	switch c.Kind {
	case trust.ChangeStore:
		return t.changeStore(ctx, n)
	case trust.RunCommand:
		return t.runAdding(ctx, n)
	case trust.RemoveFile:
		return t.removeFile(d)
	case trust.MoveFile:
		return t.moveFile(d)
	case trust.SetMode:
		return t.setMode(d)
	case trust.KeepSecret:
		return t.keepSecret(ctx, n)
	case trust.EditFile:
		return t.writeFile(n, c, t.edited[n], d)
	}
	return t.writeFile(n, c, c.Content, d)
}
