package trust

import (
	"slices"
)

// Reach is how far a plan extends trust. It decides under which of the two
// elevation actions the plan may run.
type Reach string

// The reaches, narrow first.
const (
	ReachRegistry Reach = "registry" // certs.d of named registries only
	ReachAccount  Reach = "account"  // also trust stores that this person's programs read
	ReachComputer Reach = "computer" // also those that every program reads
)

// reaches in their order.
var reaches = []Reach{ReachRegistry, ReachAccount, ReachComputer}

// Wider returns the wider of two reaches; "" is the narrowest.
func (r Reach) Wider(s Reach) Reach {
	if slices.Index(reaches, s) > slices.Index(reaches, r) {
		return s
	}
	return r
}

// ReachAt is the reach of a plan that changes a store at a location.
func ReachAt(l Location) Reach {
	if l == LocationUser {
		return ReachAccount
	}
	return ReachComputer
}
