package vm

import (
	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// TrustPage is the trust dialog: who is it, for what, what will change.
type TrustPage struct {
	Title      string
	Looking    bool
	Candidates []CandidateView
	Others     string // how many more candidates there are, "" for none
	None       string // said when there is nothing to trust
	Compare    Remark
	Claim      *ClaimView // nil: no link or project file asks for it
	Reaches    []ReachView
	Also       *AlsoView // nil: no other registry has this CA, or a link asks
	Changes    ChangesView
	Forecast   []Row
	Problem    *words.Problem
	CanApply   bool
	WhyNot     string // why not, "" when it can
	Command    string
}

// Remark is a sentence with a mark.
type Remark struct {
	Mark     Mark
	Sentence string
}

// CandidateView is a certificate that could be trusted.
type CandidateView struct {
	Name, Detail, Origin string
	Fingerprint          string // two lines of eight groups
	Copy                 string // its 64 digits
	Why                  string // why you may believe it
	Consequence          string // what trusting it means, "" for nothing special
	Chosen               bool
	Completes            bool
}

// ReachView is one answer to "for what?".
type ReachView struct {
	Reach         trust.Reach
	Title, Detail string
	Chosen        bool
}

// AlsoView offers the other registries that the same CA signs.
type AlsoView struct {
	Label, Names string
	On           bool
}

// ChangesView is what a plan does.
type ChangesView struct {
	Busy   bool
	Remark string // "2 new files, nothing overwritten, no restart"
	Lines  []Line
	Notes  []Remark // restarts, and what the system will ask
}

// Line is one change of a plan.
type Line struct {
	Sign, Text, Note string
	Mark             Mark
	Plain            bool
}

// TrustPage returns the dialog for f.
func (t Teller) TrustPage(f *TrustForm) TrustPage {
	p := TrustPage{
		Title:   t.say("trust.title", args{"registry": f.Registry}),
		Looking: f.Looking, Compare: t.compare(f), Reaches: t.reaches(f),
		Changes: ChangesView{Busy: f.Planning || f.Looking}, Command: f.Command(),
	}
	for i, c := range f.Candidates {
		p.Candidates = append(p.Candidates, t.candidate(f, c, i == f.chosen))
	}
	if n := len(f.Candidates) - 1; n > 0 {
		p.Others = t.count("trust.others", n, nil)
	}
	if !f.Looking && len(f.Candidates) == 0 {
		p.None = t.say("trust.none", nil)
	}
	if len(f.Others) > 0 && f.Claim == nil {
		p.Also = t.also(f)
	}
	if f.Claim != nil {
		p.Claim = t.claimView(f)
		p.Reaches = p.Reaches[:1] // of the registry alone
	}
	if f.Err != nil {
		problem := t.W.Error(f.Err)
		p.Problem = &problem
	} else if f.Plan != nil {
		p.Changes = t.Changes(*f.Plan)
		p.Forecast = t.forecast(*f.Plan)
	}
	b := f.Blocked()
	p.CanApply, p.WhyNot = b == NotBlocked, t.blocked(b)
	switch {
	case b == BlockedNotSent, b == BlockedContradicted && f.claimsUnsent():
		p.WhyNot = t.sayUnsent(f, "blocked.not-sent")
	case b == BlockedContradicted:
		p.WhyNot = t.claimed(f.Claim, "blocked.claim", nil)
	}
	return p
}

func (t Teller) candidate(f *TrustForm, c platform.Candidate, chosen bool) CandidateView {
	cert := c.Anchor.Cert
	fp := c.Anchor.Fingerprint()
	v := CandidateView{
		Name: certName(cert), Detail: t.candidateDetail(c), Origin: t.candidateOrigin(f, c),
		Fingerprint: words.Fingerprint(fp), Copy: fp.String(), Chosen: chosen, Completes: c.Completes,
		Why: t.say("why."+c.Kind, nil),
	}
	if c.Consequence != "" {
		v.Consequence = t.say("consequence."+string(c.Consequence), args{"until": t.W.Date(cert.NotAfter)})
	} else if c.Kind == "given" && !c.Completes && !f.Looking {
		v.Consequence = t.say("consequence.does-not-fit", nil)
	}
	return v
}

func (t Teller) candidateDetail(c platform.Candidate) string {
	cert := c.Anchor.Cert
	a := args{"owner": t.owner(cert), "until": t.W.Date(cert.NotAfter)}
	switch {
	case !cert.IsCA:
		return t.say("candidate.leaf", a)
	case len(cert.PermittedDNSDomains)+len(cert.PermittedIPRanges) > 0:
		a["names"] = safeList(constraints(cert.PermittedDNSDomains, cert.PermittedIPRanges), 5)
		return t.say("candidate.constrained", a)
	default:
		return t.say("candidate.any", a)
	}
}

func (t Teller) candidateOrigin(f *TrustForm, c platform.Candidate) string {
	if file := f.files[c.Anchor.Fingerprint()]; file != "" {
		return file
	}
	if c.Kind == "sent-root" || c.Kind == "sent-intermediate" || c.Kind == "leaf" {
		return t.say("origin.sent-itself", nil)
	}
	return t.source(c.Anchor.Source)
}

func (t Teller) compare(f *TrustForm) Remark {
	c, _ := f.Candidate()
	switch f.Compare() {
	case Match:
		return Remark{MarkTrusted, t.say("compare.match", nil)}
	case Mismatch:
		return Remark{MarkRefused, t.say("compare.mismatch", nil)}
	case NotSent:
		return Remark{MarkAttention, t.sayUnsent(f, "compare.not-sent")}
	case SHA1Given:
		return Remark{MarkAttention, t.say("compare.sha1", nil)}
	case NotAFingerprint:
		return Remark{MarkAttention, t.say("compare.invalid", nil)}
	}
	if c.Kind == "given" {
		return Remark{MarkUnknown, t.say("compare.given", nil)}
	}
	return Remark{MarkAttention, t.say("compare.none", nil)}
}

func (t Teller) reaches(f *TrustForm) []ReachView {
	a := args{"registry": f.Registry, "parties": t.W.Parties(placed(f.Report))}
	var out []ReachView
	for _, r := range f.Reaches {
		key := "reach." + string(r)
		out = append(out, ReachView{r, t.say(key, nil), t.say(key+"-detail", a), f.reach == r})
	}
	return out
}

// placed are the parties in scope that keep certificates for one registry; the
// rest read stores that count for every server.
func placed(r trust.Report) []trust.Party {
	var out []trust.Party
	for _, p := range r.Scope {
		if p.Engine() && p != trust.DockerBuild {
			out = append(out, p)
		}
	}
	return out
}

func (t Teller) also(f *TrustForm) *AlsoView {
	var names []string
	for _, r := range f.Others {
		names = append(names, r.String())
	}
	return &AlsoView{Label: t.count("trust.also", len(names), nil), Names: safeList(names, 8), On: f.also}
}

func (t Teller) blocked(b Blocked) string {
	switch b {
	case BlockedNothingChosen:
		return t.say("blocked.choose", nil)
	case BlockedMismatch:
		return t.say("blocked.mismatch", nil)
	case BlockedNotAFingerprint:
		return t.say("blocked.not-a-fingerprint", nil)
	case BlockedNothingToDo:
		return t.say("blocked.nothing", nil)
	default:
		return ""
	}
}
