package consumers

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Unverified is a rule by which a tool of this machine connects to a registry
// without verifying it, so that whoever stands in between would read a password.
type Unverified struct {
	Party trust.Party
	// Origin is the file that says so, the address of the daemon that does, or the
	// name of a rule that is built in.
	Origin string
	// Range is set where the rule is for a range of addresses and the registry is
	// written as a name: whoever answers for the name chooses the address.
	Range netip.Prefix
	// Unknown: the file is there and cannot be used, or the daemon does not answer,
	// so that the rule may be in it.
	Unknown bool
}

// Resolver finds the addresses of a host's name.
type Resolver func(ctx context.Context, host string) ([]netip.Addr, error)

// FindUnverified looks for such a rule: in what running daemons say of themselves,
// wherever they run; in what the installed tools would do with the registry; and in
// the files of tools that run where Mooring does not see them, or under another
// name for it (a location or mirror of registries.conf, another port in
// hosts.toml). It resolves the name only if there are rules for this computer's own
// addresses.
//
// What cannot be read or asked counts as a rule, for it may hold one; only a file
// that does not exist says nothing. A daemon's own word stands for its daemon.json,
// and one that may not be asked is not one that this session uses. Daemons on other
// machines are not asked (package engine).
//
// A tool resolves a name anew, and to who answers for it any address is as good as
// another. So beside a range that somebody configured no name is let pass, whatever
// it resolves to here. Beside this computer's own addresses one is: they are of no
// use to the network.
func FindUnverified(ctx context.Context, w world.World, reg trust.Registry, resolve Resolver) (Unverified, bool) {
	return findUnverified(ctx, w, reg, resolve, &dockers{ask: engine.Dockers})
}

func findUnverified(ctx context.Context, w world.World, reg trust.Registry, resolve Resolver, d *dockers) (Unverified, bool) {
	f := unverified{w: Snapshot(w), reg: reg, host: dockerName(reg)}
	all := members(ctx, f.w, readers(d))
	f.daemons(d.all)
	for _, m := range all {
		if m.Consumer.Installed && !m.Consumer.Remote {
			f.consumer(m)
		}
	}
	f.daemonFiles(d.all)
	f.containers()
	f.nerdctl()
	f.buildkit()
	f.hostsFiles(d.found)
	if f.found == nil {
		f.ranges()
	}
	if f.found == nil {
		f.found = f.doubt
	}
	if f.found == nil {
		f.loopback(ctx, resolve)
	}
	if f.found == nil {
		return Unverified{}, false
	}
	return *f.found, true
}

type unverified struct {
	w     world.World
	reg   trust.Registry
	host  string
	nets  []netRule
	found *Unverified
	doubt *Unverified // used where nothing is found
}

type netRule struct {
	party trust.Party
	trust.InsecureNet
}

func (f *unverified) say(party trust.Party, origin string) {
	if f.found == nil {
		f.found = &Unverified{Party: party, Origin: origin}
	}
}

// unknown notes what cannot be read or asked.
func (f *unverified) unknown(party trust.Party, origin string) {
	if f.doubt == nil {
		f.doubt = &Unverified{Party: party, Origin: origin, Unknown: true}
	}
}

// daemons takes the running daemons' own word. They are given the password to
// connect with, so it does not matter where they run or who uses them now.
func (f *unverified) daemons(all []engine.Docker) {
	for _, d := range all {
		switch {
		case d.Answered:
			r := begin(f.w, trust.Consumer{Party: trust.Docker}, nil)
			f.list(r.insecure(describe(f.w, d, true)))
		case d.Silent:
			f.unknown(trust.Docker, d.Host)
		}
	}
}

// list takes over what a Docker daemon does not verify.
func (f *unverified) list(l insecureList) {
	if origin, ok := l.match(f.host, netip.Addr{}); ok {
		f.say(trust.Docker, origin)
	}
	for _, n := range l.nets {
		f.nets = append(f.nets, netRule{trust.Docker, n})
	}
}

// consumer takes over what one consumer would do. Its policy is asked without an
// address, so it hands on its ranges. Why a policy is unknown is no matter here:
// the files that could hold a rule are looked at one by one.
func (f *unverified) consumer(m Member) {
	p := m.Reader.Policy(f.w, m.Consumer, Query{
		Registry: f.reg, Role: trust.RoleRegistry, Host: f.reg.String(), System: &SystemStore{},
	})
	switch {
	case p.SkipVerify != "":
		f.say(m.Consumer.Party, p.SkipVerify)
	case p.PlainHTTP:
		f.say(m.Consumer.Party, lastFound(p.Looked))
	}
	for _, n := range p.InsecureNets {
		f.nets = append(f.nets, netRule{m.Consumer.Party, n})
	}
}

// lastFound is the file that had the last word.
func lastFound(looked []trust.Look) string {
	for _, l := range slices.Backward(looked) {
		if l.Found && strings.HasSuffix(l.Path, ".toml") {
			return l.Path
		}
	}
	return "hosts.toml"
}

// ranges compares the registry with the ranges that somebody configured.
func (f *unverified) ranges() {
	for _, n := range f.nets {
		switch {
		case isLoopback(n.Prefix), f.host == hubName: // which is always verified
		case f.reg.IP().IsValid():
			if n.Holds(f.reg.IP()) {
				f.say(n.party, n.Origin)
			}
		case f.found == nil:
			f.found = &Unverified{Party: n.party, Origin: n.Origin, Range: n.Prefix}
		}
	}
}

// loopback compares the registry's addresses with those of this computer. A name
// that does not resolve is in no range to the tools (moby
// daemon/pkg/registry/config.go isCIDRMatch); behind a proxy it need not resolve.
func (f *unverified) loopback(ctx context.Context, resolve Resolver) {
	if len(f.nets) == 0 || f.host == hubName {
		return
	}
	addresses := []netip.Addr{f.reg.IP()}
	if !addresses[0].IsValid() {
		addresses, _ = resolve(ctx, f.reg.Host())
	}
	for _, n := range f.nets {
		if isLoopback(n.Prefix) && slices.ContainsFunc(addresses, n.Holds) {
			f.say(n.party, n.Origin)
		}
	}
}

// isLoopback reports whether a range has addresses of this computer only.
func isLoopback(p netip.Prefix) bool {
	return slices.ContainsFunc(loopbackNets, func(l netip.Prefix) bool {
		return p.Bits() >= l.Bits() && l.Contains(p.Addr())
	})
}
