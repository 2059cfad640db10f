package vm

import (
	"crypto/x509"
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
)

// unsent names the authority that signed what a refused server sent, and whose
// certificate neither the server sent nor this machine holds. A fingerprint that is
// none of the candidates' may be its. ok is false when every chain leads up to a
// certificate that signs itself: then there is nobody else.
func (f *TrustForm) unsent() (issuer string, ok bool) {
	for _, ep := range f.Report.Endpoints {
		if len(ep.Sent) == 0 || !f.refused(ep) {
			continue
		}
		if top := f.top(ep.Sent); !trust.SelfSigned(top) {
			return commonName(top.Issuer), true
		}
	}
	return "", false
}

// refused reports whether a tool in scope does not trust an endpoint: of the others
// no authority is wanted.
func (f *TrustForm) refused(ep trust.EndpointReport) bool {
	return slices.ContainsFunc(ep.Verdicts, func(v trust.Verdict) bool {
		return v.State != trust.Trusted && f.Report.InScope(v.Consumer.Party)
	})
}

// top is the last certificate that is there of the chain up from the server's own.
func (f *TrustForm) top(sent []*x509.Certificate) *x509.Certificate {
	held := slices.Clone(sent)
	for _, c := range f.Candidates {
		held = append(held, c.Anchor.Cert)
	}
	top := sent[0]
	for range held { // no chain is longer
		i := slices.IndexFunc(held, func(c *x509.Certificate) bool { return issued(top, c) })
		if i < 0 || held[i].Equal(top) {
			break
		}
		top = held[i]
	}
	return top
}

// other is what a fingerprint means that is not the chosen certificate's: another
// certificate, or maybe the authority that was not sent. A file that the person
// brought is what it is.
func (f *TrustForm) other() Comparison {
	if c, ok := f.Candidate(); ok && c.Kind == platform.CandidateGiven {
		return Mismatch
	}
	if _, missing := f.unsent(); missing {
		return NotSent
	}
	return Mismatch
}

// claimsUnsent reports whether a claim may mean the authority that was not sent.
func (f *TrustForm) claimsUnsent() bool {
	return f.Claim != nil && f.other() == NotSent &&
		!slices.ContainsFunc(f.Candidates, func(c platform.Candidate) bool {
			return f.Claim.Compare(c.Anchor.Fingerprint()) == link.Same
		})
}

// sayUnsent says key with the name of the authority that was not sent.
func (t Teller) sayUnsent(f *TrustForm, key string) string {
	issuer, _ := f.unsent()
	return t.say(key, args{"issuer": issuer})
}
