package vm

import (
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// ActRestart restarts an engine that has yet to see a change.
const ActRestart Action = "restart"

// RestartForm is the state of the restart dialog. It belongs to one goroutine; the
// window does the work and hands the results in.
type RestartForm struct {
	Restart  trust.Restart
	Impact   *platform.RestartImpact // nil: not known yet
	Phase    Phase
	Progress platform.Progress
	Err      error
	Proof    []trust.Report
}

// RestartPage is the restart dialog.
type RestartPage struct {
	Title   string
	Sayings []Remark // what it is for, and what would stop; plain ones have no mark
	Command string
	Busy    string // what is being done, "" when nothing is
	Problem *words.Problem
	Proof   []Remark
	Do      string // the button that restarts, "" when there is nothing to press
	Held    bool   // the dialog stays until what was begun is over
}

// RestartPage returns the dialog for f.
func (t Teller) RestartPage(f *RestartForm) RestartPage {
	name := args{"name": f.Restart.Name}
	p := RestartPage{Title: t.say("restart.title", name), Command: f.Restart.Command, Held: f.Phase == Applying}
	if f.Err != nil {
		problem := t.W.Error(f.Err)
		p.Problem = &problem
	}
	switch f.Phase {
	case Deciding:
		t.restartQuestion(f, &p)
	case Applying:
		p.Busy = t.step(f.Progress)
	case Proving:
		p.Sayings, p.Busy = []Remark{t.restarted(f)}, t.say("restart.checking", nil)
	case Done:
		p.Sayings = []Remark{t.restarted(f)}
		for _, r := range f.Proof {
			p.Proof = append(p.Proof, Remark{markOf(r.Verdict()), t.W.Summary(r)})
		}
	}
	return p
}

// restartQuestion is what a person decides on.
func (t Teller) restartQuestion(f *RestartForm, p *RestartPage) {
	p.Sayings = []Remark{{"", t.say("restart.question", args{"name": f.Restart.Name})}}
	if f.Impact == nil {
		if f.Err == nil {
			p.Busy = t.say("restart.asking", nil)
		}
		return
	}
	sentences, mind := t.W.Impact(f.Restart, *f.Impact)
	for i, s := range sentences {
		var mark Mark
		switch {
		case i == 0 && mind:
			mark = MarkAttention
		case i == 0:
			mark = MarkTrusted
		}
		p.Sayings = append(p.Sayings, Remark{mark, s})
	}
	if !f.Impact.Stopped {
		p.Do = t.say("restart.do", nil)
	}
	if f.Impact.Reload {
		p.Do = t.say("restart.reload", nil)
	}
}

func (t Teller) restarted(f *RestartForm) Remark {
	key := "restart.done"
	if f.Restart.Reload {
		key = "restart.reloaded"
	}
	return Remark{MarkTrusted, t.say(key, args{"name": f.Restart.Name})}
}

func (t Teller) step(p platform.Progress) string {
	if p.Step == "" || !t.W.Has(p.Step) {
		return ""
	}
	return t.W.T(p.Step, anyArgs(p.Args))
}

// actToRestart is the button that restarts what parties wait for.
func (t Teller) actToRestart(r trust.Restart, parties ...trust.Party) Act {
	return Act{ActRestart, t.say("act.restart", args{"name": r.Name}), parties}
}

// Waits is the engine that has to be restarted before a registry is trusted by one of
// these parties; ok is false where there is none, or not one that Mooring restarts.
func Waits(r trust.Report, parties ...trust.Party) (restart trust.Restart, ok bool) {
	for _, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			if slices.Contains(parties, v.Consumer.Party) && v.Effective != "" && v.Restart.Engine != "" {
				return v.Restart, true
			}
		}
	}
	return trust.Restart{}, false
}

// onlyWaits reports whether a restart is all that keeps those in scope from trusting
// a registry, and of what.
func onlyWaits(r trust.Report) (restart trust.Restart, ok bool) {
	if r.Verdict() != trust.Refused {
		return restart, false
	}
	for _, p := range r.PartiesIn(trust.Refused) {
		if restart, ok = Waits(r, p); !ok {
			return restart, false
		}
	}
	return restart, ok
}

// restartSentence is who will trust a registry after a restart.
func (t Teller) restartSentence(r trust.Report, restart trust.Restart) string {
	return t.say("banner.restart", args{
		"parties": t.W.Parties(r.PartiesIn(trust.Refused)), "when": t.W.Effective("after restart of " + restart.Name),
	})
}

// WaitingFor lists the registries that an engine has to be restarted for.
func (b *Book) WaitingFor(e trust.Engine) []trust.Registry {
	var out []trust.Registry
	for _, entry := range b.All() {
		if entry.Report == nil {
			continue
		}
		for _, p := range entry.Report.Parties() {
			if r, ok := Waits(*entry.Report, p); ok && r.Engine == e {
				out = append(out, entry.Known.Registry)
				break
			}
		}
	}
	return out
}
