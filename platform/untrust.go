package platform

import (
	"context"
	"slices"
	"time"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/platform/store/all"
	"mooring.dev/mooring/trust"
)

// UntrustRequest says what shall no longer be trusted.
type UntrustRequest struct {
	// Registries lose what lies in their own directories, and the CAs in the trust
	// store of the computer by which they are trusted now.
	Registries []trust.Registry
	// Certificates go wherever they lie, if there are any; Registries is nil then.
	// Anchors are those of them of which there is more than the fingerprint.
	Certificates []trust.Fingerprint
	Anchors      []trust.Anchor
	// Store is what becomes of CAs in the trust store of the computer.
	Store planner.StoreChoice
}

// othersLimit bounds the time in which the other known registries are asked whether
// they are trusted by what shall go.
const othersLimit = 15 * time.Second

// PlanUntrust implements Service.
func (m *Machine) PlanUntrust(ctx context.Context, regs []trust.Registry) (trust.Plan, error) {
	return m.PlanRemoval(ctx, UntrustRequest{Registries: regs})
}

// PlanRemoval implements Doctor. The other known registries are only asked if a store
// that serves them as well would lose something.
func (m *Machine) PlanRemoval(ctx context.Context, q UntrustRequest) (trust.Plan, error) {
	return m.announced(m.removal(ctx, q))
}

func (m *Machine) removal(ctx context.Context, q UntrustRequest) (trust.Plan, error) {
	set := consumers.Gather(ctx, m.World)
	probes, err := m.probes(ctx, q.Registries, CheckOptions{})
	if err != nil {
		return trust.Plan{}, err
	}
	r := planner.Removal{
		Set: set, Probes: probes, Certificates: q.Certificates, Anchors: q.Anchors, Store: q.Store,
		Scope: m.scopes(set, nil), Writable: m.writable, Added: m.addedToStores(),
		Stores: func(list []trust.Anchor) ([]planner.Store, error) {
			return planner.ReadStores(ctx, all.Table(m.World), list, planner.AnyStore)
		},
	}
	plan, err := planner.Untrust(r)
	if err != nil || plan.Reach == trust.ReachRegistry && len(q.Certificates) == 0 {
		return plan, err
	}
	concerned := q.Registries
	if len(q.Certificates) > 0 { // what the CA meant to whom is seen only now
		concerned = parsed(plan.Registries)
		if r.Probes, _, err = m.seen(ctx, concerned); err != nil {
			return trust.Plan{}, err
		}
	}
	if plan.Reach != trust.ReachRegistry {
		if r.Others, r.Unasked, err = m.others(ctx, concerned); err != nil {
			return trust.Plan{}, err
		}
	}
	return planner.Untrust(r)
}

// parsed are registries by their names in a plan.
func parsed(names []string) []trust.Registry {
	var out []trust.Registry
	for _, name := range names {
		if r, _, err := trust.ParseRegistry(name); err == nil {
			out = append(out, r)
		}
	}
	return out
}

// others looks at the known registries but some, and counts those that do not answer
// in time.
func (m *Machine) others(ctx context.Context, but []trust.Registry) (seen []trust.Probe, unasked int, err error) {
	known, _ := m.Registries(ctx, ListOptions{Hidden: true}) // what cannot be read names none
	var regs []trust.Registry
	for _, k := range known {
		if !slices.Contains(but, k.Registry) {
			regs = append(regs, k.Registry)
		}
	}
	return m.seen(ctx, regs)
}

// seen looks at registries within a bounded time, and counts those that do not answer.
func (m *Machine) seen(ctx context.Context, regs []trust.Registry) (seen []trust.Probe, unasked int, err error) {
	at := map[trust.Registry]int{}
	for i, r := range regs {
		at[r] = i
	}
	bounded, cancel := context.WithTimeout(ctx, othersLimit)
	defer cancel()
	m.prober(CheckOptions{}).All(bounded, regs, func(p trust.Probe) {
		if slices.ContainsFunc(p.Endpoints, trust.Endpoint.Reachable) {
			seen = append(seen, p)
		}
	})
	slices.SortFunc(seen, func(a, b trust.Probe) int { return at[a.Registry] - at[b.Registry] })
	return seen, len(regs) - len(seen), ctx.Err()
}

// addedToStores reports what standing receipts say that Mooring put into stores.
func (m *Machine) addedToStores() func(trust.StoreID, trust.Fingerprint) bool {
	added := map[string]bool{}
	all, _ := m.applier().Own.History() // a damaged record says nothing here
	for _, r := range all {
		for _, d := range r.Changes {
			if r.State == trust.ReceiptApplied && d.Kind == trust.ChangeStore && d.Now != nil && d.Now.Held {
				added[string(d.Store)+" "+d.Certificate] = true
			}
		}
	}
	return func(id trust.StoreID, fp trust.Fingerprint) bool { return added[string(id)+" "+fp.String()] }
}
