package consumers

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Member is a consumer together with the party's reader that knows its files.
type Member struct {
	Reader   Reader
	Consumer trust.Consumer
}

// Set is every consumer of a machine and the OS store, found once a check and
// safe for concurrent use. Over an overlay the same set foretells what a plan
// would do.
type Set struct {
	World   world.World
	Members []Member
	System  *SystemStore
	Shift   Shift // of stores, in a set over an overlay
}

// Gather finds the consumers of w and reads its OS store, all from one snapshot
// of the files: take a new set for each check. What takes time (the store,
// running engines, asking programs for their version) goes side by side.
func Gather(ctx context.Context, w world.World) *Set {
	s := &Set{World: Snapshot(w)}
	var tools map[string]engine.Tool
	var wg sync.WaitGroup
	wg.Go(func() { s.System = ReadSystem(s.World) })
	wg.Go(func() { tools = engine.Tools(ctx, s.World) })
	s.Members = members(ctx, s.World, Readers())
	wg.Wait()
	for i, m := range s.Members {
		s.Members[i].Consumer = versioned(m.Consumer, tools)
	}
	return s
}

// Installed lists the parties of which at least one consumer is installed on w.
func Installed(ctx context.Context, w world.World) []trust.Party {
	s := Set{Members: members(ctx, Snapshot(w), Readers())}
	return s.Installed()
}

// members finds all consumers. Parties are asked side by side, since each may
// wait for a running engine.
func members(ctx context.Context, w world.World, readers []Reader) []Member {
	found := make([][]trust.Consumer, len(readers))
	var wg sync.WaitGroup
	for i, r := range readers {
		wg.Go(func() { found[i] = r.Consumers(ctx, w) })
	}
	wg.Wait()
	var out []Member
	for i, r := range readers {
		for _, c := range found[i] {
			out = append(out, Member{r, c})
		}
	}
	return out
}

// versioned fills in the version of a tool that is no daemon: of the first of the
// party's programs that is there.
func versioned(c trust.Consumer, tools map[string]engine.Tool) trust.Consumer {
	for _, name := range programs[c.Party] {
		if t, ok := tools[name]; ok && c.Installed && c.Version == "" {
			c.Version = t.Version
		}
	}
	return c
}

// programs are a party's programs, the one that names its version first.
var programs = map[trust.Party][]string{
	trust.Podman:     {"podman", "buildah", "skopeo"},
	trust.Containerd: {"containerd", "nerdctl"},
}

// Shift is what a plan changes in trust stores. An anchor's source is its store, or
// the file from which the OS store is derived.
type Shift struct{ Added, Gone []trust.Anchor }

// ofSystem is the part of the shift that concerns the OS store.
func (s Shift) ofSystem() Shift {
	other := func(a trust.Anchor) bool {
		id := a.Source.Store()
		return id != "" && id.Kind() != trust.StoreWindows && id.Kind() != trust.StoreKeychain
	}
	return Shift{slices.DeleteFunc(slices.Clone(s.Added), other), slices.DeleteFunc(slices.Clone(s.Gone), other)}
}

// of is the part of the shift that concerns one store.
func (s Shift) of(id trust.StoreID) Shift {
	other := func(a trust.Anchor) bool { return a.Source.Store() != id }
	return Shift{slices.DeleteFunc(slices.Clone(s.Added), other), slices.DeleteFunc(slices.Clone(s.Gone), other)}
}

// on is anchors as the shift leaves them.
func (s Shift) on(anchors []trust.Anchor) []trust.Anchor {
	gone := trust.NewAnchorSet(s.Gone)
	left := slices.DeleteFunc(slices.Clone(anchors), func(a trust.Anchor) bool {
		_, ok := gone.Find(a.Cert)
		return ok
	})
	return append(left, s.Added...)
}

// Over returns the set as it would be with the files of fs and with the stores
// shifted, which only now happened.
func (s *Set) Over(fs world.FS, shift Shift) *Set {
	o := *s
	o.World = Snapshot(s.World.WithFS(fs))
	o.Shift = shift
	o.System = s.System.With(shift.ofSystem())
	return &o
}

// Installed lists the parties of which at least one consumer is installed.
func (s *Set) Installed() []trust.Party {
	var out []trust.Party
	seen := map[trust.Party]bool{}
	for _, m := range s.Members {
		if p := m.Consumer.Party; m.Consumer.Installed && !seen[p] {
			seen[p] = true
			out = append(out, p)
		}
	}
	return out
}

// Judgement is what every consumer makes of one endpoint; the slices run
// parallel.
type Judgement struct {
	Policies []trust.Policy
	Verdicts []trust.Verdict
}

// Judge reads every consumer's policy for an endpoint and judges it. With given
// anchors each consumer that takes any is judged as if it had them as well.
func (s *Set) Judge(p trust.Probe, ep trust.Endpoint, given []trust.Anchor, at time.Time) Judgement {
	q := Query{
		Registry: p.Registry, Role: ep.Role, Host: hostOf(p, ep),
		Auth: p.Auth.Scheme, System: s.System, Shift: s.Shift, IP: registryIP(p),
	}
	j := Judgement{Policies: make([]trust.Policy, 0, len(s.Members))}
	for _, m := range s.Members {
		if !concerns(m.Consumer, ep.Role) {
			continue
		}
		policy := m.Reader.Policy(s.World, m.Consumer, q)
		policy.Anchors = append(policy.Anchors[:len(policy.Anchors):len(policy.Anchors)], given...)
		j.Policies = append(j.Policies, policy)
	}
	j.Verdicts = trust.JudgeAll(ep, j.Policies, at)
	return j
}

// Policies reads what every consumer would bring to the registry itself.
func (s *Set) Policies(reg trust.Registry) []trust.Policy {
	q := Query{Registry: reg, Role: trust.RoleRegistry, Host: reg.String(), System: s.System, Shift: s.Shift}
	out := make([]trust.Policy, len(s.Members))
	for i, m := range s.Members {
		out[i] = m.Reader.Policy(s.World, m.Consumer, q)
	}
	return out
}

// hostOf is the host[:port] under which a consumer would look the endpoint up:
// the registry as the image reference writes it, others by their address.
func hostOf(p trust.Probe, ep trust.Endpoint) string {
	if ep.Role == trust.RoleRegistry {
		return p.Registry.String()
	}
	return ep.Address
}

// registryIP is the address at which the registry itself answered.
func registryIP(p trust.Probe) netip.Addr {
	for _, ep := range p.Endpoints {
		if ep.Role == trust.RoleRegistry {
			return ep.IP
		}
	}
	return netip.Addr{}
}

// concerns says whether a consumer ever connects to an endpoint of this role: a
// login never follows a blob's redirect.
func concerns(c trust.Consumer, role trust.Role) bool {
	return role != trust.RoleRedirect || c.Operation != trust.OpLogin
}
