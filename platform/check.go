package platform

import (
	"context"
	"slices"
	"sync"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/diagnose"
	"mooring.dev/mooring/trust/probe"
)

// Check implements Service. Consumers and the OS store are read once; each
// registry is judged as soon as its probe is in.
func (m *Machine) Check(ctx context.Context, regs []trust.Registry, o CheckOptions, each func(trust.Report)) error {
	return m.check(ctx, regs, o, func(r trust.Report, _ [][]trust.Policy) { each(r) })
}

// check is Check, and hands on each endpoint's policies as well.
func (m *Machine) check(ctx context.Context, regs []trust.Registry, o CheckOptions, each func(trust.Report, [][]trust.Policy)) error {
	c := m.checker(ctx, o)
	words := m.engineWords(ctx, c.set, o.EngineWord)
	m.prober(o).All(ctx, regs, func(p trust.Probe) {
		r, policies := c.judged(p)
		r.Proved = words(ctx, p.Registry)
		each(r, policies)
	})
	return ctx.Err()
}

func (m *Machine) checker(ctx context.Context, o CheckOptions) checker {
	set := consumers.Gather(ctx, m.World)
	return checker{
		machine: m, set: set, options: o, scope: m.scopes(set, o.Parties), open: m.plaintext(ctx),
		held: sync.OnceValue(func() *trust.AnchorSet { return discover.Held(set.World, set.System.Anchors) }),
	}
}

func (m *Machine) prober(o CheckOptions) *probe.Prober {
	p := m.Prober
	if o.Timeout > 0 {
		p.Timeout = o.Timeout
	}
	if o.Jobs > 0 {
		p.Jobs = o.Jobs
	}
	return &p
}

// checker is what one check has read of the machine.
type checker struct {
	machine *Machine
	set     *consumers.Set
	scope   func(trust.Registry) []trust.Party
	held    func() *trust.AnchorSet
	open    map[trust.Registry][]trust.Note // passwords that lie open
	options CheckOptions
}

// report turns what was seen of one registry into its report.
func (c *checker) report(p trust.Probe) trust.Report {
	r, _ := c.judged(p)
	return r
}

// judged is report, with the policies that each endpoint was judged by.
func (c *checker) judged(p trust.Probe) (trust.Report, [][]trust.Policy) {
	now := c.machine.World.Now()
	r := trust.Report{
		Registry: p.Registry, At: p.At, Elapsed: p.Elapsed, Auth: p.Auth,
		Scope: c.scope(p.Registry),
	}
	in := diagnose.Input{
		Probe: p, Scope: r.Scope, Now: now, Held: c.held, Notes: c.open[p.Registry],
		LastSeen: c.machine.state.LastSeen(p.Registry),
	}
	for _, ep := range p.Endpoints {
		j := c.set.Judge(p, ep, c.options.Given, now)
		if len(c.options.Parties) > 0 {
			j = only(j, c.options.Parties)
		}
		r.Endpoints = append(r.Endpoints, trust.EndpointReport{Endpoint: ep, Verdicts: j.Verdicts})
		in.Policies = append(in.Policies, j.Policies)
		in.Verdicts = append(in.Verdicts, j.Verdicts)
	}
	r.Findings = diagnose.Findings(in)
	explain(&r)
	c.machine.remember(p)
	return r, in.Policies
}

// explain gives verdicts their more exact reason where the diagnosis knows one: a
// TLS library calls an authority unknown also when the server merely fails to
// send the intermediate below one that is known.
func explain(r *trust.Report) {
	for _, f := range r.Findings {
		if f.Code != trust.IncompleteChain || f.Endpoint == trust.NoIndex {
			continue
		}
		for i := range r.Endpoints[f.Endpoint].Verdicts {
			if v := &r.Endpoints[f.Endpoint].Verdicts[i]; v.Reason == trust.UnknownAuthority {
				v.Reason = f.Code
			}
		}
	}
}

// plaintext notes, for each registry, the files in which a password for it lies
// open. What discovery cannot read it reports when the registries are listed.
func (m *Machine) plaintext(ctx context.Context) map[trust.Registry][]trust.Note {
	out := map[trust.Registry][]trust.Note{}
	found, _ := discover.Find(ctx, m.World, discover.Options{})
	for _, f := range found {
		for _, path := range f.Plaintext {
			out[f.Registry] = append(out[f.Registry], trust.Note{Code: trust.PlaintextCredentials, Path: path})
		}
	}
	return out
}

// only keeps the consumers of the named parties.
func only(j consumers.Judgement, parties []trust.Party) consumers.Judgement {
	var out consumers.Judgement
	for i, v := range j.Verdicts {
		if slices.Contains(parties, v.Consumer.Party) {
			out.Verdicts = append(out.Verdicts, v)
			out.Policies = append(out.Policies, j.Policies[i])
		}
	}
	return out
}

// scopes tells the parties that a registry is meant to work with: those asked for
// now, else those the person set, else the container engines that are installed.
// On a machine without any engine the forecasts for Docker and Podman stand in: an
// image or a fresh machine is checked for what will run on it.
func (m *Machine) scopes(set *consumers.Set, asked []trust.Party) func(trust.Registry) []trust.Party {
	if len(asked) > 0 {
		return func(trust.Registry) []trust.Party { return asked }
	}
	decided, other := m.state.Scopes(), DefaultScope(set.Installed())
	return func(r trust.Registry) []trust.Party {
		if s := decided(r); len(s) > 0 {
			return s
		}
		return slices.Clone(other)
	}
}

// DefaultScope picks the container engines among the installed parties.
func DefaultScope(installed []trust.Party) []trust.Party {
	var out []trust.Party
	for _, p := range installed {
		if p.Engine() {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return []trust.Party{trust.Docker, trust.Podman}
	}
	return out
}

// engineWords returns a function that asks each reachable local Docker daemon by
// its real pull path, or one that asks nobody.
func (m *Machine) engineWords(ctx context.Context, set *consumers.Set, ask bool) func(context.Context, trust.Registry) []trust.EngineWord {
	if !ask || !m.World.Live() {
		return func(context.Context, trust.Registry) []trust.EngineWord { return nil }
	}
	daemons := engine.Dockers(ctx, m.World)
	return func(ctx context.Context, r trust.Registry) []trust.EngineWord {
		var out []trust.EngineWord
		for _, d := range daemons {
			if d.Answered {
				out = append(out, engine.PullWord(ctx, d, r, set.Others(d.Host, r)...))
			}
		}
		return out
	}
}
