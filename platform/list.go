package platform

import (
	"context"
	"errors"
	"slices"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
)

// Registries implements Service: what the machine's files name, then what the
// person added, each with its origins. An unreadable file, our own included,
// keeps none of the others from being listed; what went wrong is in the error
// beside the list.
func (m *Machine) Registries(ctx context.Context, o ListOptions) ([]Known, error) {
	own, err := m.state.Load()
	scope := DefaultScope(consumers.Installed(ctx, m.World))
	found, problems := discover.Find(ctx, m.World, discover.Options{AskEngines: o.AskEngines})
	var out []Known
	at := map[trust.Registry]int{}
	add := func(r trust.Registry) *Known {
		i, ok := at[r]
		if !ok {
			i = len(out)
			at[r] = i
			out = append(out, Known{Registry: r, Scope: scope})
		}
		return &out[i]
	}
	for _, f := range found {
		k := add(f.Registry)
		for _, origin := range f.Origins {
			k.Origins = append(k.Origins, Origin(origin))
		}
	}
	for _, e := range own {
		if _, found := at[e.Registry]; !found && !e.Added {
			continue // hidden or scoped once, and no longer there
		}
		k := add(e.Registry)
		k.Added, k.Hidden = e.Added, e.Hidden
		if e.Added {
			k.Origins = append(k.Origins, Origin{Kind: "added", Path: m.state.Path()})
		}
		if len(e.Scope) > 0 {
			k.Scope = e.Scope
		}
	}
	if !o.Hidden {
		out = slices.DeleteFunc(out, func(k Known) bool { return k.Hidden })
	}
	return out, errors.Join(err, problemsError(problems))
}

// Add implements Service.
func (m *Machine) Add(_ context.Context, r trust.Registry) error { return m.state.Add(r) }

// Remove implements Service: one that was found is hidden, since it would only
// be found again.
func (m *Machine) Remove(ctx context.Context, r trust.Registry) error {
	found, _ := discover.Find(ctx, m.World, discover.Options{})
	isFound := slices.ContainsFunc(found, func(f discover.Found) bool { return f.Registry == r })
	return m.state.Remove(r, isFound)
}

// SetScope implements Service.
func (m *Machine) SetScope(_ context.Context, r trust.Registry, parties []trust.Party) error {
	return m.state.SetScope(r, parties)
}

// InstalledParties implements Service.
func (m *Machine) InstalledParties(ctx context.Context) []trust.Party {
	return consumers.Installed(ctx, m.World)
}

// remember keeps who issued the server's certificate, so that a change can be
// told. That it could not be kept is no reason to fail a check.
func (m *Machine) remember(p trust.Probe) {
	if len(p.Endpoints) > 0 && len(p.Endpoints[0].Sent) > 0 {
		_ = m.state.RecordSeen(p.Registry, p.Endpoints[0].Sent)
	}
}

// problemsError joins what discovery could not read; nil for nothing.
func problemsError(problems []discover.Problem) error {
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
