package vm

import (
	"golang.org/x/net/publicsuffix"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// ClaimPage is what a link or a project file asks for, before anything is
// contacted.
type ClaimPage struct {
	Title        string
	Registry     string
	Doubts       []string
	From         string // the project file, "" for a link
	Note         string // who wrote the file says this
	Heading      string
	Label        string
	Fingerprints []string // two lines of eight groups each
	Claim        string   // what that is worth
	Standing     Remark   // how the registry stands here, if it is in the list already
}

// ClaimPage returns the page of c.
func (t Teller) ClaimPage(b *Book, c link.Claim) ClaimPage {
	p := ClaimPage{
		Title: t.claimed(&c, "link.title", nil), Registry: safe.Line(c.Registry.String()),
		Doubts: t.claimDoubts(c), Note: safe.Line(c.Note),
		Heading: t.claimed(&c, "link.says", nil), Label: t.count("link.fingerprints", len(c.SHA256), nil),
		Fingerprints: fingerprints(c), Claim: t.claimed(&c, "link.worth", nil),
	}
	if c.Source.Path != "" {
		p.From = safe.Line(c.Source.Path)
	}
	if e, ok := b.Entry(c.Registry.String()); ok && !e.Known.Hidden {
		p.Standing = Remark{MarkUnknown, t.say("link.known-unchecked", nil)}
		if e.Report != nil {
			mark, standing := t.claimStanding(e, c)
			p.Standing = Remark{mark, t.say("link.known", args{"standing": standing})}
		}
	}
	return p
}

// longHost is from how many characters on a host is read from its wrong end:
// people look at how it begins, and it belongs to whom its end names.
const longHost = 64

// claimDoubts is what a person should know of the name that somebody else chose.
func (t Teller) claimDoubts(c link.Claim) []string {
	doubts := t.NameWarnings(c.Doubts)
	if host := c.Registry.Folded().Host(); len(host) > longHost {
		if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil && domain != host {
			doubts = append(doubts, t.say("link.long", args{"domain": domain}))
		}
	}
	return doubts
}

func fingerprints(c link.Claim) []string {
	out := make([]string, len(c.SHA256))
	for i, f := range c.SHA256 {
		out[i] = words.Fingerprint(f)
	}
	return out
}

// claimed says key, or what stands for it where a project file is meant.
func (t Teller) claimed(c *link.Claim, key string, a args) string {
	if c.Source.Kind == link.FromProject {
		key += "-project"
	}
	return t.say(key, a)
}

// claimStanding is how a known registry stands, and whether it is trusted by what
// the sender names.
func (t Teller) claimStanding(e Entry, c link.Claim) (Mark, string) {
	if e.Report == nil || e.Report.Verdict() != trust.Trusted {
		return t.standing(e)
	}
	if now, ok := link.Of(*e.Report); ok && c.Compare(now.SHA256[0]) == link.Same {
		return MarkTrusted, t.claimed(&c, "link.trusted-same", nil)
	}
	return MarkAttention, t.claimed(&c, "link.trusted-other", nil)
}

// ProjectPage lists the registries of a project file.
type ProjectPage struct {
	Title, From, Detail string
	Rows                []Row // the ID is the place in the list of claims
}

// ProjectPage returns the page of several claims of one file.
func (t Teller) ProjectPage(b *Book, claims []link.Claim) ProjectPage {
	p := ProjectPage{
		Title: t.count("link.project", len(claims), nil), From: safe.Line(claims[0].Source.Path),
		Detail: t.say("link.project-detail", nil),
	}
	for _, c := range claims {
		p.Rows = append(p.Rows, t.claimRow(b, c))
	}
	return p
}

func (t Teller) claimRow(b *Book, c link.Claim) Row {
	row := Row{
		ID: "claim:" + c.Registry.String(), Title: safe.Line(c.Registry.String()), Mark: MarkUnknown,
		Reason: t.say("link.unseen", nil), Notes: t.claimDoubts(c),
	}
	if e, ok := b.Entry(c.Registry.String()); ok && !e.Known.Hidden {
		row.Mark, row.Reason = t.claimStanding(e, c)
	}
	if len(row.Notes) > 0 && row.Mark == MarkUnknown {
		row.Mark, row.Reason = MarkAttention, t.say("link.doubtful", nil)
	}
	if c.Note != "" {
		row.Notes = append(row.Notes, t.say("link.note", args{"note": c.Note}))
	}
	return row
}

// ClaimView is a claim beside the certificates of the trust dialog. It is never
// drawn as trusted.
type ClaimView struct {
	Remark       Remark
	Strong       bool // the certificate is another one, or may be
	Label        string
	Fingerprints []string // shown beside a certificate that is another one
	Reach        string   // why there is no wider choice
}

func (t Teller) claimView(f *TrustForm) *ClaimView {
	v := &ClaimView{Reach: t.claimed(f.Claim, "link.reach", nil)}
	c, ok := f.Candidate()
	switch {
	case f.claimsUnsent():
		issuer, _ := f.unsent()
		v.Strong = true
		v.Remark = Remark{MarkAttention, t.claimed(f.Claim, "link.not-sent", args{"issuer": issuer})}
	case !ok:
		v.Remark = Remark{MarkUnknown, t.claimed(f.Claim, "link.worth", nil)}
	case f.Claim.Compare(c.Anchor.Fingerprint()) == link.Same:
		v.Remark = Remark{MarkUnknown, t.claimed(f.Claim, "link.same", nil)}
		return v
	default:
		v.Strong = true
		v.Remark = Remark{MarkRefused, t.claimed(f.Claim, "link.differs", nil)}
	}
	v.Label = t.claimed(f.Claim, "link.says-short", nil)
	v.Fingerprints = fingerprints(*f.Claim)
	return v
}

// TeamLink is the link that hands on how a registry is trusted here; without one
// why says why not.
func (t Teller) TeamLink(e Entry) (text, why string) {
	if e.Report == nil {
		return "", t.say("link.copy-unchecked", nil)
	}
	c, ok := link.Of(*e.Report)
	if !ok {
		return "", t.say("link.copy-untrusted", nil)
	}
	return link.Format(c), ""
}

// ClaimFound is what looking at a registry brought where there is nothing to
// trust: it is trusted already, was not reached, or trust would not help.
type ClaimFound struct {
	Title  string
	Banner Banner
	Claim  Remark // how the claim compares with what is trusted; zero for nothing
}

// ClaimFound returns what was found of c's registry.
func (t Teller) ClaimFound(e Entry, c link.Claim) ClaimFound {
	f := ClaimFound{Title: safe.Line(e.ID()), Banner: t.Registry(e).Banner}
	if e.Report != nil && e.Report.Verdict() == trust.Trusted {
		f.Claim.Mark, f.Claim.Sentence = t.claimStanding(e, c)
		if f.Claim.Mark != MarkAttention {
			f.Claim.Mark = MarkUnknown // the sender's word is no tick
		}
	}
	return f
}
