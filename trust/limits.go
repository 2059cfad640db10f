package trust

import (
	"strings"
)

// Standing is what a store says of a certificate for one host.
type Standing int

// The standings, best first.
const (
	Trusts Standing = iota // it is an anchor
	Silent                 // it is none, but may lie in a path to one
	Denies                 // no path with it is taken
)

// Limits is what a store says of a certificate that it does not simply trust: the
// trust settings of macOS are for hosts, and can be a denial.
type Limits struct {
	Others Standing            // for hosts that Hosts does not name
	Hosts  map[string]Standing // by name or address in lower case, without port
}

// For says what the anchor is for a host, named as [Endpoint].Host.
func (a Anchor) For(host string) Standing {
	if a.Limits == nil {
		return Trusts
	}
	if s, named := a.Limits.Hosts[strings.ToLower(host)]; named {
		return s
	}
	return a.Limits.Others
}

// merged is the limits of a certificate that is held twice: for each host the
// better standing counts.
func merged(a, b *Limits) *Limits {
	if a == nil || b == nil {
		return nil
	}
	at := func(l *Limits, host string) Standing { return Anchor{Limits: l}.For(host) }
	out := &Limits{Others: min(a.Others, b.Others), Hosts: map[string]Standing{}}
	for _, l := range []*Limits{a, b} {
		for host := range l.Hosts {
			out.Hosts[host] = min(at(a, host), at(b, host))
		}
	}
	return out
}
