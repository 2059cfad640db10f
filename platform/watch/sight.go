package watch

import (
	"time"

	"mooring.dev/mooring/trust"
)

// Sight is what one look saw of a registry, as far as the watcher is concerned.
type Sight struct {
	Registry trust.Registry
	At       time.Time
	State    trust.State
	Reason   trust.Code // why it is not trusted
	Issuer   trust.Seen // of the server's certificate; zero when it showed none
	// IssuerChanged: the check itself found that somebody else issued it before.
	IssuerChanged bool
	Ends          []End
}

// EndKind is what comes to an end.
type EndKind string

// The kinds of end.
const (
	EndServer EndKind = "server"  // of the first certificate that the server presents
	EndClient EndKind = "client"  // of a client certificate that is installed
	EndSignIn EndKind = "sign-in" // of a credential that is kept
)

// End is something that ends on a day known beforehand.
type End struct {
	Kind EndKind
	// ID changes when it is renewed: a fingerprint, or place, user and day.
	ID   string
	At   time.Time
	Life time.Duration // from its beginning to At; 0: not known
}

// days at which an end is told beforehand, next one first.
var warnDays = []int{1, 7, 14, 30}

const day = 24 * time.Hour

// notDue is the bucket of an end that is far away.
const notDue = 1 << 20

// bucket is how near an end is: 0 when it is over, else the fewest of [warnDays]
// that it lies within, [notDue] if none. What is renewed every few days or hours
// is not told at each renewal: a warning comes in the last third of a life only.
func (e End) bucket(now time.Time) int {
	left := e.At.Sub(now)
	if left <= 0 {
		return 0
	}
	for _, d := range warnDays {
		ahead := time.Duration(d) * day
		if left <= ahead && (e.Life <= 0 || ahead <= e.Life/3) {
			return d
		}
	}
	return notDue
}

// soon is how near an end must be for its registry to need attention now: as in
// the window's list.
const soon = 14 * day

// near reports whether e needs attention.
func (e End) near(now time.Time) bool {
	margin := soon
	if e.Life > 0 {
		margin = min(margin, e.Life/3)
	}
	return e.At.Sub(now) < margin
}

// seen reports whether the look got through: of a registry that does not answer
// nothing is said.
func (s Sight) seen() bool { return s.State != trust.Unreachable }

// refused reports whether s is one of the states in which a pull is refused or not
// protected.
func (s Sight) refused() bool { return s.State == trust.Refused || s.State == trust.Insecure }

// sameIssuer reports whether two leaves have the same issuer: the same name and,
// where both say it, the same key.
func sameIssuer(a, b trust.Seen) bool {
	return a.IssuerName == b.IssuerName && (a.IssuerKey == "" || b.IssuerKey == "" || a.IssuerKey == b.IssuerKey)
}
