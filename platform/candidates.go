package platform

import (
	"context"
	"crypto/x509"
	"slices"
	"time"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
)

// The kinds of candidate, best first.
const (
	CandidateGiven            = "given"
	CandidateFound            = "found"
	CandidateHarbor           = "harbor"
	CandidateSentRoot         = "sent-root"
	CandidateSentIntermediate = "sent-intermediate"
	CandidateLeaf             = "leaf"
)

var candidateOrder = []string{
	CandidateGiven, CandidateFound, CandidateHarbor, CandidateSentRoot, CandidateSentIntermediate, CandidateLeaf,
}

// Candidates implements Service. What completes a chain comes before what does
// not, roots before intermediates, and a leaf last whatever it completes.
func (m *Machine) Candidates(ctx context.Context, r trust.Report, given []trust.Anchor) ([]Candidate, error) {
	c := collector{at: m.World.Now(), seen: map[trust.Fingerprint]bool{}, report: r}
	for _, a := range given {
		c.add(CandidateGiven, a)
	}
	w := consumers.Snapshot(m.World)
	held := discover.Held(w, consumers.ReadSystem(w).Anchors)
	for _, ep := range r.Endpoints {
		c.found(ep.Endpoint, held)
	}
	if harbor(r) {
		for _, a := range m.harborCA(ctx, r.Registry) {
			c.add(CandidateHarbor, a)
		}
	}
	for _, ep := range r.Endpoints {
		c.sent(ep.Endpoint)
	}
	slices.SortStableFunc(c.out, compareCandidates)
	return c.out, ctx.Err()
}

func compareCandidates(a, b Candidate) int {
	last := func(c Candidate) int {
		switch {
		case c.Kind == CandidateLeaf:
			return 2
		case !c.Completes:
			return 1
		}
		return 0
	}
	if d := last(a) - last(b); d != 0 {
		return d
	}
	return slices.Index(candidateOrder, a.Kind) - slices.Index(candidateOrder, b.Kind)
}

// collector gathers candidates for one report, each certificate once.
type collector struct {
	report trust.Report
	at     time.Time
	seen   map[trust.Fingerprint]bool
	out    []Candidate
}

func (c *collector) add(kind string, a trust.Anchor) {
	fp := a.Fingerprint()
	if c.seen[fp] {
		return
	}
	c.seen[fp] = true
	completes := false
	for _, ep := range c.report.Endpoints {
		p := trust.Policy{Dialect: trust.DialectGo, Anchors: []trust.Anchor{a}}
		chain := ep.Endpoint
		chain.ClientAuth = trust.ClientAuth{} // whom the server takes is another question
		completes = completes || trust.Judge(chain, p, c.at).State == trust.Trusted
	}
	c.out = append(c.out, Candidate{Anchor: a, Kind: kind, Completes: completes, Consequence: c.consequence(a)})
}

// consequence is what a person should know before trusting a.
func (c *collector) consequence(a trust.Anchor) trust.Code {
	switch {
	case !a.Cert.IsCA || c.serves(a.Cert):
		return trust.LeafAsAnchor
	case c.at.After(a.Cert.NotAfter):
		return trust.ExpiredAnchor
	case !trust.SelfSigned(a.Cert):
		return trust.IntermediateAsAnchor
	}
	return ""
}

// serves reports whether an endpoint presents cert as its own.
func (c *collector) serves(cert *x509.Certificate) bool {
	return slices.ContainsFunc(c.report.Endpoints, func(ep trust.EndpointReport) bool { return ep.Presents(cert) })
}

// sent offers the CAs of a chain from the top down, then its leaf.
func (c *collector) sent(ep trust.Endpoint) {
	for i, cert := range slices.Backward(ep.Sent) {
		a := trust.Anchor{Cert: cert, Source: trust.SourceSent}
		switch {
		case i == 0:
			c.add(CandidateLeaf, a)
		case trust.SelfSigned(cert):
			c.add(CandidateSentRoot, a)
		case cert.IsCA:
			c.add(CandidateSentIntermediate, a)
		}
	}
}

// maxIssuers bounds the climb from a certificate to its root.
const maxIssuers = 8

// found follows each certificate upwards through what this machine holds and
// offers the roots it reaches.
func (c *collector) found(ep trust.Endpoint, held *trust.AnchorSet) {
	for _, cert := range ep.Sent {
		for range maxIssuers {
			issuer, ok := held.IssuerOf(cert)
			if !ok {
				break
			}
			if trust.SelfSigned(issuer.Cert) {
				c.add(CandidateFound, issuer)
				break
			}
			cert = issuer.Cert
		}
	}
}
