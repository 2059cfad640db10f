package cli

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

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
		if chosen = givenCAs(offers, reports); len(chosen) == 0 {
			return nil, failed{"given-unrelated", map[string]any{"count": len(c.given)}}
		}
	default:
		if chosen, err = a.pick(claimed(offers, c.claim), c.dry); err != nil {
			return nil, err
		}
	}
	for _, o := range chosen {
		a.narrator().certificate(o, c)
		if o.leaf() && c.yes && !c.allowLeaf {
			return nil, declined{"leaf", map[string]any{"subject": o.Anchor.Cert.Subject}}
		}
	}
	return chosen, a.compareClaim(chosen, c.claim)
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

// leaf reports whether o is a server's own certificate rather than a CA's.
func (o offer) leaf() bool { return o.Consequence == trust.LeafAsAnchor }

func pinned(offers []offer, f trust.Fingerprint) []offer {
	for _, o := range offers {
		if o.Anchor.Fingerprint() == f {
			return []offer{o}
		}
	}
	return nil
}

// givenCAs are what the person's file is taken to mean: of its roots, else of its
// other CAs, else of whatever it holds, those that complete a chain. What else
// lies in a file (some system's bundle, a stray root) is not installed. One that
// completes none is taken only when it is the only one and no registry shows a
// chain that speaks against it: the successor of a CA in use, or a registry that
// is not up yet.
func givenCAs(offers []offer, reports []trust.Report) []offer {
	given := where(offers, func(o offer) bool { return o.Kind == platform.CandidateGiven })
	for _, wanted := range []func(offer) bool{
		func(o offer) bool { return !o.leaf() && trust.SelfSigned(o.Anchor.Cert) },
		func(o offer) bool { return !o.leaf() },
		func(offer) bool { return true },
	} {
		some := where(given, wanted)
		if useful := where(some, func(o offer) bool { return o.Completes }); len(useful) > 0 {
			return useful
		}
		if len(some) == 1 && !slices.ContainsFunc(reports, showsAnother) {
			return some
		}
	}
	return nil
}

func where(offers []offer, keep func(offer) bool) []offer {
	return slices.DeleteFunc(slices.Clone(offers), func(o offer) bool { return !keep(o) })
}

// showsAnother reports whether a registry presents a chain that is not trusted as
// it is: a CA that does not complete it is the wrong one.
func showsAnother(r trust.Report) bool {
	return len(r.Endpoints) > 0 && len(r.Endpoints[0].Sent) > 0 && r.Verdict() != trust.Trusted
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
