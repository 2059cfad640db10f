package trust

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// PlanAnchor is a certificate that a plan installs or removes.
type PlanAnchor struct {
	SHA256   string    `json:"sha256"`
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	NotAfter time.Time `json:"notAfter"`
	Origin   Source    `json:"origin"`
	PEM      string    `json:"pem"`
}

// Forecast is one consumer's verdict now and after the plan, judged by the same
// code against an overlay.
type Forecast struct {
	Registry  string    `json:"registry"`
	Endpoint  string    `json:"endpoint"`
	Party     Party     `json:"party"`
	Instance  string    `json:"instance"`
	Operation Operation `json:"operation"`
	InScope   bool      `json:"inScope"`
	Before    State     `json:"before"`
	After     State     `json:"after"`
	Reason    Code      `json:"reason,omitempty"`
	Effective string    `json:"effective,omitempty"`
}

// Plan is an ordered list of changes, shown before anything happens.
type Plan struct {
	Schema     int          `json:"schema"`
	Action     string       `json:"action"` // "trust", "untrust", "undo", "client-cert", "use", "unuse", "move", "unregister", …
	Reach      Reach        `json:"reach"`
	Registries []string     `json:"registries"`
	Anchors    []PlanAnchor `json:"anchors"`
	Changes    []Change     `json:"changes"`
	Restarts   []Restart    `json:"restarts"`
	Forecast   []Forecast   `json:"forecast"`
	// Consequences are for people, and are said before they agree.
	Consequences []Consequence `json:"consequences,omitempty"`
}

// Shown is the plan as it may be written down or shown: without the bytes of
// private keys. Its hash is not the plan's.
func (p Plan) Shown() Plan {
	changes := slices.Clone(p.Changes)
	for i := range changes {
		if changes[i].Secret {
			changes[i].Content = nil
		}
	}
	p.Changes = changes
	return p
}

// PlanSchema is the version of the plan format.
const PlanSchema = 1

// Hash is the SHA-256 of the plan's JSON form: the one thing about a plan that
// travels in a command line.
func (p Plan) Hash() string {
	b, err := json.Marshal(p)
	if err != nil {
		panic(err) // a plan holds nothing that cannot be marshalled
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Pending lists the changes that would alter something.
func (p Plan) Pending() []Change {
	var out []Change
	for _, c := range p.Changes {
		if c.Status != StatusUnchanged {
			out = append(out, c)
		}
	}
	return out
}

// Half returns the part of the plan that needs root's rights, or the part that
// does not: its pending changes alone, without forecast, restarts and
// consequences, which are for people. What travels to the privileged process is the
// former; stores of the person's own are none of its business.
func (p Plan) Half(privileged bool) Plan {
	half := p
	if privileged && half.Reach == ReachAccount {
		half.Reach = ReachRegistry
	}
	half.Changes, half.Restarts, half.Forecast, half.Consequences = nil, nil, nil, nil
	for _, c := range p.Pending() {
		if c.Privileged == privileged {
			half.Changes = append(half.Changes, c)
		}
	}
	return half
}

// Privileged reports whether any pending change needs more than the person's
// own rights.
func (p Plan) Privileged() bool {
	for _, c := range p.Pending() {
		if c.Privileged {
			return true
		}
	}
	return false
}

// Limited reports whether all stores that the plan changes let its certificates count
// for its registries alone.
func (p Plan) Limited() bool {
	stores := 0
	for _, c := range p.Pending() {
		switch {
		case c.Kind == RunCommand, c.Kind == ChangeStore && !c.Limited:
			return false
		case c.Kind == ChangeStore:
			stores++
		}
	}
	return stores > 0
}

// Plaintext reports whether carrying out the plan puts a secret back into a file,
// where every program of the person's can read it.
func (p Plan) Plaintext() bool {
	if p.Action != "undo" {
		return false
	}
	for _, c := range p.Changes {
		for _, e := range c.Edits {
			if c.Kind == EditFile && e.Secret {
				return true
			}
		}
	}
	return false
}
