package change

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

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
	if err := t.j.save(t.r); err != nil {
		t.r.Phase, t.r.Exact = was, exact
		t.r.Receipt.State = was.state()
		return err
	}
	return nil
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
	t := newTx(e, j)
	t.changes, t.progress = storesLast(changes), progress
	if err := t.intend(ctx, id, p, privileged); err != nil {
		j.close()
		return nil, err
	}
	return t, nil
}

// checkShape refuses what no engine could carry out.
func checkShape(id string, p trust.Plan, changes []trust.Change) error {
	if !ValidID(id) {
		return Refuse(ErrBadPlan, id, "not a receipt id")
	}
	if p.Schema != trust.PlanSchema {
		return Refuse(ErrBadPlan, "", "plan schema %d is not known", p.Schema)
	}
	if len(p.Pending()) == 0 {
		return Refuse(ErrNothingToDo, "", "")
	}
	seen := map[string]bool{}
	for _, c := range changes {
		if c.Kind == trust.ChangeStore {
			if err := checkStore(p, c); err != nil {
				return err
			}
			name := string(c.Store) + "\x00" + string(c.Content)
			if seen[name] {
				return Refuse(ErrBadPlan, string(c.Store), "named twice")
			}
			seen[name] = true
			continue
		}
		if namesStore(c) {
			return Refuse(ErrBadPlan, c.Path, "a trust store and something else")
		}
		if c.Kind == trust.RunCommand {
			continue
		}
		names := []string{c.Path}
		if c.Kind == trust.MoveFile {
			names = append(names, c.To)
		}
		for _, name := range names {
			// A secret is kept from a file that a later change edits.
			twice := seen[name] && c.Kind != trust.KeepSecret
			seen[name] = seen[name] || c.Kind != trust.KeepSecret
			if !filepath.IsAbs(name) || filepath.Clean(name) != name || strings.ContainsRune(name, 0) || twice {
				return Refuse(ErrBadPlan, name, "not a plain path, or named twice")
			}
		}
		switch {
		case c.Kind == trust.MoveFile && filepath.Dir(c.Path) != filepath.Dir(c.To), c.Kind != trust.MoveFile && c.To != "":
			return Refuse(ErrBadPlan, c.Path, "it would leave its directory")
		case c.Secret && (c.Kind != trust.WriteFile || c.Before != nil):
			return Refuse(ErrBadPlan, c.Path, "a private key is only ever created")
		}
	}
	return nil
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

// inspect says what carrying out c will do, given what is there now.
func (t *tx) inspect(ctx context.Context, p trust.Plan, c trust.Change) (trust.Done, *file, error) {
	if c.Kind == trust.ChangeStore {
		d, err := t.inspectStore(ctx, p, c)
		return d, nil, err
	}
	if c.Kind == trust.RunCommand {
		d := trust.Done{Kind: c.Kind, Command: c.Command}
		return d, nil, t.vet(p, c, nil)
	}
	found, missing, err := t.look(c.Path)
	if err != nil {
		return trust.Done{}, nil, err
	}
	if hasSecrets(c.Kind) && t.e.Editor == nil {
		return trust.Done{}, nil, Refuse(ErrBadPlan, c.Path, "files are not edited here")
	}
	found = t.as(c.Kind, found)
	if !found.is(c.Before) && (c.Kind != trust.MoveFile || c.Before != nil) {
		return trust.Done{}, nil, Refuse(ErrChangedSince, c.Path, "")
	}
	if err := t.vet(p, c, found); err != nil {
		return trust.Done{}, nil, err
	}
	if c.Kind == trust.MoveFile {
		d, err := t.inspectMove(c, found)
		return d, nil, err
	}
	if c.Kind == trust.SetMode {
		d, err := inspectMode(c, found)
		return d, nil, err
	}
	d := trust.Done{Kind: c.Kind, Path: c.Path, Via: c.Via, Before: found.state()}
	switch {
	case c.Kind == trust.WriteFile:
		d.After, d.MadeDir = t.target(c, c.Content, found).state(), t.unplanned(missing)
	case c.Kind == trust.EditFile:
		d, image, err := t.inspectEdit(c, d, found)
		if err != nil {
			return d, nil, err
		}
		n := len(t.r.Receipt.Changes)
		after := t.target(c, t.edited[n], found)
		if d.After, d.MadeDir = after.state(), t.unplanned(missing); found.is(d.After) {
			return d, nil, Refuse(ErrBadPlan, c.Path, "the edits change nothing but secrets")
		}
		t.r.Exact[n] = taken{found.exact(), after.exact()}
		return d, image, nil
	case c.Kind == trust.KeepSecret && found != nil:
		return trust.Done{Kind: c.Kind, Path: c.Path, Registry: c.Registry, Key: c.Key}, nil, nil
	case c.Kind != trust.RemoveFile || found == nil:
		return trust.Done{}, nil, Refuse(ErrBadPlan, c.Path, "nothing to remove")
	}
	return d, found, nil
}

func (t *tx) vet(p trust.Plan, c trust.Change, found *file) error {
	if t.e.Vet == nil {
		return nil
	}
	var content []byte
	if found != nil {
		content = found.Content
	}
	return t.e.Vet(p, c, content)
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

// unplanned are those of dirs that no earlier change of the record will make.
func (t *tx) unplanned(dirs []string) []string {
	return slices.DeleteFunc(dirs, func(d string) bool {
		return slices.ContainsFunc(t.r.Receipt.Changes, func(c trust.Done) bool { return slices.Contains(c.MadeDir, d) })
	})
}

// target is the file that a change writes: a new one belongs to the engine's
// owner, one that replaces another keeps its owner and attributes, and one that is
// edited its mode, too.
func (t *tx) target(c trust.Change, content []byte, found *file) *file {
	o := t.e.owner()
	f := t.as(c.Kind, &file{Content: content, Mode: c.Mode & modeBits, UID: o.UID, GID: o.GID})
	if found != nil {
		f.UID, f.GID, f.Attrs = found.UID, found.GID, found.Attrs
		if c.Kind == trust.EditFile {
			f.Mode = found.Mode
		}
	}
	return f
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
