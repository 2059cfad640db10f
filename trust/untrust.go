package trust

import "slices"

// The consequences of ceasing to trust: what stays, and who loses besides. Name is
// the CA, as a person reads it, unless the comment says otherwise.
const (
	LeftMixed    ConsequenceCode = "left-mixed"    // Path holds other certificates as well
	LeftKey      ConsequenceCode = "left-key"      // Path holds a private key as well
	LeftOther    ConsequenceCode = "left-other"    // Path holds something else as well, or has a name that Mooring does not take
	LeftLink     ConsequenceCode = "left-link"     // Path is a link to a file elsewhere
	LeftNamed    ConsequenceCode = "left-named"    // the hosts.toml Name names Path: that line has to go first
	LeftPackaged ConsequenceCode = "left-packaged" // it comes with the distribution
	LeftPlace    ConsequenceCode = "left-place"    // Path is no place that Mooring changes
	LeftShared   ConsequenceCode = "left-shared"   // the computer's store keeps it: Registry, a list, is trusted by it
	LeftStore    ConsequenceCode = "left-store"    // the computer's store keeps it, as was asked
	StoreLoses   ConsequenceCode = "store-loses"   // the computer's store loses it, for every program
	OthersLose   ConsequenceCode = "others-lose"   // Registry, a list, is trusted by it too
	// OthersUnasked: Name, a number, of the other known registries did not answer, so
	// whether they need the CA is not known.
	OthersUnasked ConsequenceCode = "others-unasked"
)

// Extends reports whether carrying out the plan makes somebody trust more than
// before: one that only takes away does not, however far it reaches.
func (p Plan) Extends() bool {
	return slices.ContainsFunc(p.Pending(), func(c Change) bool {
		return c.Kind == WriteFile || c.Kind == ChangeStore && c.Want != nil && c.Want.Held
	})
}
