package winstore

import (
	"crypto/x509"
	"fmt"

	"mooring.dev/mooring/trust"
)

// Effective is the roots that Windows takes for TLS servers.
type Effective struct {
	// Computer is what services see, LocalSystem's Docker engine among them; Person is
	// what this person's programs see: their own roots, and the computer's.
	Computer, Person []trust.Anchor
	Looked           []trust.Look // the stores, in order
}

// The stores that Windows makes the logical store Root of, in the order in which their
// names are given to a certificate that is in several
// (learn.microsoft.com/windows/win32/seccrypto/system-store-locations).
var (
	computerStores = []place{computerRoot, {computerPolicy, "Root"}, {enterprise, "Root"}, {computer, "AuthRoot"}}
	personStores   = []place{personRoot, {personPolicy, "Root"}}
)

// distrusted are the stores whose members Windows trusts for nothing, wherever else
// they are, for the programs of a location.
func distrusted(l location) []place {
	all := []place{{computer, "Disallowed"}, {computerPolicy, "Disallowed"}, {enterprise, "Disallowed"}}
	if l == person {
		all = append(all, place{person, "Disallowed"}, place{personPolicy, "Disallowed"})
	}
	return all
}

// Read reads the roots in effect on the Windows that runs.
func Read() (Effective, error) { return New().read() }

func (k Kind) read() (Effective, error) {
	r := reader{api: k.api}
	all := r.anchors(computerStores)
	var own []trust.Anchor
	if !k.api.personOff() {
		own = r.anchors(personStores)
	}
	everybody, mine := r.fingerprints(distrusted(computer)), r.fingerprints(distrusted(person))
	out := Effective{Computer: without(all, everybody), Person: without(append(own, all...), mine), Looked: r.looked}
	return out, r.err
}

// reader collects from several stores, and remembers the first error.
type reader struct {
	api    api
	looked []trust.Look
	err    error
	seen   map[place][]member
}

func (r *reader) members(p place) []member {
	if all, known := r.seen[p]; known {
		return all
	}
	all, found, err := members(r.api, p)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("read %s: %w", p, err)
	}
	r.looked = append(r.looked, trust.Look{Path: p.String(), Found: found})
	if r.seen == nil {
		r.seen = map[place][]member{}
	}
	r.seen[p] = all
	return all
}

// anchors are the members that may vouch for servers. What cannot be parsed Go would
// not use either.
func (r *reader) anchors(places []place) []trust.Anchor {
	var out []trust.Anchor
	for _, p := range places {
		for _, m := range r.members(p) {
			if !m.serves {
				continue
			}
			if c, err := x509.ParseCertificate(m.der); err == nil {
				out = append(out, trust.Anchor{Cert: c, Source: trust.StoreSource(p.id())})
			}
		}
	}
	return out
}

func (r *reader) fingerprints(places []place) map[string]bool {
	out := map[string]bool{}
	for _, p := range places {
		for _, m := range r.members(p) {
			out[string(m.der)] = true
		}
	}
	return out
}

func without(anchors []trust.Anchor, bad map[string]bool) []trust.Anchor {
	var out []trust.Anchor
	for _, a := range anchors {
		if !bad[string(a.Cert.Raw)] {
			out = append(out, a)
		}
	}
	return out
}
