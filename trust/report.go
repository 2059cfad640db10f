package trust

import "time"

// Report is everything a check says about one registry: the contract of
// `check --json`, before it is put into words.
type Report struct {
	Registry  Registry
	At        time.Time
	Elapsed   time.Duration
	Scope     []Party
	Auth      Challenge
	Endpoints []EndpointReport
	Findings  []Finding
	// Proved is set on a check that was made as a proof after a change, with the
	// engine's own words.
	Proved []EngineWord
}

// EndpointReport is an endpoint with every consumer's verdict on it.
type EndpointReport struct {
	Endpoint
	Verdicts []Verdict
}

// EngineWord is what a running engine itself answered when asked to use its real
// pull path.
type EngineWord struct {
	Party    Party
	Instance string
	State    State
	Text     string // the engine's words, bounded
	Remote   bool   // another machine's engine: proves nothing here
	// Others are servers that may have answered in the registry's place, as mirrors
	// do. With any of them State is Unknown.
	Others []string
}

// Contradicts reports whether w, an engine's own word, is the opposite of every
// verdict on that engine's pulls: then one of the two is wrong. That an engine
// trusts is said of the registry alone; that it refuses, of any endpoint.
func (r Report) Contradicts(w EngineWord) bool {
	judged := false
	for _, e := range r.Endpoints {
		if e.Role == RoleMirror || w.State == Trusted && e.Role != RoleRegistry {
			continue
		}
		for _, v := range e.Verdicts {
			if v.Consumer.Party != w.Party || v.Consumer.Instance != w.Instance || v.Consumer.Operation != OpPull {
				continue
			}
			if !opposite(w.State, v.State) {
				return false
			}
			judged = true
		}
	}
	return judged && !w.Remote
}

func opposite(said, judged State) bool {
	switch said {
	case Trusted:
		return judged == Refused || judged == Insecure
	case Refused:
		return judged == Trusted || judged == Insecure
	default:
		return false
	}
}

// InScope reports whether p counts for this registry.
func (r Report) InScope(p Party) bool {
	for _, s := range r.Scope {
		if s == p {
			return true
		}
	}
	return false
}

// Verdict is the worst over the parties in scope and all endpoints. Without any
// party in scope nothing was judged, which is unknown.
func (r Report) Verdict() State {
	if len(r.Scope) == 0 || len(r.Endpoints) == 0 {
		return Unknown
	}
	worst, judged := Trusted, false
	for _, e := range r.Endpoints {
		for _, v := range e.Verdicts {
			if r.InScope(v.Consumer.Party) {
				worst, judged = max(worst, v.State), true
			}
		}
	}
	if !judged {
		return Unknown
	}
	return worst
}

// PartyVerdict is the worst verdict over a party's consumers and all endpoints;
// ok is false when the party was not judged.
func (r Report) PartyVerdict(p Party) (v Verdict, ok bool) {
	for _, e := range r.Endpoints {
		for _, w := range e.Verdicts {
			if w.Consumer.Party == p && (!ok || w.State > v.State) {
				v, ok = w, true
			}
		}
	}
	return v, ok
}

// Parties lists the parties that were judged, in the order of the verdicts.
func (r Report) Parties() []Party {
	var out []Party
	seen := map[Party]bool{}
	for _, e := range r.Endpoints {
		for _, v := range e.Verdicts {
			if p := v.Consumer.Party; !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// PartiesIn lists the parties in scope whose verdict is state.
func (r Report) PartiesIn(state State) []Party {
	var out []Party
	for _, p := range r.Parties() {
		if v, ok := r.PartyVerdict(p); ok && r.InScope(p) && v.State == state {
			out = append(out, p)
		}
	}
	return out
}
