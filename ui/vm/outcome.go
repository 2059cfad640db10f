package vm

import (
	"errors"
	"slices"
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
		o.Proof = t.proof(*f.Proof, f.Plan)
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
		l := t.change(c)
		r := Remark{MarkUnknown, l.Text}
		if c.Status == trust.StatusRemoved && c.Kind != trust.KeepSecret { // else a tick would say that it is there
			r.Sentence = l.Sign + " " + l.Text
		}
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

// proof is what each party says now that is in scope of the registry or of the plan,
// and the engines' own words.
func (t Teller) proof(r trust.Report, plan *trust.Plan) []Remark {
	var out []Remark
	for _, p := range r.Parties() {
		if !r.InScope(p) && !planned(plan, p) {
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

// planned reports whether a plan is meant to make p trust: the store of this computer
// is in no registry's scope, and yet what a person may have chosen.
func planned(plan *trust.Plan, p trust.Party) bool {
	return plan != nil && slices.ContainsFunc(plan.Forecast, func(f trust.Forecast) bool { return f.Party == p && f.InScope })
}
