package vm

import (
	"net/url"

	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// SignInPage is the sign-in dialog.
type SignInPage struct {
	Title    string
	Name     string
	Standing Remark   // how far the registry is trusted
	How      []string // how it wants to be signed in to
	Busy     string
	Fields   bool // there is something to type
	Locked   bool // and it must wait
	User     string
	Secret   string // what the second field is called here: a password, a token
	Keep     []KeepView
	Problem  *words.Problem
	Mark     Mark   // of Problem: a good password without a place is no refusal
	Trust    string // the label of the way to trust, "" for none
	Again    string // the label for another attempt, "" for none
	Do       string
	Done     *SignedInView
}

// KeepView is one place where a password could be kept.
type KeepView struct {
	Session       bool
	Title, Detail string
	Chosen        bool
	Missing       bool // there is no such place on this machine now
}

// SignedInView is the dialog after the registry has said yes.
type SignedInView struct {
	Sentence, Detail string
	Heading          string // of the second step, "" when there is none
	Why              string // what it is good for, or why it cannot be had
	Changes          ChangesView
	Problem          *words.Problem
	Outcome          *Outcome
	Do               string
	CanDo            bool
}

// SignInPage returns the dialog for f.
func (t Teller) SignInPage(f *SignInForm) SignInPage {
	p := SignInPage{
		Title: t.say("signin.title", args{"registry": f.Registry()}),
		Name:  safe.Line(f.Registry().String()), Standing: t.trustedState(f.Entry),
		Fields: f.Step == Typing || f.Step == SigningIn, Locked: f.Step == SigningIn,
		User: t.say("signin.user", nil), Secret: t.secretLabel(f.Method.Product), Do: t.say("act.sign-in", nil),
	}
	switch f.Step {
	case AskingHow:
		p.Busy = t.say("signin.asking", nil)
	case SigningIn:
		p.Busy = t.say("signin.proving", args{"registry": f.Registry()})
	case SignedIn:
		p.Done = t.signedIn(f)
	}
	if f.Step != AskingHow && f.Step != Barred {
		p.How = t.how(f.Method)
	}
	if f.Step == Needless {
		p.How = append(p.How, t.say("signin.nothing-to-do", nil))
	}
	if p.Fields {
		p.Keep = t.keeps(f)
	}
	if f.Err != nil {
		t.signInFailure(&p, f)
	}
	return p
}

func (t Teller) signInFailure(p *SignInPage, f *SignInForm) {
	problem := t.W.Error(f.Err)
	p.Problem, p.Mark = &problem, MarkRefused
	if KeyringState(f.Err) != "" {
		problem.What = t.say("signin.not-kept", args{"registry": f.Registry()})
		p.Mark = MarkAttention // why, stands beside the place
		problem.Why, problem.Hint = "", t.say("signin.not-kept-hint", nil)
	}
	switch {
	case f.NeedsTrust():
		p.Trust = t.say("act.trust", nil)
	case f.Step == Barred:
		p.Again = t.say("act.try-again", nil)
	}
}

// trustedState is how far a registry is trusted, as its page says it.
func (t Teller) trustedState(e Entry) Remark {
	if e.Report == nil {
		return Remark{MarkUnknown, t.say("side.unchecked", nil)}
	}
	state := e.Report.Verdict()
	return Remark{markOf(state), t.sentence(*e.Report, state)}
}

// secretLabel is what a product wants beside the user.
func (t Teller) secretLabel(p signin.Product) string {
	switch p {
	case signin.ECR:
		return t.say("signin.secret-ecr", nil)
	case signin.DockerHub, signin.GitLab, signin.GitHub, signin.Harbor, signin.ACR:
		return t.say("signin.secret-or-token", nil)
	default:
		return t.say("signin.secret", nil)
	}
}

// how says how a registry wants to be signed in to, and what is particular about
// the product.
func (t Teller) how(m signin.Method) []string {
	out := []string{t.say("how."+string(t.schemeKey(m.Scheme)), args{"realm": realmHost(m.Realm)})}
	if note := t.W.SignInNote(m.Product); note != "" {
		out = append(out, t.say("how.product", args{"product": t.W.Product(m.Product), "note": note}))
	}
	return out
}

func (t Teller) schemeKey(s signin.Scheme) signin.Scheme {
	switch s {
	case signin.Open, signin.Basic, signin.Bearer, signin.Silly:
		return s
	default:
		return "unknown"
	}
}

// realmHost is the server in a realm that is a URL, else the realm as it is.
func realmHost(realm string) string {
	if u, err := url.Parse(realm); err == nil && u.Host != "" {
		return safe.Line(u.Host)
	}
	return safe.Line(realm)
}

// keeps are the places for the password. Both are always shown, so that nothing
// moves when the keyring answers.
func (t Teller) keeps(f *SignInForm) []KeepView {
	ring := KeepView{
		Title: t.say("keep.keyring", nil), Detail: t.say("keep.keyring-detail", nil), Chosen: !f.Session(),
	}
	if f.keyring != nil {
		p := t.W.Error(f.keyring)
		ring.Missing, ring.Detail = !f.KeyringReady(), lines(p.What, p.Why)
	}
	return []KeepView{ring, {
		Session: true, Title: t.say("keep.session", nil), Detail: t.say("keep.session-detail", nil), Chosen: f.Session(),
	}}
}

// signedIn is the dialog once the registry has said yes.
func (t Teller) signedIn(f *SignInForm) *SignedInView {
	v := &SignedInView{
		Sentence: t.say("signin.done", args{"user": f.As, "registry": f.Registry()}),
		Detail:   t.keptDetail(f),
	}
	if f.Session() {
		v.Why = t.say("use.not-session", nil)
		return v
	}
	if f.Use == nil || len(f.Tools) == 0 {
		return v
	}
	v.Heading, v.Why = t.SayTools("use.heading", f.Tools, f.Registry()), t.say("use.why", nil)
	v.Do, v.CanDo = t.SayTools("use.do", f.Tools, f.Registry()), f.CanUse()
	t.tellUse(v, f)
	return v
}

func (t Teller) tellUse(v *SignedInView, f *SignInForm) {
	switch u := f.Use; {
	case u.Phase != Deciding:
		o := t.Outcome(u)
		v.Outcome, v.Why = &o, ""
		if u.Phase == Done {
			v.Why = t.SayTools("use.done", f.Tools, f.Registry())
		}
	case u.Err != nil:
		problem := t.W.Error(u.Err)
		v.Problem = &problem
	case f.planning:
		v.Changes.Busy = true
	case u.Plan != nil && len(u.Plan.Pending()) == 0:
		v.Why, v.Do = t.SayTools("use.already", f.Tools, f.Registry()), ""
	case u.Plan != nil:
		v.Changes = t.Changes(*u.Plan)
	}
}

// keptDetail says where the password went, and when it ends.
func (t Teller) keptDetail(f *SignInForm) string {
	key := "keep.is-keyring"
	switch {
	case f.Session():
		key = "keep.is-session"
	case f.Outcome.Keep.Token:
		key = "keep.is-token"
	}
	if end := f.Outcome.Expires; !end.IsZero() {
		return t.say(key+"-until", args{"until": t.W.Moment(end)})
	}
	return t.say(key, nil)
}
