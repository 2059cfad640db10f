package planner

import (
	"context"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// Store is a trust store with what it holds of the certificates of a plan.
type Store struct {
	store.Info
	Was []trust.Membership // by index of the plan's anchors
}

// ReadStores finds the stores of a table that are wanted, and what they hold of
// anchors. One that cannot be read is left out: nothing could be undone there.
func ReadStores(ctx context.Context, table store.Table, anchors []trust.Anchor, wanted func(store.Info) bool) ([]Store, error) {
	var out []Store
	for _, info := range table.Find(ctx) {
		if !wanted(info) {
			continue
		}
		s := Store{Info: info}
		for _, a := range anchors {
			was, err := table.Get(ctx, info.ID, a.Cert)
			if err != nil {
				break
			}
			s.Was = append(s.Was, was)
		}
		if len(s.Was) == len(anchors) {
			out = append(out, s)
		}
	}
	return out, ctx.Err()
}

// AnyStore wants every store.
func AnyStore(store.Info) bool { return true }

// stores adds the anchors to the stores that the parties in scope read. Whoever's
// store is made from that of the system gets them by way of that.
func (b *builder) stores() error {
	parties := b.storeParties()
	ofSystem := slices.DeleteFunc(slices.Clone(parties), func(p trust.Party) bool { return !b.viaSystem(p) })
	for _, party := range parties {
		if len(ofSystem) > 0 && party == ofSystem[0] {
			if err := b.systemStore(ofSystem); err != nil {
				return err
			}
		}
		for _, s := range b.storesOf(party) {
			if party != trust.System && !s.Derived {
				b.addTo(s, party)
			}
		}
	}
	return nil
}

// viaSystem reports whether a party gets anchors by way of the OS store.
func (b *builder) viaSystem(party trust.Party) bool {
	return party == trust.System || slices.ContainsFunc(b.storesOf(party), func(s Store) bool { return s.Derived })
}

// systemStore adds the anchors to the OS store, for these parties.
func (b *builder) systemStore(parties []trust.Party) error {
	if b.in.Set.World.OS == "linux" {
		return b.family(parties)
	}
	found := b.storesOf(trust.System)
	if len(found) == 0 {
		return &NoStoreError{}
	}
	for _, s := range found {
		b.addTo(s, parties...)
	}
	return nil
}

// storeParties are the parties in scope that read a store.
func (b *builder) storeParties() []trust.Party {
	var out []trust.Party
	for _, p := range b.in.Probes {
		for _, party := range b.in.Scope(p.Registry) {
			reads := party == trust.System || slices.ContainsFunc(b.in.Stores, func(s Store) bool { return s.Party == party })
			if reads && !slices.Contains(out, party) {
				out = append(out, party)
			}
		}
	}
	return out
}

// storesOf are the stores by which a party gets an anchor: of the OS store the one
// at the location that is meant, of others all.
func (b *builder) storesOf(party trust.Party) []Store {
	var out []Store
	for _, s := range b.in.Stores {
		if s.Party == party && (party != trust.System || s.Location == b.location()) {
			out = append(out, s)
		}
	}
	return out
}

// location is that of the OS store which is meant: the narrowest, unless a wider
// one was asked for.
func (b *builder) location() trust.Location {
	narrow := slices.ContainsFunc(b.in.Stores, func(s Store) bool {
		return s.Party == trust.System && s.Location == trust.LocationUser
	})
	if narrow && b.in.Reach != trust.ReachComputer {
		return trust.LocationUser
	}
	return trust.LocationComputer
}

// addTo makes one store hold the anchors.
func (b *builder) addTo(s Store, parties ...trust.Party) {
	for i, a := range b.in.Anchors {
		was := s.Was[i]
		want := s.Holding(was, a.Cert, b.servers(a))
		c := trust.Change{
			Kind: trust.ChangeStore, Store: s.ID, Content: certfile.Normalize(a.Cert),
			Was: &was, Want: &want, Parties: parties, Status: trust.StatusUnchanged,
		}
		if was != want {
			c.Status, c.Privileged = trust.StatusNew, s.Privileged
			if was.Held {
				c.Status = trust.StatusReplaced
			}
			if s.Commands != nil {
				c.Shown = strings.Join(s.Commands(a.Cert, want), "\n")
			}
			c.Limited = s.Limited != nil && s.Limited(want)
			b.widen(s, c.Limited)
			b.shift.Added = append(b.shift.Added, trust.Anchor{Cert: a.Cert, Source: trust.StoreSource(s.ID), Since: b.now})
		}
		b.plan.Changes = append(b.plan.Changes, c)
	}
}

// servers are those for which an anchor is meant, named as registries: the ones
// that it makes trusted, so that in a store which can limit it to hosts it counts for
// a token server that needs it and for no other. An anchor that helps none is meant
// for the registries.
func (b *builder) servers(a trust.Anchor) []trust.Registry {
	var all, helped []trust.Registry
	for _, p := range b.in.Probes {
		all = append(all, p.Registry)
		for _, ep := range p.Endpoints {
			alone := trust.Policy{Dialect: trust.DialectGo, Anchors: []trust.Anchor{a}}
			if trust.Judge(ep, alone, b.now).State != trust.Trusted {
				continue
			}
			r, _, err := trust.ParseRegistry(ep.Address)
			if ep.Role == trust.RoleRegistry || err != nil {
				r = p.Registry
			}
			if !slices.Contains(helped, r) {
				helped = append(helped, r)
			}
		}
	}
	if helped == nil {
		return all
	}
	return helped
}

// widen notes what it means that the plan changes a store. A store of the person's
// that is limited to the registries reaches no further than a directory for them does;
// one of the computer's is for an administrator to agree to all the same.
func (b *builder) widen(s Store, limited bool) {
	if !limited || s.Location == trust.LocationComputer {
		b.plan.Reach = b.plan.Reach.Wider(trust.ReachAt(s.Location))
	}
	for _, code := range s.Asks {
		c := trust.Consequence{Code: code, Name: s.ID.Name()}
		if !slices.Contains(b.plan.Consequences, c) {
			b.plan.Consequences = append(b.plan.Consequences, c)
		}
	}
	b.restarts(s.Restart)
}

// family adds the anchors to the OS store of this Linux family.
func (b *builder) family(parties []trust.Party) error {
	family, ok := anchors.Detect(b.in.Set.World)
	if !ok || family.Command == "" {
		return &NoStoreError{Family: family.Name, Snippet: family.Snippet}
	}
	pending := false
	for _, a := range b.in.Anchors {
		if known, ok := b.in.Set.System.Anchors.Find(a.Cert); ok && known.Source.File() != "" {
			for _, p := range parties {
				b.write(known.Source.File(), a, trust.StatusUnchanged, p)
			}
			continue
		}
		pending = true
		name := family.File(a.Fingerprint().Short())
		for _, p := range parties {
			b.write(name, a, trust.StatusNew, p)
		}
		b.shift.Added = append(b.shift.Added, trust.Anchor{Cert: a.Cert, Source: trust.FileSource(name), Since: b.now})
	}
	if pending {
		b.plan.Reach = trust.ReachComputer
		b.plan.Changes = append(b.plan.Changes, trust.Change{
			Kind: trust.RunCommand, Command: family.Command, Shown: family.Shown, Status: trust.StatusNew,
			Privileged: !b.in.Writable(family.Dir), Parties: parties,
		})
	}
	return nil
}
