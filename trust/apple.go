package trust

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"
)

// AppleSystemRoots is the provenance of the roots that come with macOS, for which
// its rules are stricter than for those that a person trusts.
const AppleSystemRoots Source = "store:" + StoreKeychain + ":system"

// The rules of SecTrust for TLS servers that Go does not have, from Apple's
// Security-61901: OSX/sec/Security/SecPolicy.c and trust/trustd/SecPolicyServer.c.
// A server's certificate that is trusted itself is exempt from them.
const (
	appleRSABits    = 2048
	appleECBits     = 256
	appleLongest    = 825*24*time.Hour + time.Hour
	appleLongestNow = 398 * 24 * time.Hour // below the roots of macOS
)

var (
	appleRules = time.Date(2019, 7, 1, 0, 0, 0, 0, time.UTC)
	appleShort = time.Date(2020, 9, 1, 0, 0, 0, 0, time.UTC) // when appleLongestNow began
)

// apple follows SecTrust: what Go accepts, on a path that holds nothing which is
// denied and that keeps Apple's rules. The texts are those that Go programs print
// on macOS. An intermediate that was not sent may come from a keychain (parentSources
// in trust/trustd/SecTrustServer.c). That it may also be fetched from where the
// certificate says is left out: it depends on the network, and others do not.
func (v *verifier) apple(roots []Anchor, p Policy, seen func(Anchor) bool) outcome {
	first := v.applePath(roots, p)
	held := v.heldIssuers(p)
	if first.code == "" || len(held) == 0 {
		return first
	}
	ep := v.ep
	ep.Sent = slices.Clone(ep.Sent)
	for _, a := range held {
		ep.Sent = append(ep.Sent, a.Cert)
	}
	more := newVerifier(ep, v.at)
	second := more.applePath(more.candidates(p, seen), p)
	if second.code != "" {
		return first
	}
	for i, link := range second.path {
		if at := slices.IndexFunc(held, func(a Anchor) bool { return a.Cert.Equal(link.Cert) }); at >= 0 {
			second.path[i].Source = held[at].Source
		}
	}
	return second
}

// maxHeldIssuers bounds the climb from what was sent through the keychains.
const maxHeldIssuers = 8

// heldIssuers are certificates in keychains that issued what was sent, and those that
// issued these, and are no anchors.
func (v *verifier) heldIssuers(p Policy) []Anchor {
	var out []Anchor
	below := slices.Clone(v.ep.Sent)
	for i := 0; i < len(below) && len(out) < maxHeldIssuers; i++ {
		for _, a := range p.System.Named(below[i].RawIssuer) {
			known := slices.ContainsFunc(below, a.Cert.Equal)
			if !known && a.For(v.ep.Host) == Silent && below[i].CheckSignatureFrom(a.Cert) == nil {
				out, below = append(out, a), append(below, a.Cert)
			}
		}
	}
	return out
}

// applePath is the first path to one of the roots that Apple would take.
func (v *verifier) applePath(roots []Anchor, p Policy) outcome {
	got := v.verify(roots, v.ep.Host)
	if got.err != nil {
		return v.failure(got.err)
	}
	var first outcome
	for _, chain := range got.chains {
		now := v.appleRules(chain, roots, p)
		if now.code == "" {
			now.path = pathOf(chain, roots)
			return now
		}
		if first.code == "" {
			first = now
		}
	}
	return first
}

// appleRules judges one path that Go accepts.
func (v *verifier) appleRules(chain []*x509.Certificate, roots []Anchor, p Policy) outcome {
	for _, c := range chain {
		if held, ok := p.System.Find(c); ok && held.For(v.ep.Host) == Denies {
			return untaken
		}
	}
	leaf := chain[0]
	if len(chain) == 1 {
		return outcome{}
	}
	name := "“" + leaf.Subject.CommonName + "” certificate "
	if slices.ContainsFunc(chain, appleWeak) {
		return outcome{code: WeakKey, text: "x509: " + name + "is using a broken key size"}
	}
	path := pathOf(chain, roots)
	builtIn := path[len(path)-1].Source == AppleSystemRoots
	longest := appleLongest
	if builtIn && !leaf.NotBefore.Before(appleShort) {
		longest = appleLongestNow
	}
	if leaf.NotBefore.After(appleRules) && leaf.NotAfter.Sub(leaf.NotBefore) > longest {
		return outcome{code: LongValidity, text: "x509: " + name + "is not standards compliant"}
	}
	if builtIn && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) {
		return outcome{code: NoServerUsage, text: "x509: " + name + "is not standards compliant"}
	}
	return outcome{}
}

func appleWeak(c *x509.Certificate) bool {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < appleRSABits
	case *ecdsa.PublicKey:
		return k.Params().BitSize < appleECBits
	}
	return false
}
