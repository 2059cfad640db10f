package change

import (
	"context"
	"slices"

	"mooring.dev/mooring/trust"
)

// maxOutput bounds what a receipt keeps of a command's output.
const maxOutput = 4 << 10

// noteHeld records what the derived stores held before anything was changed.
func (t *tx) noteHeld() error {
	if t.e.Commands == nil {
		return nil
	}
	for n, d := range t.r.Receipt.Changes {
		if d.Kind != trust.RunCommand {
			continue
		}
		held, err := t.held(&d)
		if err != nil {
			return err
		}
		t.r.Held[n] = held
	}
	return nil
}

// runAdding runs a command of the plan and checks by the derived store itself
// that it did what the plan is for.
func (t *tx) runAdding(ctx context.Context, n int) error {
	d := &t.r.Receipt.Changes[n]
	if t.e.Commands == nil {
		d.Skipped = true
		return nil
	}
	removing := t.r.Receipt.Action == "untrust"
	t.r.Started[n] = true
	if err := t.j.save(t.r); err != nil {
		return err
	}
	err := t.run(ctx, d, removing)
	if err != nil || d.Skipped {
		return err
	}
	if removing {
		d.Remains, err = t.left(d)
		return err
	}
	after, err := t.held(d)
	if err != nil {
		return err
	}
	for _, a := range t.r.Receipt.Anchors {
		if !slices.Contains(after, a.SHA256) {
			return Refuse(ErrNotTaken, d.Command, "%s", a.SHA256)
		}
	}
	d.Added = slices.DeleteFunc(after, func(fp string) bool { return slices.Contains(t.r.Held[n], fp) })
	return nil
}

// runTakingBack lets the command see that its sources are as before, and notes
// which certificates the derived store still holds from elsewhere.
func (t *tx) runTakingBack(ctx context.Context, n int, d *trust.Done) error {
	if t.e.Commands == nil || !t.r.Started[n] {
		return nil
	}
	if err := t.run(ctx, d, t.r.Receipt.Action != "untrust"); err != nil || d.Skipped {
		return err
	}
	after, err := t.left(d)
	if err != nil {
		return err
	}
	d.Remains = slices.DeleteFunc(after, func(fp string) bool { return slices.Contains(t.r.Held[n], fp) })
	return nil
}

func (t *tx) run(ctx context.Context, d *trust.Done, undo bool) error {
	t.progress.tell(Step{Done: len(t.r.Receipt.Changes) - 1, Total: len(t.r.Receipt.Changes), Kind: d.Kind, Path: d.Command, Undo: undo})
	if err := fault(t.e.Fault).at(faultCommand, d.Command); err != nil {
		return failed("", err)
	}
	output, ran, err := t.e.Commands.Run(ctx, d.Command, undo)
	d.Output, d.Skipped = output[:min(len(output), maxOutput)], !ran && err == nil
	if err != nil {
		return &Error{Code: ErrCommandFailed, Path: d.Command, Detail: err.Error(), cause: err}
	}
	return nil
}

// held are the certificates of the plan that the command's derived store holds now,
// left those that any does which is derived with it.
func (t *tx) held(d *trust.Done) ([]string, error) { return t.members(d, t.e.Commands.Holds) }
func (t *tx) left(d *trust.Done) ([]string, error) { return t.members(d, t.e.Commands.Left) }

func (t *tx) members(d *trust.Done, ask func(string, []string) ([]string, error)) ([]string, error) {
	var fingerprints []string
	for _, a := range t.r.Receipt.Anchors {
		fingerprints = append(fingerprints, a.SHA256)
	}
	var held []string
	err := fault(t.e.Fault).at(faultHolds, d.Command)
	if err == nil {
		held, err = ask(d.Command, fingerprints)
	}
	if err != nil {
		return nil, &Error{Code: ErrCommandFailed, Path: d.Command, Detail: err.Error(), cause: err}
	}
	return held, nil
}
