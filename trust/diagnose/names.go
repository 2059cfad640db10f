package diagnose

import (
	"crypto/x509"
	"errors"
	"net/netip"
	"time"

	"mooring.dev/mooring/trust"
)

// names compares the leaf's names with the host that clients verify.
func (v *view) names() {
	leaf, host := v.ep.Sent[0], v.ep.Host
	if host == "" || verifiesHost(leaf, host) {
		return
	}
	ip := isIP(host)
	none := len(leaf.DNSNames)+len(leaf.IPAddresses) == 0
	switch {
	case none && (!ip || leaf.Subject.CommonName == host):
		v.cert(trust.NoSAN, 0, "commonName", clipped(leaf.Subject.CommonName))
	case ip:
		v.cert(trust.IPNotInSAN, 0, "names", names(leaf))
	default:
		v.cert(trust.NameMismatch, 0, "names", names(leaf))
	}
}

func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// verifiesHost asks x509, which wants IP addresses in brackets to keep it from
// comparing them with DNS names.
func verifiesHost(leaf *x509.Certificate, host string) bool {
	if isIP(host) {
		host = "[" + host + "]"
	}
	return leaf.VerifyHostname(host) == nil
}

// constraints checks what the CAs of the path may issue at all: for which names,
// and how many CAs below themselves.
func (v *view) constraints() {
	path := v.pathWithAnchor()
	v.pathLengths(path)
	v.nameConstraints(path)
}

// above is a certificate of the path with its index in what was sent, or
// NoIndex and where it was found.
type above struct {
	cert   *x509.Certificate
	index  int
	source trust.Source
}

// pathWithAnchor is the path that was sent and the anchor above it, if any
// consumer holds one that was not sent.
func (v *view) pathWithAnchor() []above {
	var out []above
	for _, i := range v.chain.path {
		out = append(out, above{v.ep.Sent[i], i, trust.SourceSent})
	}
	top := v.chain.top()
	if v.chain.selfSigned(top) {
		return out
	}
	for _, c := range v.all {
		for _, a := range v.named(c.Policy, top.RawIssuer) {
			if v.chain.issued(a.Cert, top) {
				return append(out, above{a.Cert, trust.NoIndex, a.Source})
			}
		}
	}
	return out
}

// named returns the anchors of a policy with this subject that count for the
// endpoint.
func (v *view) named(p trust.Policy, subject []byte) []trust.Anchor {
	var out []trust.Anchor
	for _, a := range p.Anchors {
		if string(a.Cert.RawSubject) == string(subject) {
			out = append(out, a)
		}
	}
	for _, a := range p.System.Named(subject) {
		if a.For(v.ep.Host) == trust.Trusts {
			out = append(out, a)
		}
	}
	return out
}

// about reports a fact about a certificate of the path.
func (v *view) about(code trust.Code, a above, pairs ...string) {
	v.add(trust.Finding{
		Code: code, Certificate: a.index, Path: a.source.File(), Args: aboutCert(a.cert, pairs...),
	})
}

// pathLengths counts the CAs below each CA, as Go does: RFC 5280 would not count
// those that issued themselves.
func (v *view) pathLengths(path []above) {
	for i := 1; i < len(path); i++ {
		c := path[i].cert
		if below := i - 1; c.BasicConstraintsValid && c.MaxPathLen >= 0 && below > c.MaxPathLen {
			v.about(trust.PathLength, path[i])
		}
	}
}

// nameConstraints has x509 check the path's names against each CA that limits
// them, with everything else about the certificates made good: only so does the
// answer not depend on their other faults.
func (v *view) nameConstraints(path []above) {
	for i, a := range path {
		if i > 0 && constrained(a.cert) && !permits(path, i) {
			v.about(trust.NameConstraint, a, "names", names(path[0].cert))
		}
	}
}

func constrained(c *x509.Certificate) bool {
	return len(c.PermittedDNSDomains)+len(c.ExcludedDNSDomains)+len(c.PermittedIPRanges)+len(c.ExcludedIPRanges)+
		len(c.PermittedEmailAddresses)+len(c.ExcludedEmailAddresses)+len(c.PermittedURIDomains)+len(c.ExcludedURIDomains) > 0
}

// permits reports whether the i-th CA of path permits the names below it.
func permits(path []above, i int) bool {
	opts := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
		CurrentTime: anyTime, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	}
	last := len(path) - 1
	for j := 1; j <= last; j++ {
		pool := opts.Intermediates
		if j == last {
			pool = opts.Roots
		}
		pool.AddCert(madeGood(path[j].cert, j == i))
	}
	_, err := madeGood(path[0].cert, false).Verify(opts)
	var invalid x509.CertificateInvalidError
	return !errors.As(err, &invalid) || invalid.Reason != x509.CANotAuthorizedForThisName
}

var anyTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// madeGood is a copy of c without any limits but those on names, if they are kept.
// Signatures are still checked: they are over the original bytes.
func madeGood(c *x509.Certificate, keepNames bool) *x509.Certificate {
	g := *c
	g.NotBefore, g.NotAfter = anyTime, anyTime
	g.UnhandledCriticalExtensions = nil
	g.BasicConstraintsValid, g.IsCA, g.MaxPathLen, g.KeyUsage = true, true, -1, 0
	if !keepNames {
		g.PermittedDNSDomains, g.ExcludedDNSDomains = nil, nil
		g.PermittedIPRanges, g.ExcludedIPRanges = nil, nil
		g.PermittedEmailAddresses, g.ExcludedEmailAddresses = nil, nil
		g.PermittedURIDomains, g.ExcludedURIDomains = nil, nil
	}
	return &g
}
