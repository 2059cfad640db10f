package diagnose

import (
	"bytes"
	"crypto/x509"
	"errors"

	"mooring.dev/mooring/trust"
)

// The bounds of one endpoint's chain: a server may send hundreds of certificates
// of one name, and each pair of them costs a signature check.
const (
	maxChain  = 64
	maxChecks = 200
)

// link is "parent issued child".
type link struct{ parent, child trust.Fingerprint }

// chain is what the server sent, put in relation.
type chain struct {
	sent []*x509.Certificate
	// path are indices into sent from the leaf upwards, as far as it goes.
	path []int
	// reached are the certificates on any path upwards from the leaf, by index.
	reached map[int]bool

	known  map[link]bool // checked or proven
	checks int
}

// newChain relates the certificates that were sent. Proven links need no check.
func newChain(sent []*x509.Certificate, proven map[link]bool) chain {
	c := chain{sent: sent[:min(len(sent), maxChain)], known: proven, reached: map[int]bool{0: true}}
	c.reach(0)
	c.path = []int{0}
	for on := map[int]bool{0: true}; ; {
		next := c.issuerAmongSent(c.path[len(c.path)-1], on)
		if next < 0 {
			return c
		}
		on[next] = true
		c.path = append(c.path, next)
	}
}

// reach marks every certificate that issued i, or issued one that did.
func (c *chain) reach(i int) {
	for j, parent := range c.sent {
		if !c.reached[j] && c.issued(parent, c.sent[i]) && !c.twice(j) {
			c.reached[j] = true
			c.reach(j)
		}
	}
}

// twice reports whether the certificate j was reached at another index.
func (c *chain) twice(j int) bool {
	for i := range c.reached {
		if c.sent[i].Equal(c.sent[j]) {
			return true
		}
	}
	return false
}

// issuerAmongSent is the index of a certificate that issued i, -1 for none.
func (c *chain) issuerAmongSent(i int, but map[int]bool) int {
	for j, parent := range c.sent {
		if !but[j] && c.reached[j] && c.issued(parent, c.sent[i]) {
			return j
		}
	}
	return -1
}

// top is the last certificate of the path.
func (c *chain) top() *x509.Certificate { return c.sent[c.path[len(c.path)-1]] }

// issued reports whether parent made child, whatever parent's right to do so.
func (c *chain) issued(parent, child *x509.Certificate) bool {
	if !bytes.Equal(parent.RawSubject, child.RawIssuer) || parent.Equal(child) {
		return false
	}
	l := link{trust.FingerprintOf(parent), trust.FingerprintOf(child)}
	is, checked := c.known[l]
	if !checked && c.checks < maxChecks {
		c.checks++
		is = signed(parent, child)
		c.known[l] = is
	}
	return is
}

// selfSigned is trust.SelfSigned, checked once.
func (c *chain) selfSigned(cert *x509.Certificate) bool {
	if !bytes.Equal(cert.RawSubject, cert.RawIssuer) {
		return false
	}
	fp := trust.FingerprintOf(cert)
	is, checked := c.known[link{fp, fp}]
	if !checked && c.checks < maxChecks {
		c.checks++
		is = signed(cert, cert)
		c.known[link{fp, fp}] = is
	}
	return is
}

// signed checks the signature. Where the library will not compute one it finds
// too weak, key identifiers have to do: that weakness is a finding of its own.
func signed(parent, child *x509.Certificate) bool {
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	if err == nil {
		return true
	}
	var insecure x509.InsecureAlgorithmError
	if errors.As(err, &insecure) || weakRSA(parent, 1024) {
		return len(child.AuthorityKeyId) == 0 || len(parent.SubjectKeyId) == 0 ||
			bytes.Equal(child.AuthorityKeyId, parent.SubjectKeyId)
	}
	return false
}

// proven collects the links of paths that verdicts were based on: they were
// verified already, and checking signatures is what costs time here.
func (v *view) proven() map[link]bool {
	type pair struct{ parent, child *x509.Certificate }
	seen := map[pair]bool{} // most consumers take the same path
	out := map[link]bool{}
	for _, c := range v.all {
		path := c.verdict.Path
		for i := 0; i+1 < len(path); i++ {
			p := pair{path[i+1].Cert, path[i].Cert}
			if !seen[p] {
				seen[p] = true
				out[link{trust.FingerprintOf(p.parent), trust.FingerprintOf(p.child)}] = true
			}
		}
	}
	return out
}
