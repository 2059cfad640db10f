package cli

import (
	"cmp"
	"crypto/x509"
	"slices"
	"strconv"
	"strings"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// maxGiven is how many CAs of one file are installed together. A file with more
// is some system's bundle; of that only what completes a chain is taken.
const maxGiven = 10

// offer is a candidate with the registries whose chain it completes.
type offer struct {
	platform.Candidate
	completes []string
}

// choose settles which certificates to trust: those of a file that the person
// named, the one with the fingerprint they gave, or the one they pick.
func (a *app) choose(m platform.Service, reports []trust.Report, c choice) ([]offer, error) {
	offers, err := a.offers(m, reports, c.given)
	if err != nil {
		return nil, err
	}
	chosen := offers
	switch {
	case c.pinned != nil:
		if chosen = pinned(offers, *c.pinned); len(chosen) == 0 {
			return nil, failed{"fingerprint-unmatched", map[string]any{"count": len(offers)}}
		}
	case len(c.given) > 0:
		chosen = givenCAs(offers)
	default:
		if chosen, err = a.pick(offers, c.dry); err != nil {
			return nil, err
		}
	}
	for _, o := range chosen {
		a.narrator().certificate(o, c)
		if !o.Anchor.Cert.IsCA && c.yes && !c.allowLeaf {
			return nil, declined{"leaf", map[string]any{"subject": o.Anchor.Cert.Subject}}
		}
	}
	return chosen, nil
}

// offers merges the candidates of all registries, best first.
func (a *app) offers(m platform.Service, reports []trust.Report, given []trust.Anchor) ([]offer, error) {
	var out []offer
	at := map[trust.Fingerprint]int{}
	for _, r := range reports {
		candidates, err := m.Candidates(a.ctx, r, given)
		if err != nil {
			return nil, err
		}
		for _, c := range candidates {
			i, seen := at[c.Anchor.Fingerprint()]
			if !seen {
				i = len(out)
				at[c.Anchor.Fingerprint()] = i
				out = append(out, offer{Candidate: c})
			}
			if c.Completes {
				out[i].completes = append(out[i].completes, r.Registry.String())
				out[i].Completes = true
			}
		}
	}
	slices.SortStableFunc(out, offer.compare)
	return out, nil
}

// compare puts what completes most chains first, and a server's own certificate
// last in any case.
func (o offer) compare(other offer) int {
	leaf := func(o offer) int {
		if o.Kind == platform.CandidateLeaf {
			return 1
		}
		return 0
	}
	return cmp.Or(leaf(o)-leaf(other), len(other.completes)-len(o.completes))
}

func pinned(offers []offer, f trust.Fingerprint) []offer {
	for _, o := range offers {
		if o.Anchor.Fingerprint() == f {
			return []offer{o}
		}
	}
	return nil
}

// givenCAs are the roots in the person's file; an old and a new one may stand
// side by side. A file without roots gives its other CAs, one without any CA what
// it has.
func givenCAs(offers []offer) []offer {
	given := slices.DeleteFunc(slices.Clone(offers), func(o offer) bool { return o.Kind != platform.CandidateGiven })
	for _, wanted := range []func(*x509.Certificate) bool{
		func(c *x509.Certificate) bool { return c.IsCA && trust.SelfSigned(c) },
		func(c *x509.Certificate) bool { return c.IsCA },
		func(*x509.Certificate) bool { return true },
	} {
		some := slices.DeleteFunc(slices.Clone(given), func(o offer) bool { return !wanted(o.Anchor.Cert) })
		if len(some) > maxGiven {
			some = slices.DeleteFunc(some, func(o offer) bool { return !o.Completes })
		}
		if len(some) > 0 {
			return some
		}
	}
	return nil
}

// pick lets the person choose. A dry run takes the best, since it changes nothing.
func (a *app) pick(offers []offer, dry bool) ([]offer, error) {
	switch {
	case len(offers) == 0:
		return nil, failed{key: "no-candidate"}
	case len(offers) == 1 || dry:
		return offers[:1], nil
	case !a.mayAsk():
		return nil, declined{key: "no-terminal"}
	}
	t := a.narrator()
	t.say(t.t("choose.several", nil))
	for i, o := range offers {
		t.say("  " + strconv.Itoa(i+1) + "  " + t.bold(safe.Line(o.Anchor.Cert.Subject.String())) + "  " + t.kind(o))
	}
	answer, err := a.ask(t.t("choose.which", map[string]any{"count": len(offers)}))
	if err != nil {
		return nil, err
	}
	if answer == "" {
		answer = "1"
	}
	n, err := strconv.Atoi(answer)
	if err != nil || n < 1 || n > len(offers) {
		return nil, declined{key: "no"}
	}
	return offers[n-1 : n], nil
}

func (t *text) kind(o offer) string {
	if len(o.completes) == 0 {
		return t.dim(t.words.Candidate(o.Kind) + "  " + t.t("choose.incomplete", nil))
	}
	return t.dim(t.words.Candidate(o.Kind))
}

// certificate shows which certificate it is and why one may believe it.
func (t *text) certificate(o offer, c choice) {
	cert := o.Anchor.Cert
	fp := strings.Split(words.Fingerprint(o.Anchor.Fingerprint()), "\n")
	t.say("")
	t.say(t.bold(t.t("certificate.title", nil)))
	facts := table{indent: "  "}
	fact := func(key, value string) { facts.row(cell{t.t("certificate."+key, nil), t.dim}, plain(value)) }
	fact("subject", safe.Line(cert.Subject.String()))
	if cert.Issuer.String() != cert.Subject.String() {
		fact("issuer", safe.Line(cert.Issuer.String()))
	}
	fact("valid", t.t("certificate.span", map[string]any{
		"from": t.words.Date(cert.NotBefore), "to": t.words.Date(cert.NotAfter), "left": t.words.Left(cert.NotAfter.Sub(t.now)),
	}))
	fact("sha256", fp[0])
	facts.row(plain(""), plain(fp[1]))
	fact("origin", t.words.Candidate(o.Kind)+" ("+t.words.Source(o.Anchor.Source)+")")
	facts.write(t.w)
	t.say(wrap(t.t("certificate."+vouched(o, c), nil), "  ", t.width))
	if o.Consequence != "" {
		title, detail, _ := t.words.Finding(trust.Finding{
			Code: o.Consequence, Path: o.Anchor.Source.File(), Args: map[string]string{"subject": cert.Subject.String()},
		})
		t.say(wrap(t.warn(title+".")+" "+detail, "  ", t.width))
	}
}

// vouched says what speaks for a certificate besides itself.
func vouched(o offer, c choice) string {
	switch {
	case c.pinned != nil:
		return "matches"
	case o.Kind == platform.CandidateGiven:
		return "given"
	case o.Kind == platform.CandidateFound:
		return "found"
	default:
		return "claim"
	}
}
