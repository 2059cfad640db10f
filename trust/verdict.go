package trust

import "crypto/x509"

// State is what a consumer will do with an endpoint, from best to worst.
type State int

// The verdicts, in the order in which the worst wins.
const (
	Trusted State = iota
	Insecure
	Unknown
	Refused
	Unreachable
)

var stateNames = [...]string{"trusted", "insecure", "unknown", "refused", "unreachable"}

func (s State) String() string { return stateNames[s] }

// MarshalText writes the state's word.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the state's word.
func (s *State) UnmarshalText(b []byte) error {
	for i, n := range stateNames {
		if n == string(b) {
			*s = State(i)
			return nil
		}
	}
	*s = Unknown
	return nil
}

// Verdict is what one consumer does now with one endpoint, and why.
type Verdict struct {
	Consumer Consumer
	State    State
	Reason   Code   // the finding that explains it best; "" when trusted
	Error    string // the error text of the tool's TLS library, "" when trusted
	Path     []PathLink
	// Effective is empty, or says when a change that was already made will count:
	// "after restart of docker".
	Effective string
	// Restart is that restart, zero where Effective is empty.
	Restart Restart
	Looked  []Look
	// Detail says what cannot be known, or which rule skips verification.
	Detail string
}

// PathLink is one certificate of a path that was built, leaf first.
type PathLink struct {
	Cert   *x509.Certificate
	Source Source
}

// Worst returns the worst of states; Trusted for none.
func Worst(states ...State) State {
	worst := Trusted
	for _, s := range states {
		worst = max(worst, s)
	}
	return worst
}
