package consumers

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Unverified is a rule by which a tool of this machine connects to a registry
// without verifying it, so that whoever stands in between would read a password.
type Unverified struct {
	Party  trust.Party
	Origin string // the file that says so, or the name of a rule that is built in
	// Unresolved: the rule is for a range of addresses, and whether the registry is in
	// it cannot be told.
	Unresolved bool
}

// Resolver finds the addresses of a host's name.
type Resolver func(ctx context.Context, host string) ([]netip.Addr, error)

// FindUnverified looks for such a rule: in what the installed tools would do with
// the registry, and in the files of tools that run where Mooring does not see them
// (Docker Desktop's daemon), or under another name for it (a location or mirror of
// registries.conf, another port in hosts.toml). It reads files and asks running
// daemons, and resolves the name only if there are rules for addresses.
//
// A name that does not resolve is in no range to the tools (moby
// daemon/pkg/registry/config.go isCIDRMatch), which however ask anew, and whoever
// answers for the name chooses the address. So beside a range that somebody
// configured it is not let pass. Beside the built-in one it is: behind a proxy
// names need not resolve, and an address of this machine is of no use to the
// network.
func FindUnverified(ctx context.Context, w world.World, reg trust.Registry, resolve Resolver) (Unverified, bool) {
	f := unverified{w: Snapshot(w), reg: reg, host: dockerName(reg)}
	for _, m := range members(ctx, f.w) {
		if m.Consumer.Installed && !m.Consumer.Remote {
			f.consumer(m)
		}
	}
	f.daemonFiles()
	f.containers()
	f.hostsFiles()
	if f.found == nil {
		f.ranges(ctx, resolve)
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

// consumer takes over what one consumer would do. Its policy is asked without an
// address, so it hands on its ranges.
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

// daemonFiles reads every daemon.json there may be, whether or not its daemon was
// seen.
func (f *unverified) daemonFiles() {
	for _, path := range configfile.DaemonJSONFiles(f.w) {
		data, err := f.w.FS.ReadFile(path)
		if err != nil {
			continue // there is none, or the daemon was asked
		}
		conf, err := configfile.ReadDaemonJSON(data)
		if err != nil {
			continue // dockerd refuses to start
		}
		l := insecureList{names: map[string]string{}}
		for _, e := range conf.Insecure {
			l.add(e, path)
		}
		if origin, ok := l.match(f.host, netip.Addr{}); ok {
			f.say(trust.Docker, origin)
		}
		for _, n := range l.nets {
			f.nets = append(f.nets, netRule{trust.Docker, n})
		}
	}
}

// containers looks through registries.conf. The tools ask for credentials by the
// host they connect to, which an entry for another name may say; and an entry for
// some images of the registry sends the password for all of them.
func (f *unverified) containers() {
	if f.w.OS == "windows" {
		return
	}
	conf := readRegistriesConf(f.w)
	if conf.err != nil {
		return // the tools stop at it
	}
	if r, ok := conf.find(f.host); ok && r.Insecure {
		f.say(trust.Podman, conf.pathOf(r.Prefix))
	}
	for _, r := range conf.merged.Registries {
		insecure := r.Insecure && (hostPart(r.Prefix) == f.host || hostPart(r.Location) == f.host)
		for _, m := range r.Mirrors {
			insecure = insecure || m.Insecure && hostPart(m.Location) == f.host
		}
		if insecure {
			f.say(trust.Podman, conf.pathOf(r.Prefix))
		}
	}
}

// hostsFiles looks for entries that send requests for the registry to another port
// of it, without verification: credentials are asked for by the name alone.
func (f *unverified) hostsFiles() {
	if world.Exists(f.w.FS, systemCerts) {
		f.hosts(trust.Docker, hostsLoader{roots: []string{systemCerts}})
	}
	for _, c := range containerdClients(f.w) {
		if c.installed {
			f.hosts(trust.Containerd, c.loader)
		}
	}
}

func (f *unverified) hosts(party trust.Party, l hostsLoader) {
	r := begin(f.w, trust.Consumer{Party: party}, nil)
	entries, _ := r.entries(l, f.host)
	for _, e := range entries {
		host, _, err := net.SplitHostPort(e.host)
		if err != nil {
			host = strings.Trim(e.host, "[]")
		}
		configured := e.origin != ruleLocalhost // which consumers have said already
		if configured && host == f.reg.Host() && (e.scheme == "http" || e.skip != nil && *e.skip) {
			f.say(party, e.origin)
		}
	}
}

// ranges compares the registry's addresses with the ranges that are not verified.
func (f *unverified) ranges(ctx context.Context, resolve Resolver) {
	if len(f.nets) == 0 || f.host == hubName {
		return
	}
	addresses := []netip.Addr{f.reg.IP()}
	if !addresses[0].IsValid() {
		var err error
		if addresses, err = resolve(ctx, f.reg.Host()); err != nil || len(addresses) == 0 {
			f.unresolved()
			return
		}
	}
	for _, n := range f.nets {
		if slices.ContainsFunc(addresses, func(a netip.Addr) bool { return n.Prefix.Contains(a.Unmap()) }) {
			f.say(n.party, n.Origin)
		}
	}
}

func (f *unverified) unresolved() {
	for _, n := range f.nets {
		if n.Origin != ruleLoopback {
			f.say(n.party, n.Origin)
			f.found.Unresolved = true
			return
		}
	}
}
