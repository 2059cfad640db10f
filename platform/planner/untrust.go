package planner

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// ErrNothingHeld says that nothing on this machine trusts what shall no longer be
// trusted, as far as Mooring could take it away.
var ErrNothingHeld = errors.New("no directory of the registry holds a CA file that could be removed")

// StoreChoice is what becomes of CAs in the trust store of the computer.
type StoreChoice string

// The choices.
const (
	// StoreUnshared takes those by which no other known registry is trusted.
	StoreUnshared StoreChoice = ""
	StoreKeep     StoreChoice = "keep" // takes none
	StoreTake     StoreChoice = "take" // takes those, too, by which others are trusted
)

// Removal is what a plan is made from that ends trust, whoever put it there.
type Removal struct {
	Set *consumers.Set
	// Probes are of the registries that shall no longer be trusted, freshly made.
	Probes []trust.Probe
	// Others are of the other known registries: which of them lose by it. Unasked is
	// how many did not answer.
	Others  []trust.Probe
	Unasked int
	// Certificates go wherever they lie. Without any, everything in the registries'
	// own directories goes, and what else they are trusted by now.
	Certificates []trust.Fingerprint
	Anchors      []trust.Anchor // those of them that are at hand, to be looked for in stores
	Store        StoreChoice
	// Stores finds the stores of which certificates are members, and how they hold
	// these. Nil: none.
	Stores func([]trust.Anchor) ([]Store, error)
	// Added reports whether Mooring itself made a store hold a certificate. Where the
	// roots of the distribution cannot be told from others, only those go with a
	// registry.
	Added func(trust.StoreID, trust.Fingerprint) bool
	// Files are the only ones that go, if set: one duplicate of two, say. Nothing else
	// is looked for.
	Files []discover.CAFile
	// Scope is for the forecast: to make the parties in it worse is what this plan is
	// for, unless it is for Files alone.
	Scope    func(trust.Registry) []trust.Party
	Writable func(string) bool
}

// Untrust makes the plan. Files go as a whole, and only those that hold nothing but
// certificates which are to go; what stays, and why, is among the consequences.
// Client certificates stay. The trust of the distribution is not touched.
func Untrust(q Removal) (trust.Plan, error) {
	b := newBuilder(Input{Set: q.Set, Probes: q.Probes, Writable: q.Writable, Scope: q.Scope})
	b.worsens, b.others = q.Files == nil, q.Others
	r := remover{builder: b, q: q, going: map[trust.Fingerprint]bool{}, listed: map[string]bool{}}
	for _, p := range q.Probes {
		r.concerns(p.Registry)
	}
	switch {
	case q.Files != nil:
		r.chosenFiles()
	case len(q.Certificates) > 0:
		r.everywhere()
	default:
		r.registries()
	}
	if err := r.members(); err != nil {
		return trust.Plan{}, err
	}
	if len(b.plan.Changes) == 0 && !slices.ContainsFunc(b.plan.Consequences, left) {
		return trust.Plan{}, ErrNothingHeld
	}
	plan, err := b.finish()
	plan.Action = "untrust"
	return plan, err
}

// left reports whether a consequence names a CA that stays.
func left(c trust.Consequence) bool { return strings.HasPrefix(string(c.Code), "left-") }

// remover collects one plan.
type remover struct {
	*builder
	q      Removal
	going  map[trust.Fingerprint]bool // certificates that are to go
	listed map[string]bool            // registries of the plan
	store  bool                       // files of the computer's store go
	stay   []trust.Anchor             // of the computer's store
	met    []trust.Anchor             // certificates that are to go, wherever they were met
}

// concerns adds a registry to those that the plan is about.
func (r *remover) concerns(reg trust.Registry) {
	if name := reg.String(); !reg.IsZero() && !r.listed[name] {
		r.listed[name] = true
		r.plan.Registries = append(r.plan.Registries, name)
	}
}

// registries takes what the registries' directories hold, and what of the
// computer's store they are trusted by.
func (r *remover) registries() {
	wanted := func(reg trust.Registry) bool { return r.listed[reg.String()] }
	files := r.placed(discover.CAFiles(r.q.Set.World, wanted))
	for _, f := range files {
		for _, c := range f.Certs {
			r.going[trust.FingerprintOf(c)] = true
			r.met = append(r.met, trust.Anchor{Cert: c, Source: trust.FileSource(f.Path)})
		}
	}
	for _, d := range discover.AllDirs(r.q.Set.World) {
		if !d.Registry.IsZero() && wanted(d.Registry) {
			r.clients(d.Dir)
		}
	}
	r.files(files)
	r.fromStore(r.trustedBy())
	r.met = append(r.met, r.byMembers()...)
	r.elsewhere()
}

// placed adds what lies where consumers look and the name of the directory does not
// tell whose it is: on Windows it has no colon. What reads a directory only at its
// start has to be restarted.
func (r *remover) placed(files []discover.CAFile) []discover.CAFile {
	for _, p := range r.q.Probes {
		for _, m := range r.q.Set.Members {
			place, ok := m.Reader.Place(r.q.Set.World, m.Consumer, p.Registry)
			if !ok || m.Consumer.Remote {
				continue
			}
			in := func(f discover.CAFile) bool { return f.Dir == place.Dir }
			if !slices.ContainsFunc(files, in) {
				files = append(files, discover.CAFilesIn(r.q.Set.World, place.Dir, p.Registry)...)
				r.clients(place.Dir)
			}
			if slices.ContainsFunc(files, in) {
				r.restarts(place.Restart)
			}
		}
	}
	return files
}

// everywhere takes the chosen certificates wherever they lie.
func (r *remover) everywhere() {
	chosen := map[trust.Fingerprint]bool{}
	for _, fp := range r.q.Certificates {
		r.going[fp], chosen[fp] = true, true
	}
	without := func(f discover.CAFile) bool {
		return !slices.ContainsFunc(f.Certs, func(c *x509.Certificate) bool { return chosen[trust.FingerprintOf(c)] })
	}
	files := slices.DeleteFunc(discover.CAFiles(r.q.Set.World, nil), without)
	for _, f := range files {
		r.concerns(f.Registry)
		for _, c := range f.Certs {
			if chosen[trust.FingerprintOf(c)] {
				r.met = append(r.met, trust.Anchor{Cert: c, Source: trust.FileSource(f.Path)})
			}
		}
	}
	r.files(files)
	var held []trust.Anchor
	for _, a := range r.q.Set.System.Anchors.All() {
		if chosen[a.Fingerprint()] {
			held = append(held, a)
		}
	}
	r.met = append(r.met, r.q.Anchors...)
	r.fromStore(append(held, unbuilt(discover.StoreFiles(r.q.Set.World), held, chosen)...))
}

// say notes a consequence once.
func (r *remover) say(c trust.Consequence) {
	if !slices.Contains(r.plan.Consequences, c) {
		r.plan.Consequences = append(r.plan.Consequences, c)
	}
}

// elsewhere names what the registries would still be trusted by, and no rule above
// has named: a file that a hosts.toml leads to, a directory of another spelling.
func (r *remover) elsewhere() {
	after := r.q.Set.Over(r.overlay, r.shift)
	for _, p := range r.q.Probes {
		for _, policy := range after.Policies(p.Registry) {
			for _, a := range policy.Anchors {
				file := a.Source.File()
				if a.Source.Store() != "" { // see members
					continue
				}
				named := slices.ContainsFunc(r.plan.Consequences, func(c trust.Consequence) bool { return c.Path == file })
				if !named && !policy.Consumer.Remote {
					r.say(trust.Consequence{Code: trust.LeftPlace, Path: file, Name: trust.CommonName(a.Cert)})
				}
			}
		}
	}
}

// planAnchor describes an anchor for the plan.
func planAnchor(a trust.Anchor) trust.PlanAnchor {
	return trust.PlanAnchor{
		SHA256: a.Fingerprint().String(), Subject: a.Cert.Subject.String(), Issuer: a.Cert.Issuer.String(),
		NotAfter: a.Cert.NotAfter.UTC(), Origin: a.Source, PEM: string(certfile.Normalize(a.Cert)),
	}
}

// appendAnchor adds an anchor once.
func appendAnchor(list []trust.PlanAnchor, a trust.Anchor) []trust.PlanAnchor {
	fp := a.Fingerprint().String()
	for _, known := range list {
		if known.SHA256 == fp {
			return list
		}
	}
	return append(list, planAnchor(a))
}
