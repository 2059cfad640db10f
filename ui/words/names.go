package words

import (
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// State is the word for a verdict: "trusted", "refused".
func (w *Words) State(s trust.State) string { return w.T("state."+s.String(), nil) }

// Party is how a relying party is called: "Docker", "this computer". A party
// that has no words yet is called by its code.
func (w *Words) Party(p trust.Party) string { return w.code("party.", string(p)) }

// Role is the part an endpoint plays: "token server".
func (w *Words) Role(r trust.Role) string { return w.code("role.", string(r)) }

// CertRole is the part a certificate plays in a chain.
func (w *Words) CertRole(r trust.CertRole) string { return w.code("certrole.", string(r)) }

// Severity is the word for how much a finding matters.
func (w *Words) Severity(s trust.Severity) string { return w.code("severity.", string(s)) }

// Operation is what a tool is doing: "pull", "sign-in".
func (w *Words) Operation(o trust.Operation) string { return w.code("operation.", string(o)) }

// Status is how a change relates to what is there: "new", "beside".
func (w *Words) Status(s trust.Status) string { return w.code("status.", string(s)) }

// ReceiptState is how far an applied plan stands.
func (w *Words) ReceiptState(s trust.ReceiptState) string { return w.code("receipt.", string(s)) }

// Superseded is how an applied plan stands on which a later one stands.
func (w *Words) Superseded() string { return w.code("receipt.", "superseded") }

// Action is what a plan or receipt does: "trust", "untrust".
func (w *Words) Action(action string) string { return w.code("action.", action) }

// Candidate says what a certificate that could be trusted is.
func (w *Words) Candidate(kind string) string { return w.code("candidate.", kind) }

// NameWarning is a doubt about a registry's name that was accepted.
func (w *Words) NameWarning(n trust.NameWarning) string {
	return w.T("name."+string(n.Code), anyMap(n.Args))
}

// Source says where a certificate was found.
func (w *Words) Source(s trust.Source) string {
	kind, value, _ := strings.Cut(string(s), ":")
	switch kind {
	case "file":
		return w.T("source.file", map[string]any{"path": value})
	case "store":
		if id := trust.StoreID(value); w.Has("store."+id.Kind()) || w.Has("store."+value) {
			return w.Store(id)
		}
		return w.T("source.store", map[string]any{"name": value})
	case "url":
		return w.T("source.url", map[string]any{"address": value})
	}
	return w.code("source.", string(s))
}

// Reach says how far a plan extends trust.
func (w *Words) Reach(r trust.Reach) string { return w.code("reach.", string(r)) }

// code looks up a word of an open list: values come from other packages, and one
// that is newer than the translations is better shown raw than not at all.
func (w *Words) code(prefix, value string) string {
	if value == "" || w.missing == nil && !w.Has(prefix+value) {
		return value
	}
	return w.T(prefix+value, nil)
}

// Parties names several parties as one enumeration: "Docker, Podman and …".
func (w *Words) Parties(ps []trust.Party) string {
	names := make([]string, len(ps))
	for i, p := range ps {
		names[i] = w.Party(p)
	}
	return w.List(names)
}

// List is an enumeration in a sentence.
func (w *Words) List(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	head := strings.Join(items[:last], w.T("list.separator", nil))
	return w.T("list.last", map[string]any{"head": head, "last": items[last]})
}

// Finding returns the words of a finding: what is wrong, the actual names and
// dates, and what to do about it. A variant has words of its own where it needs
// them.
func (w *Words) Finding(f trust.Finding) (title, detail, fix string) {
	args := make(map[string]any, len(f.Args)+2)
	args["path"] = f.Path
	args["party"] = w.Party(f.Party)
	for k, v := range f.Args {
		args[k] = w.value(k, v)
	}
	say := func(part string) string {
		key := "finding." + string(f.Code)
		if own := key + "." + f.Variant + part; f.Variant != "" && w.Has(own) {
			return w.T(own, args)
		}
		return w.T(key+part, args)
	}
	return say(".title"), say(".detail"), say(".fix")
}

// value turns a finding's argument into words: parties and sources are codes
// there, dates are in RFC 3339.
func (w *Words) value(name, v string) string {
	switch name {
	case "parties":
		var ps []trust.Party
		for p := range strings.SplitSeq(v, ", ") {
			ps = append(ps, trust.Party(p))
		}
		return w.Parties(ps)
	case "source":
		return w.Source(trust.Source(v))
	}
	if t, err := time.Parse(time.RFC3339, v); err == nil {
		return w.Moment(t)
	}
	return v
}

// Reason is the title under a finding code: why a verdict is as it is. "" for none.
func (w *Words) Reason(c trust.Code) string {
	if c == "" {
		return ""
	}
	return w.T("finding."+string(c)+".title", nil)
}

// Verdict is one sentence on what a consumer does now, and why.
func (w *Words) Verdict(v trust.Verdict) string {
	state, reason := w.State(v.State), w.Reason(v.Reason)
	if v.Effective != "" {
		return w.T("verdict.effective", map[string]any{"state": state, "effective": w.Effective(v.Effective)})
	}
	if reason == "" {
		return state
	}
	return w.T("verdict.because", map[string]any{"state": state, "reason": reason})
}

// Effective says when a change that was made will count, from the English of the
// JSON contract ("after restart of docker").
func (w *Words) Effective(contract string) string {
	if name, ok := strings.CutPrefix(contract, "after restart of "); ok {
		return w.T("effective.restart", map[string]any{"name": name})
	}
	return contract
}
