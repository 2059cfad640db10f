package planner

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// unbuilt are chosen certificates that lie among an administrator's anchors and are
// not in the store that is made of them.
func unbuilt(files []discover.CAFile, held []trust.Anchor, chosen map[trust.Fingerprint]bool) []trust.Anchor {
	known := trust.NewAnchorSet(held)
	var out []trust.Anchor
	for _, f := range files {
		for _, c := range f.Certs {
			if _, ok := known.Find(c); !ok && chosen[trust.FingerprintOf(c)] {
				out = append(out, trust.Anchor{Cert: c, Source: trust.FileSource(f.Path)})
			}
		}
	}
	return trust.NewAnchorSet(out).All()
}

// trustedBy are the anchors in the computer's store at which the paths of the
// registries end now.
func (r *remover) trustedBy() []trust.Anchor {
	var out []trust.Anchor
	for _, p := range r.q.Probes {
		out = append(out, r.anchorsOf(p)...)
	}
	return trust.NewAnchorSet(out).All()
}

func (r *remover) anchorsOf(p trust.Probe) []trust.Anchor {
	var out []trust.Anchor
	for _, end := range r.ends(p) {
		if a, ok := r.q.Set.System.Anchors.Find(end.Cert); ok {
			out = append(out, a)
		}
	}
	return trust.NewAnchorSet(out).All()
}

// ends are the anchors at which the trusted paths of a registry end, in whatever
// store.
func (r *remover) ends(p trust.Probe) []trust.Anchor {
	var out []trust.Anchor
	for _, ep := range p.Endpoints {
		for _, v := range r.q.Set.Judge(p, ep, nil, r.now).Verdicts {
			if len(v.Path) > 0 && (v.State == trust.Trusted || v.Effective != "") {
				end := v.Path[len(v.Path)-1]
				out = append(out, trust.Anchor{Cert: end.Cert, Source: end.Source})
			}
		}
	}
	return trust.NewAnchorSet(out).All()
}

// byMembers are the anchors of the registries that databases and keystores alone
// hold. One by which others are trusted, too, stays as it would in the computer's store.
func (r *remover) byMembers() []trust.Anchor {
	var out []trust.Anchor
	for _, p := range r.q.Probes {
		for _, a := range r.ends(p) {
			kind := a.Source.Store().Kind()
			if _, known := r.q.Set.System.Anchors.Find(a.Cert); known || kind != trust.StoreNSS && kind != trust.StoreJava {
				continue
			}
			lose := r.losers(a, r.ends)
			if len(lose) > 0 && r.q.Store != StoreTake {
				r.say(trust.Consequence{Code: trust.LeftShared, Name: trust.CommonName(a.Cert), Registry: enumerated(lose)})
				r.stay = append(r.stay, a)
				continue
			}
			out = append(out, a)
		}
	}
	return out
}

// fromStore takes anchors out of the computer's store, and lets it be made anew.
func (r *remover) fromStore(list []trust.Anchor) {
	if len(list) == 0 {
		return
	}
	packaged := consumers.Packaged(r.q.Set.World)
	files := discover.StoreFiles(r.q.Set.World)
	for _, a := range list {
		r.going[a.Fingerprint()] = true
	}
	r.met = append(r.met, list...)
	for _, a := range list {
		name := trust.Consequence{Name: trust.CommonName(a.Cert)}
		var lose []string
		if a.For("") == trust.Trusts { // else it is limited to hosts, and others keep theirs
			lose = r.losers(a, r.anchorsOf)
		}
		switch {
		case packaged[a.Fingerprint()]:
			name.Code = trust.LeftPackaged
		case r.q.Store == StoreKeep:
			name.Code = trust.LeftStore
		case len(lose) > 0 && r.q.Store != StoreTake:
			name.Code, name.Registry = trust.LeftShared, enumerated(lose)
		default:
			r.anchor(a, files, lose)
			continue
		}
		r.stay = append(r.stay, a)
		r.say(name)
	}
	r.rebuild()
}

// anchor takes away the files that bring one anchor into the store.
func (r *remover) anchor(a trust.Anchor, files []discover.CAFile, lose []string) {
	name, found, all := trust.CommonName(a.Cert), false, true
	for _, f := range files {
		if f.Holds(a.Fingerprint()) {
			found = true
			all = r.file(f) && all
		}
	}
	switch {
	case !found && a.Source.Store() != "": // see members
	case !found:
		r.say(trust.Consequence{Code: trust.LeftPlace, Path: a.Source.File(), Name: name})
	case all:
		r.shift.Gone, r.store = append(r.shift.Gone, a), true
		r.say(trust.Consequence{Code: trust.StoreLoses, Name: name})
		if len(lose) > 0 {
			r.say(trust.Consequence{Code: trust.OthersLose, Name: name, Registry: enumerated(lose)})
		}
		if r.q.Unasked > 0 {
			r.say(trust.Consequence{Code: trust.OthersUnasked, Name: strconv.Itoa(r.q.Unasked)})
		}
	}
}

// losers are the other registries that are trusted by an anchor: it is among those
// that by says of them.
func (r *remover) losers(a trust.Anchor, by func(trust.Probe) []trust.Anchor) []string {
	var out []string
	for _, p := range r.q.Others {
		if slices.ContainsFunc(by(p), func(b trust.Anchor) bool { return b.Cert.Equal(a.Cert) }) {
			out = append(out, p.Registry.String())
		}
	}
	return out
}

// enumerated lists some names, and an ellipsis for more.
func enumerated(names []string) string {
	const most = 5
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	return strings.Join(names, ", ")
}

// chosenFiles takes away the files that were chosen. An anchor that another file or
// the distribution brings, too, does not leave the computer's store with them.
func (r *remover) chosenFiles() {
	removed := map[string]bool{}
	for _, f := range r.q.Files {
		r.concerns(f.Registry)
		if r.file(f) {
			removed[f.Path] = true
			r.store = r.store || f.Store
		}
	}
	if !r.store {
		return
	}
	stays := consumers.Packaged(r.q.Set.World)
	for _, f := range discover.StoreFiles(r.q.Set.World) {
		for _, c := range f.Certs {
			stays[trust.FingerprintOf(c)] = stays[trust.FingerprintOf(c)] || !removed[f.Path]
		}
	}
	for _, f := range r.q.Files {
		for _, c := range f.Certs {
			if f.Store && removed[f.Path] && !stays[trust.FingerprintOf(c)] {
				r.shift.Gone = append(r.shift.Gone, trust.Anchor{Cert: c, Source: trust.FileSource(f.Path)})
			}
		}
	}
	r.rebuild()
}

// rebuild adds the command that makes the store anew, if a file of it goes.
func (r *remover) rebuild() {
	if !r.store {
		return
	}
	r.plan.Reach = trust.ReachComputer
	family, ok := anchors.Detect(r.q.Set.World)
	if !ok || family.Command == "" {
		return
	}
	r.plan.Changes = append(r.plan.Changes, trust.Change{
		Kind: trust.RunCommand, Command: family.Command, Shown: family.ShownUndo, Status: trust.StatusNew,
		Privileged: !r.in.Writable(family.Dir), Parties: []trust.Party{trust.System},
	})
}

// members takes the certificates out of the stores of which they are members: NSS,
// Java's, those of Windows and macOS.
func (r *remover) members() error {
	var list []trust.Anchor
	stay := trust.NewAnchorSet(r.stay)
	for _, a := range trust.NewAnchorSet(r.met).All() {
		if _, stays := stay.Find(a.Cert); !stays {
			list = append(list, a)
		}
	}
	if r.q.Stores == nil || r.q.Store == StoreKeep || len(list) == 0 {
		return nil
	}
	packaged := consumers.Packaged(r.q.Set.World)
	stores, err := r.q.Stores(list)
	for _, s := range stores {
		for i, a := range list {
			fp := a.Fingerprint()
			ours := len(r.q.Certificates) > 0 || r.q.Set.World.OS == "linux" || r.q.Added(s.ID, fp)
			switch {
			case !s.Was[i].Held || packaged[fp], s.Bundled != nil && s.Bundled(s.Was[i]):
			case s.Derived: // it follows the computer's store
			case ours && len(r.q.Certificates) > 0:
				r.takeFrom(s, a, s.Was[i], trust.Membership{})
			case ours:
				r.takeFrom(s, a, s.Was[i], s.Dropping(s.Was[i], a.Cert, r.servers(a)))
			default:
				r.say(trust.Consequence{Code: trust.LeftPlace, Path: string(s.ID), Name: trust.CommonName(a.Cert)})
			}
		}
	}
	return err
}

// takeFrom makes a store hold a certificate no more, or for other hosts only.
func (r *remover) takeFrom(s Store, a trust.Anchor, was, want trust.Membership) {
	if was == want {
		return
	}
	c := trust.Change{
		Kind: trust.ChangeStore, Store: s.ID, Content: certfile.Normalize(a.Cert), Was: &was, Want: &want,
		Parties: []trust.Party{s.Party}, Status: trust.StatusRemoved, Privileged: s.Privileged,
	}
	if want.Held {
		c.Status = trust.StatusReplaced
		r.shift.Added = append(r.shift.Added, trust.Anchor{Cert: a.Cert, Source: a.Source, Limits: r.without(a)})
	}
	if s.Commands != nil {
		c.Shown = strings.Join(s.Commands(a.Cert, want), "\n")
	}
	r.widen(s, false)
	r.plan.Anchors = appendAnchor(r.plan.Anchors, a)
	r.plan.Changes = append(r.plan.Changes, c)
	r.shift.Gone = append(r.shift.Gone, trust.Anchor{Cert: a.Cert, Source: trust.StoreSource(s.ID)})
}

// without is for which hosts an anchor counts once it does not for the plan's.
func (r *remover) without(a trust.Anchor) *trust.Limits {
	out := &trust.Limits{Others: a.For(""), Hosts: map[string]trust.Standing{}}
	if a.Limits != nil {
		maps.Copy(out.Hosts, a.Limits.Hosts)
	}
	for _, reg := range r.servers(a) {
		out.Hosts[strings.ToLower(reg.ServerName())] = trust.Silent
	}
	return out
}
