package vm

import (
	"errors"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// Outcome is the trust dialog once the person has acted: progress per change,
// then the proof.
type Outcome struct {
	Title   string
	Steps   []Remark // one a change
	Current string   // what is being done, "" when nothing is
	Proof   []Remark
	Summary Remark
	Problem *words.Problem
	Over    bool
	Undo    string // the receipt that can be undone, "" for none
	// Restart is what has to be restarted first, nil for nothing; ToRestart is its
	// button.
	Restart   *trust.Restart
	ToRestart string
}

// Outcome returns what has come of f so far.
func (t Teller) Outcome(f *TrustForm) Outcome {
	o := Outcome{Title: t.say("trust.title", args{"registry": f.Registry}), Over: f.Phase == Done || f.Phase == Failed}
	o.Steps = t.steps(f)
	switch f.Phase {
	case Applying:
		o.Current = t.progress(f)
	case Proving:
		o.Current = t.say("trust.proving", nil)
	}
	if f.Receipt != nil && f.Receipt.State == trust.ReceiptApplied {
		o.Undo = f.Receipt.ID
	}
	if f.Proof != nil {
		o.Proof = t.proof(*f.Proof)
		o.Summary = t.proofSummary(*f.Proof)
		if restart, ok := Waits(*f.Proof, f.Proof.Scope...); ok {
			o.Restart, o.ToRestart = &restart, t.actToRestart(restart).Label
		}
	}
	if f.Err != nil {
		o.Problem, o.Summary = t.failure(f), Remark{}
	}
	return o
}

// failure is what went wrong, and in the same sentence what has come of the
// changes, unless the error says that itself or nobody knows.
func (t Teller) failure(f *TrustForm) *words.Problem {
	p := t.W.Error(f.Err)
	come := t.say("trust.failed", nil)
	if f.Receipt != nil {
		come = t.say("trust.applied-unproved", nil)
	}
	if !errors.Is(f.Err, change.ErrPending) && !strings.Contains(p.What, come) {
		p.What += " " + come
	}
	return &p
}

// steps marks each pending change as done, under way or to come. Only the receipt
// says that a change is made: a person's own files come before root's, in whatever
// order the plan shows them, and are taken back if root's are refused.
func (t Teller) steps(f *TrustForm) []Remark {
	if f.Plan == nil {
		return nil
	}
	var out []Remark
	for _, c := range f.Plan.Pending() {
		r := Remark{MarkUnknown, t.change(c).Text}
		switch {
		case f.Receipt != nil:
			r.Mark = MarkTrusted
		case f.Phase == Applying && f.Progress.Args["path"] == firstOf(c.Path, c.Command):
			r.Mark = MarkChecking
		}
		out = append(out, r)
	}
	return out
}

func (t Teller) progress(f *TrustForm) string {
	if f.Progress.Step != "" && t.W.Has(f.Progress.Step) {
		return t.W.T(f.Progress.Step, anyArgs(f.Progress.Args))
	}
	return t.say("trust.applying", nil)
}

var wordKeys = [...]string{
	words.NoDoubt:       "proof.word",
	words.OtherMachine:  "proof.word-remote",
	words.OtherServers:  "proof.word-others",
	words.Contradiction: "proof.word-contradicts",
}

// proof is what each party in scope says now, and the engines' own words.
func (t Teller) proof(r trust.Report) []Remark {
	var out []Remark
	for _, p := range r.Parties() {
		if !r.InScope(p) {
			continue
		}
		v, role := worst(r, p)
		mark, a := markOf(v.State), args{"party": t.W.Party(p), "reason": t.reason(role, v)}
		key := "proof." + v.State.String()
		if v.Effective != "" {
			mark, key = MarkAttention, "proof.effective"
		}
		out = append(out, Remark{mark, t.say(key, a)})
	}
	for _, w := range r.Proved {
		doubt, mark := words.DoubtOf(r, w), markOf(w.State)
		if doubt != words.NoDoubt {
			mark = MarkUnknown
		}
		a := args{
			"party": t.W.Party(w.Party), "verdict": t.W.State(w.State), "text": w.Text,
			"others": safe.Line(strings.Join(w.Others, ", ")),
		}
		out = append(out, Remark{mark, t.say(wordKeys[doubt], a)})
	}
	return out
}

func (t Teller) proofSummary(r trust.Report) Remark {
	state := r.Verdict()
	if state == trust.Trusted {
		return Remark{MarkTrusted, t.sentence(r, state)}
	}
	for _, p := range r.Scope {
		if v, ok := r.PartyVerdict(p); ok && v.Effective != "" {
			return Remark{MarkAttention, t.say("trust.restart-first", args{"when": t.W.Effective(v.Effective)})}
		}
	}
	return Remark{markOf(state), t.sentence(r, state)}
}
