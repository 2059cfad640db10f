package helper

import (
	"context"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Direct is the helper's work within this process, for a person whose process has an
// administrator's rights already: the same rules, the same journal, and nobody is
// asked.
func Direct(w world.World) change.Privileged { return direct{w} }

type direct struct{ world world.World }

func (d direct) server() (server, error) {
	p, err := systemPlaces(d.world.OS)
	return server{world: d.world, places: p, guard: guardHere}, err
}

// KeepApart gives e, which does the person's own half on w in a process with an
// administrator's rights, a journal that nobody else can change. What a journal says is
// carried out: by one in the person's directory, every program of theirs could have
// files written with those rights.
func KeepApart(w world.World, e *change.Engine) {
	p, err := systemPlaces(w.OS)
	e.Dir, e.GuardJournal = p.own, func(dir string) error {
		if err != nil {
			return err
		}
		return guardHere(dir)
	}
}

// Apply implements [change.Privileged].
func (d direct) Apply(ctx context.Context, id string, p trust.Plan) (trust.Receipt, error) {
	s, err := d.server()
	if err != nil {
		return trust.Receipt{}, change.As(err)
	}
	return s.engine(ActionFor(p.Reach).Reach()).ApplyAs(ctx, id, p, nil)
}

// Undo implements [change.Privileged].
func (d direct) Undo(ctx context.Context, id string, reach trust.Reach) (trust.Receipt, error) {
	s, err := d.server()
	if err != nil {
		return trust.Receipt{}, change.As(err)
	}
	return s.undo(ctx, ActionFor(reach), id)
}

// Recover implements [change.Privileged].
func (d direct) Recover(ctx context.Context, id string, _ trust.Reach) (trust.Receipt, error) {
	s, err := d.server()
	if err != nil {
		return trust.Receipt{}, change.As(err)
	}
	return s.recover(ctx, id)
}
