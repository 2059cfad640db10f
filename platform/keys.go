package platform

import (
	"context"
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// protectable reports whether a plan can take the key in a file from the sight of
// others: a file of one registry that holds a key which can be recognised, and no link.
func (p patient) protectable(name string, r trust.Registry) bool {
	ext := path.Ext(name)
	if r.IsZero() || p.w.OS == "windows" || ext != ".crt" && ext != ".key" || p.w.Live() && strings.HasPrefix(name, "/var/snap/") {
		return false
	}
	i, err := p.w.FS.Lstat(name)
	if err != nil || !i.Mode.IsRegular() {
		return false
	}
	data, err := p.w.FS.ReadFile(name)
	return err == nil && certfile.Examine(data).Keys > 0
}

// planProtect plans to take a key from the sight of others, if it is still there.
func (m *Machine) planProtect(ctx context.Context, a Ailment) (trust.Plan, error) {
	set := consumers.Gather(ctx, m.World)
	p := m.patient(set.World)
	same := func(b Ailment) bool { return b.Plan && a.ID() == b.ID() }
	if !slices.ContainsFunc(slices.Concat(p.keysInCAFiles(), p.openKeys()), same) {
		return trust.Plan{}, ErrHealed
	}
	probes, err := m.probes(ctx, []trust.Registry{a.Registry}, CheckOptions{})
	if err != nil {
		return trust.Plan{}, err
	}
	return m.announced(planner.Protect(planner.Protection{
		Set: set, Probe: probes[0], Path: a.Path, Scope: m.scopes(set, nil), Writable: m.writable,
	}))
}
