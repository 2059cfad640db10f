package vm

import (
	"bytes"
	"crypto/x509"
	"slices"

	"mooring.dev/mooring/trust"
)

// Link is how a certificate is tied to the one above it.
type Link string

// The links.
const (
	LinkNone     Link = ""         // the first certificate
	LinkVerified Link = "verified" // signed by the next
	LinkBroken   Link = "broken"   // the chain breaks here
	LinkSlack    Link = "slack"    // not known, or not checked by anyone
)

// Chain is the certificates of one endpoint, from the server's to the anchor.
type Chain struct {
	Title string // "Certificate chain", or whose it is
	Nodes []Node
}

// Node is a certificate with the rope that ties it to the one before.
type Node struct {
	Link  Link
	Words string
	Cert  Cert
}

// chains returns the chain of every endpoint that sent one.
func (t Teller) chains(r trust.Report) []Chain {
	var out []Chain
	for i, ep := range r.Endpoints {
		if len(ep.Sent) == 0 {
			continue
		}
		c := chainTeller{t: t, r: r, ep: ep, index: i}
		out = append(out, Chain{Title: c.title(), Nodes: c.nodes()})
	}
	return out
}

// chainTeller tells one endpoint's chain.
type chainTeller struct {
	t     Teller
	r     trust.Report
	ep    trust.EndpointReport
	index int
}

func (c chainTeller) title() string {
	if c.ep.Role == trust.RoleRegistry || c.ep.Role == "" {
		return c.t.say("chain.title", nil)
	}
	return c.t.say("chain.title-of", args{"role": c.t.W.Role(c.ep.Role), "address": c.ep.Address})
}

// nodes are the certificates as sent, then what leads from the last of them to
// an anchor, or where that is missing.
func (c chainTeller) nodes() []Node {
	var nodes []Node
	for i, cert := range c.ep.Sent {
		n := Node{Cert: c.sent(i, cert)}
		if i > 0 {
			n.Link, n.Words = c.between(c.ep.Sent[i-1], cert)
		}
		nodes = append(nodes, n)
	}
	if path := c.path(); path != nil {
		return c.anchored(nodes, path)
	}
	return c.unanchored(nodes)
}

func (c chainTeller) sent(i int, cert *x509.Certificate) Cert {
	card := c.t.cert(cert, c.roleKey(cert, i))
	card.ID = c.cardID(cert)
	card.Origin = c.t.say("chain.sent", nil)
	for _, f := range c.r.Findings {
		if f.Endpoint == c.index && f.Certificate == i && f.Severity == trust.SeverityError && f.Code != trust.UnknownAuthority {
			title, _, _ := c.t.W.Finding(f)
			card.Problems = append(card.Problems, title)
			card.Broken = true
		}
	}
	return card
}

func (c chainTeller) cardID(cert *x509.Certificate) string {
	return "cert:" + c.ep.Address + ":" + trust.FingerprintOf(cert).String()
}

func (c chainTeller) roleKey(cert *x509.Certificate, i int) string {
	switch trust.RoleOf(cert, i == 0) {
	case trust.Leaf:
		return "role.server"
	case trust.Root:
		return "role.sent-root"
	default:
		return "role.intermediate"
	}
}

func (c chainTeller) between(child, parent *x509.Certificate) (Link, string) {
	if issued(child, parent) {
		return LinkVerified, c.t.say("chain.verified", nil)
	}
	return LinkBroken, c.t.say("chain.not-signer", args{"issuer": commonName(child.Issuer)})
}

// path is the longest one that was built for a party in scope; nil for none.
func (c chainTeller) path() []trust.PathLink {
	var best []trust.PathLink
	for _, v := range c.ep.Verdicts {
		anchored := v.State == trust.Trusted || v.State == trust.Refused && !v.Reason.AnchorHelps()
		if anchored && c.r.InScope(v.Consumer.Party) && len(v.Path) > len(best) {
			best = v.Path
		}
	}
	return best
}

// doubters are the parties in scope that know no anchor for the chain.
func (c chainTeller) doubters() []trust.Party {
	var out []trust.Party
	for _, v := range c.ep.Verdicts {
		p := v.Consumer.Party
		if v.State == trust.Refused && v.Reason.AnchorHelps() && c.r.InScope(p) && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// anchored adds what the path holds beyond the sent certificates, and marks the
// anchor with where it was found.
func (c chainTeller) anchored(nodes []Node, path []trust.PathLink) []Node {
	for i, link := range path {
		at := slices.IndexFunc(c.ep.Sent, link.Cert.Equal)
		if at < 0 {
			n := Node{Cert: c.t.cert(link.Cert, "role.intermediate"), Link: LinkVerified, Words: c.t.say("chain.verified", nil)}
			n.Cert.ID = c.cardID(link.Cert)
			nodes = append(nodes, n)
			at = len(nodes) - 1
		}
		if i < len(path)-1 {
			if link.Source != trust.SourceSent {
				nodes[at].Cert.Origin = c.t.source(link.Source)
			}
			continue
		}
		nodes[at].Cert.Role = c.t.say("role.anchor", nil)
		nodes[at].Cert.Origin = c.t.source(link.Source)
		if doubters := c.doubters(); len(doubters) > 0 {
			nodes[at].Link = LinkBroken
			nodes[at].Words = c.t.say("chain.breaks-for", args{"parties": c.t.W.Parties(doubters)})
		}
	}
	return nodes
}

// unanchored shows where the chain ends without an anchor.
func (c chainTeller) unanchored(nodes []Node) []Node {
	last := len(nodes) - 1
	top := c.ep.Sent[last]
	link, words := c.end()
	if trust.SelfSigned(top) && link == LinkVerified {
		return nodes
	}
	if trust.SelfSigned(top) {
		nodes[last].Cert.Broken = nodes[last].Cert.Broken || link == LinkBroken
		if last > 0 && nodes[last].Link == LinkVerified {
			nodes[last].Link, nodes[last].Words = link, words
		} else if link == LinkBroken {
			nodes[last].Cert.Problems = append(nodes[last].Cert.Problems, words)
		}
		return nodes
	}
	missing := Cert{
		ID: "missing:" + c.ep.Address, Role: c.t.say("role.missing", nil), Name: commonName(top.Issuer),
		Owner: organisation(top.Issuer), Missing: c.t.say("chain.missing", nil),
	}
	return append(nodes, Node{Link: link, Words: words, Cert: missing})
}

// end says why no anchor is shown: nobody knows one, or nobody looked.
func (c chainTeller) end() (Link, string) {
	state := trust.Trusted
	for _, v := range c.ep.Verdicts {
		if c.r.InScope(v.Consumer.Party) {
			state = max(state, v.State)
		}
	}
	switch {
	case state == trust.Refused && (len(c.doubters()) > 0 || c.unknownAuthority()):
		return LinkBroken, c.t.say("chain.breaks", nil)
	case state == trust.Refused && !c.unknownAuthority():
		return LinkVerified, c.t.say("chain.verified", nil)
	case state == trust.Insecure:
		return LinkSlack, c.t.say("chain.unchecked", nil)
	default:
		return LinkSlack, c.t.say("chain.unknown", nil)
	}
}

// unknownAuthority reports whether that was found of this endpoint, besides what
// the tools name first.
func (c chainTeller) unknownAuthority() bool {
	return slices.ContainsFunc(c.r.Findings, func(f trust.Finding) bool {
		return f.Code == trust.UnknownAuthority && f.Endpoint == c.index
	})
}

// issued reports whether parent's key signed child.
func issued(child, parent *x509.Certificate) bool {
	return bytes.Equal(child.RawIssuer, parent.RawSubject) &&
		parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
}
