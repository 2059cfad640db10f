package words

import "mooring.dev/mooring/trust"

// Summary is the one plain sentence on how a registry stands: whom it concerns
// and the finding that explains it best.
func (w *Words) Summary(r trust.Report) string {
	state := r.Verdict()
	args := map[string]any{"registry": r.Registry, "reason": w.Reason(cause(r, state))}
	args["parties"] = w.Parties(r.PartiesIn(state))
	key := "summary." + state.String()
	if cause(r, state) == "" {
		key += ".bare"
	}
	return w.T(key, args)
}

// A Doubt is why an engine's own word proves nothing.
type Doubt int

// The doubts.
const (
	NoDoubt       Doubt = iota
	OtherMachine        // of an engine that does not speak for this one
	OtherServers        // perhaps the answer of another server
	Contradiction       // the opposite of what the engine's files say
)

// DoubtOf tells what is doubtful about w, a word in r.
func DoubtOf(r trust.Report, w trust.EngineWord) Doubt {
	switch {
	case w.Remote:
		return OtherMachine
	case len(w.Others) > 0:
		return OtherServers
	case r.Contradicts(w):
		return Contradiction
	default:
		return NoDoubt
	}
}

// cause is the code that explains the registry's state: the reason of the first
// party in scope that is in it.
func cause(r trust.Report, state trust.State) trust.Code {
	if state == trust.Trusted {
		return ""
	}
	for _, p := range r.PartiesIn(state) {
		if v, _ := r.PartyVerdict(p); v.Reason != "" {
			return v.Reason
		}
	}
	for _, f := range r.Findings {
		if f.Severity == trust.SeverityError {
			return f.Code
		}
	}
	return ""
}
