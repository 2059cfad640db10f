// Package planner makes plans: which files, commands and restarts give the
// relying parties in scope an anchor with the least reach. It writes nothing.
//
// Every plan is judged against an overlay of the machine before anyone sees it,
// by the same code as a check; one that would make a party in scope worse is
// refused.
package planner

import (
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"time"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// Input is what a trust plan is made from.
type Input struct {
	Set     *consumers.Set
	Probes  []trust.Probe // of the registries, freshly made
	Anchors []trust.Anchor
	// Scope lists the parties that shall trust a registry. With trust.System in it
	// the plan reaches the whole computer.
	Scope func(trust.Registry) []trust.Party
	// Stores are the trust stores that parties of this machine read, besides files.
	Stores []Store
	// Reach is how wide an OS store may be; "": the narrowest there is.
	Reach trust.Reach
	// AllowLeaf: the person asked for a certificate that is not a CA.
	AllowLeaf bool
	// Writable reports whether the person may create or change path without
	// further rights.
	Writable func(path string) bool
}

// The reasons for which no plan is made. Their words are those of the codes.
var (
	ErrNoAnchor = errors.New("no certificate was chosen")
	ErrNoPlace  = errors.New("no party in scope has a place for an anchor of one registry")
)

// HostsTOMLError says that the parties in scope would read no file that a plan
// could write, because File, a hosts.toml, names those they read.
type HostsTOMLError struct{ File string }

func (e *HostsTOMLError) Error() string { return e.File + " alone says which CA files are read" }

// LeafError says that an anchor is not a CA and nobody asked for that.
type LeafError struct{ Subject string }

func (e *LeafError) Error() string {
	return fmt.Sprintf("%q is not a CA: it would have to be installed again at each renewal", e.Subject)
}

// WorseError says that a plan was withheld because a party in scope would be
// worse off.
type WorseError struct{ Forecast trust.Forecast }

func (e *WorseError) Error() string {
	f := e.Forecast
	return fmt.Sprintf("%s (%s) now judges %s %s and would judge it %s", f.Party, f.Instance, f.Registry, f.Before, f.After)
}

// NoStoreError says that the OS store of this system cannot be changed by
// Mooring; Snippet is what the person can do instead, if anything.
type NoStoreError struct{ Family, Snippet string }

func (e *NoStoreError) Error() string { return "no OS trust store that Mooring can change was found" }

// Trust makes the plan.
func Trust(in Input) (trust.Plan, error) {
	b := newBuilder(in)
	if err := b.checkAnchors(); err != nil {
		return trust.Plan{}, err
	}
	for _, p := range in.Probes {
		b.plan.Registries = append(b.plan.Registries, p.Registry.String())
		b.certsD(p.Registry)
	}
	if err := b.stores(); err != nil {
		return trust.Plan{}, err
	}
	if len(b.plan.Changes) == 0 {
		return trust.Plan{}, b.noPlace()
	}
	return b.finish()
}

// noPlace is why there is nothing to change.
func (b *builder) noPlace() error {
	if len(b.closed) == 0 {
		return ErrNoPlace
	}
	return &HostsTOMLError{slices.Min(slices.Collect(maps.Values(b.closed)))}
}

// builder collects one plan.
type builder struct {
	in      Input
	now     time.Time
	plan    trust.Plan
	overlay *world.Overlay
	shift   consumers.Shift // of trust stores
	seen    map[string]int  // path -> index of its change
	closed  map[closedTo]string
	worsens bool          // the plan may make parties in scope worse
	others  []trust.Probe // of registries that the plan is not about
}

func newBuilder(in Input) *builder {
	now := in.Set.World.Now()
	return &builder{
		in: in, now: now, overlay: world.NewOverlay(in.Set.World.FS, now),
		seen: map[string]int{}, closed: map[closedTo]string{},
	}
}

// closedTo is a consumer to which files can add nothing for a registry: the
// hosts.toml that keeps it from reading them.
type closedTo struct {
	consumer trust.Consumer
	registry string
}

func (b *builder) checkAnchors() error {
	if len(b.in.Anchors) == 0 {
		return ErrNoAnchor
	}
	for _, a := range b.in.Anchors {
		if !b.in.AllowLeaf && (!a.Cert.IsCA || b.serves(a.Cert)) {
			return &LeafError{a.Cert.Subject.String()}
		}
		b.plan.Anchors = appendAnchor(b.plan.Anchors, a)
	}
	return nil
}

// serves reports whether an endpoint presents cert as its own.
func (b *builder) serves(cert *x509.Certificate) bool {
	return slices.ContainsFunc(b.in.Probes, func(p trust.Probe) bool {
		return slices.ContainsFunc(p.Endpoints, func(ep trust.Endpoint) bool { return ep.Presents(cert) })
	})
}

// certsD adds the anchors to the directories that the parties in scope read for
// one registry.
func (b *builder) certsD(reg trust.Registry) {
	scope := b.in.Scope(reg)
	for _, m := range b.in.Set.Members {
		if m.Consumer.Remote || !slices.Contains(scope, m.Consumer.Party) {
			continue
		}
		place, ok := m.Reader.Place(b.in.Set.World, m.Consumer, reg)
		if !ok {
			continue
		}
		if place.HostsTOML != "" {
			b.closed[closedTo{m.Consumer, reg.String()}] = place.HostsTOML
			b.named(m, reg)
			continue
		}
		if b.onlyOwnRights(scope) && place.Alternative != "" {
			place = consumers.Place{Dir: place.Alternative, UserWritable: true}
		}
		for _, a := range b.in.Anchors {
			b.anchorFile(place, a, m.Consumer.Party)
		}
	}
}

// named notes which anchors a consumer has already from files that a hosts.toml
// names.
func (b *builder) named(m consumers.Member, reg trust.Registry) {
	q := consumers.Query{Registry: reg, Role: trust.RoleRegistry, Host: reg.String(), System: b.in.Set.System}
	held := trust.NewAnchorSet(m.Reader.Policy(b.in.Set.World, m.Consumer, q).Anchors)
	for _, a := range b.in.Anchors {
		if known, ok := held.Find(a.Cert); ok && known.Source.File() != "" {
			b.write(known.Source.File(), a, trust.StatusUnchanged, m.Consumer.Party)
		}
	}
}

// onlyOwnRights reports whether podman alone is in scope: then the person's own
// directory serves, and nobody is asked for rights.
func (b *builder) onlyOwnRights(scope []trust.Party) bool {
	return len(scope) == 1 && scope[0] == trust.Podman && b.in.Set.World.User.UID != 0
}

// anchorFile puts one anchor into one directory: unchanged where a file holds
// exactly it, as ca.crt where there is none, else beside under a name made from
// its fingerprint.
func (b *builder) anchorFile(place consumers.Place, a trust.Anchor, party trust.Party) {
	join := b.in.Set.World.Join
	if name, ok := b.holds(place.Dir, a); ok {
		b.write(join(place.Dir, name), a, trust.StatusUnchanged, party)
		return
	}
	name, status := "ca.crt", trust.StatusNew
	if _, err := b.overlay.Lstat(join(place.Dir, name)); err == nil {
		name, status = "mooring-"+a.Fingerprint().Short()+".crt", trust.StatusBeside
	}
	b.write(join(place.Dir, name), a, status, party)
	b.restarts(place.Restart)
}

// write adds the file at name that holds a.
func (b *builder) write(name string, a trust.Anchor, status trust.Status, party trust.Party) {
	b.add(trust.Change{
		Kind: trust.WriteFile, Path: name, Content: certfile.Normalize(a.Cert), Mode: 0o644, Status: status,
	}, party)
}

// holds looks for a file in dir, or planned for it, from which a reader gets a.
func (b *builder) holds(dir string, a trust.Anchor) (string, bool) {
	entries, err := b.overlay.ReadDir(dir)
	if err != nil {
		return "", false
	}
	for _, e := range entries {
		if path.Ext(e.Name()) != ".crt" {
			continue
		}
		data, err := b.overlay.ReadFile(b.in.Set.World.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		for _, c := range certfile.GoAnchors(data) {
			if c.Equal(a.Cert) {
				return e.Name(), true
			}
		}
	}
	return "", false
}

// add appends a change once, noting every party that reads its result. A file
// this plan already writes stays as it is.
func (b *builder) add(c trust.Change, party trust.Party) {
	if i, ok := b.seen[c.Path]; ok {
		if known := &b.plan.Changes[i]; !slices.Contains(known.Parties, party) {
			known.Parties = append(known.Parties, party)
		}
		return
	}
	c.Parties = []trust.Party{party}
	c.Privileged = c.Status != trust.StatusUnchanged && !b.in.Writable(c.Path)
	b.seen[c.Path] = len(b.plan.Changes)
	b.plan.Changes = append(b.plan.Changes, c)
	if c.Kind == trust.WriteFile && c.Status != trust.StatusUnchanged {
		b.overlay.Put(c.Path, c.Content)
	}
}
