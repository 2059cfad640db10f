package platform

import (
	"context"
	"errors"
	"slices"
	"time"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Doctor is what the faces use to end trust and to find what is stale.
type Doctor interface {
	// PlanRemoval plans to end trust: for registries, or of CAs wherever they lie.
	PlanRemoval(ctx context.Context, q UntrustRequest) (trust.Plan, error)
	// Examine looks for everything that is stale on this machine. Besides what
	// Ailments reads it asks the known registries, within a bounded time; of those
	// that do not answer nothing is claimed. progress may be nil.
	Examine(ctx context.Context, progress func(Progress)) ([]Ailment, error)
	// PlanRepair plans what mends an ailment of which Plan is set.
	PlanRepair(ctx context.Context, a Ailment) (trust.Plan, error)
}

// NoRepairError says that no plan mends an ailment.
type NoRepairError struct{ Ailment Ailment }

func (e *NoRepairError) Error() string { return string(e.Ailment.Code) + " is mended by hand" }

// Problem names the words of the error.
func (e *NoRepairError) Problem() (key string, args map[string]any) { return "no-repair", nil }

// ErrHealed says that an ailment is no longer there.
var ErrHealed = healed{}

type healed struct{}

func (healed) Error() string { return "there is nothing to mend any more" }

// Problem names the words of the error.
func (healed) Problem() (key string, args map[string]any) { return "healed", nil }

// examineLimit bounds the time in which the known registries are asked.
const examineLimit = 30 * time.Second

// Examine implements Doctor.
func (m *Machine) Examine(ctx context.Context, progress func(Progress)) ([]Ailment, error) {
	known, _ := m.Registries(ctx, ListOptions{Hidden: true}) // what cannot be read is an ailment
	var regs []trust.Registry
	for _, k := range known {
		regs = append(regs, k.Registry)
	}
	tell := func(done int) {
		if progress != nil {
			progress(Progress{Done: done, Total: len(regs), Step: "progress.examine"})
		}
	}
	tell(0)
	set := consumers.Gather(ctx, m.World)
	p := witness{patient: m.patient(set.World), set: set, regs: regs}
	out := p.ailments()
	p.probes = m.answers(ctx, regs, tell)
	for _, observe := range observations {
		out = append(out, observe(p, ctx)...)
	}
	slices.SortStableFunc(out, func(a, b Ailment) int { return rank(a) - rank(b) })
	return out, ctx.Err()
}

// rank puts what matters most first.
func rank(a Ailment) int {
	return slices.Index([]trust.Severity{trust.SeverityError, trust.SeverityWarning, trust.SeverityInfo}, a.Code.Severity())
}

// answers asks registries, and returns what those present that answer in time.
func (m *Machine) answers(ctx context.Context, regs []trust.Registry, tell func(done int)) map[trust.Registry]trust.Probe {
	ctx, cancel := context.WithTimeout(ctx, examineLimit)
	defer cancel()
	out, done := map[trust.Registry]trust.Probe{}, 0
	m.prober(CheckOptions{}).All(ctx, regs, func(p trust.Probe) {
		done++
		tell(done)
		if slices.ContainsFunc(p.Endpoints, trust.Endpoint.Reachable) {
			out[p.Registry] = p
		}
	})
	return out
}

// PlanRepair implements Doctor. It looks again: what has changed since is not what
// the person saw.
func (m *Machine) PlanRepair(ctx context.Context, a Ailment) (trust.Plan, error) {
	switch {
	case !a.Plan:
		return trust.Plan{}, &NoRepairError{a}
	case a.Code == AilKeyInCA, a.Code == AilOpenKey:
		return m.planProtect(ctx, a)
	case a.Code == AilPlaintext:
		return m.PlanMove(ctx, a.Registry)
	case a.Code == AilHelperMissing:
		return m.PlanUnregister(ctx)
	case a.Code == AilNoStore && len(a.Repair) > 1:
		r, _, err := trust.ParseRegistry(a.Repair[1])
		if err != nil {
			return trust.Plan{}, err
		}
		return m.PlanUse(ctx, r, []trust.Party{trust.Docker}, true)
	}
	return m.planDiscard(ctx, a)
}

// planDiscard plans to take away the files of an ailment. Nobody in scope may be
// worse off for it.
func (m *Machine) planDiscard(ctx context.Context, a Ailment) (trust.Plan, error) {
	set := consumers.Gather(ctx, m.World)
	files := holding(set.World, a)
	if len(files) == 0 {
		return trust.Plan{}, ErrHealed
	}
	var regs []trust.Registry
	store := false
	for _, f := range files {
		store = store || f.Store
		if !f.Registry.IsZero() && !slices.Contains(regs, f.Registry) {
			regs = append(regs, f.Registry)
		}
	}
	probes, err := m.probes(ctx, regs, CheckOptions{})
	if err != nil {
		return trust.Plan{}, err
	}
	r := planner.Removal{Set: set, Probes: probes, Files: files, Scope: m.scopes(set, nil), Writable: m.writable}
	if store {
		if r.Others, r.Unasked, err = m.others(ctx, regs); err != nil {
			return trust.Plan{}, err
		}
	}
	plan, err := planner.Untrust(r)
	if errors.Is(err, planner.ErrNothingHeld) {
		err = ErrHealed
	}
	return plan, err
}

// holding are the files that an ailment names, as long as they hold its certificate.
func holding(w world.World, a Ailment) []discover.CAFile {
	names := a.Files
	if len(names) == 0 {
		names = []string{a.Path}
	}
	var out []discover.CAFile
	for _, f := range slices.Concat(discover.CAFiles(w, nil), discover.StoreFiles(w)) {
		if slices.Contains(names, f.Path) && f.Holds(a.Certificate) {
			out = append(out, f)
		}
	}
	return out
}
