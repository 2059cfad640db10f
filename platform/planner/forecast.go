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
	for i, p := range slices.Concat(b.in.Probes, b.others) {
		other := i >= len(b.in.Probes)
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
				if other && f.After == f.Before {
					continue
				}
				b.plan.Forecast = append(b.plan.Forecast, f)
				if w.Effective != "" && w.Consumer.Installed {
					b.plan.Restarts = trust.AddRestart(b.plan.Restarts, w.Restart)
				}
				b.forget(v, w, then.Policies[i])
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

// forget notes what has to be restarted before a consumer stops trusting an anchor
// that it has read from the OS store already.
func (b *builder) forget(now, then trust.Verdict, p trust.Policy) {
	last := len(now.Path) - 1
	if len(b.shift.Gone) == 0 || now.State != trust.Trusted || then.State == trust.Trusted || last < 0 || !now.Consumer.Installed {
		return
	}
	if slices.ContainsFunc(b.shift.Gone, func(a trust.Anchor) bool { return a.Cert.Equal(now.Path[last].Cert) }) {
		b.restarts(trust.Restart{Party: now.Consumer.Party, Name: p.Restart, Command: p.RestartCommand, Engine: p.Engine})
	}
}
