package planner

import (
	"slices"

	"mooring.dev/mooring/trust"
)

// finish judges the plan against the overlay and completes it.
func (b *builder) finish() (trust.Plan, error) {
	b.plan.Schema, b.plan.Action = trust.PlanSchema, "trust"
	if b.plan.Reach == "" {
		b.plan.Reach = trust.ReachRegistry
	}
	after := b.in.Set.Over(b.overlay, b.shift)
	for _, p := range b.in.Probes {
		scope := b.in.Scope(p.Registry)
		for _, ep := range p.Endpoints {
			now := b.in.Set.Judge(p, ep, nil, b.now)
			then := after.Judge(p, ep, nil, b.now)
			for i, v := range now.Verdicts {
				w := then.Verdicts[i]
				f := forecast(p, ep, v, w, scope)
				if _, closed := b.closed[closedTo{v.Consumer, f.Registry}]; closed && (f.Reason == trust.UnknownAuthority || f.Reason == trust.ClientCertificateRequired) {
					f.Reason = trust.HostsTOMLWins
				}
				if !b.worsens && f.InScope && f.After > f.Before && f.Effective == "" {
					return trust.Plan{}, &WorseError{f}
				}
				b.plan.Forecast = append(b.plan.Forecast, f)
				if w.Effective != "" && w.Consumer.Installed {
					b.plan.Restarts = trust.AddRestart(b.plan.Restarts, w.Restart)
				}
			}
		}
	}
	return b.plan, nil
}

func forecast(p trust.Probe, ep trust.Endpoint, now, then trust.Verdict, scope []trust.Party) trust.Forecast {
	c := now.Consumer
	return trust.Forecast{
		Registry: p.Registry.String(), Endpoint: ep.Address, Party: c.Party, Instance: c.Instance,
		Operation: c.Operation, InScope: slices.Contains(scope, c.Party),
		Before: now.State, After: then.State, Reason: then.Reason, Effective: then.Effective,
	}
}

// restarts adds a restart; the zero value is none.
func (b *builder) restarts(r trust.Restart) {
	if r.Name != "" {
		b.plan.Restarts = trust.AddRestart(b.plan.Restarts, r)
	}
}
