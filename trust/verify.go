package trust

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

// outcome is what verifying a chain came to: a path, or a code and the text that
// the consumer's TLS library prints.
type outcome struct {
	path []PathLink
	code Code
	text string
}

// verifier verifies one endpoint's chain for many consumers. Most bring the same
// anchors to it, and checking signatures is what costs, so each set of anchors is
// tried once.
type verifier struct {
	ep     Endpoint
	at     time.Time
	wanted []string // raw subjects that an anchor of the chain may have, sorted
	done   map[string]verified
}

// verified is what crypto/x509 said.
type verified struct {
	chains [][]*x509.Certificate
	err    error
}

func newVerifier(ep Endpoint, at time.Time) *verifier {
	v := &verifier{ep: ep, at: at, done: map[string]verified{}}
	for _, c := range ep.Sent {
		v.wanted = append(v.wanted, string(c.RawIssuer), string(c.RawSubject))
	}
	slices.Sort(v.wanted)
	v.wanted = slices.Compact(v.wanted)
	return v
}

// chain verifies the chain with those of p's anchors that are seen.
func (v *verifier) chain(p Policy, seen func(Anchor) bool) outcome {
	roots := v.candidates(p, seen)
	switch p.Dialect {
	case DialectOpenSSL:
		return v.openSSL(roots)
	case DialectApple:
		return v.apple(roots, p, seen)
	}
	return v.goes(roots, v.ep.Host, p.Denied...)
}

// candidates picks, from all the anchors a consumer has, those that can end a
// path from the chain that was sent: an OS store holds 150 roots, and putting
// them all into a new pool for each verdict would cost more than the handshake.
// Go looks issuers up by raw subject as well, so nothing it would find or name
// in an error is left out. Anchors come before system roots.
func (v *verifier) candidates(p Policy, seen func(Anchor) bool) []Anchor {
	var out []Anchor
	have := map[string]bool{} // whole certificates: hashing them would cost more
	add := func(a Anchor) {
		if !have[string(a.Cert.Raw)] {
			have[string(a.Cert.Raw)] = true
			out = append(out, a)
		}
	}
	for _, a := range p.Anchors {
		if _, ok := slices.BinarySearch(v.wanted, string(a.Cert.RawSubject)); ok {
			add(a)
		}
	}
	for _, subject := range v.wanted {
		for _, a := range p.System.Named([]byte(subject)) {
			if seen(a) && a.For(v.ep.Host) == Trusts {
				add(a)
			}
		}
	}
	return out
}

// goes verifies as Go does, for a name or, if that is "", for none, and takes no path
// over a denied certificate.
func (v *verifier) goes(roots []Anchor, name string, denied ...*x509.Certificate) outcome {
	got := v.verify(roots, name)
	if got.err != nil {
		return v.failure(got.err)
	}
	for _, chain := range got.chains {
		if !slices.ContainsFunc(chain, func(c *x509.Certificate) bool { return slices.ContainsFunc(denied, c.Equal) }) {
			return outcome{path: pathOf(chain, roots)}
		}
	}
	return untaken
}

// untaken is said of paths that only a store's word against a certificate breaks.
var untaken = outcome{code: UnknownAuthority, text: "x509: certificate signed by unknown authority"}

func (v *verifier) failure(err error) outcome {
	return outcome{code: codeOf(err, v.ep, v.at), text: strings.TrimPrefix(err.Error(), "tls: failed to verify certificate: ")}
}

func (v *verifier) verify(roots []Anchor, name string) verified {
	if name != "" && v.ep.Sent[0].VerifyHostname(bracketed(name)) == nil {
		name = "" // a name that matches changes nothing, so the answers are the same
	}
	var key strings.Builder
	key.WriteString(name)
	for _, a := range roots {
		key.WriteByte('\n') // in no host name
		key.Write(a.Cert.Raw)
	}
	got, ok := v.done[key.String()]
	if !ok {
		got.chains, got.err = verifyWith(v.ep.Sent, roots, name, v.at)
		v.done[key.String()] = got
	}
	return got
}

func verifyWith(sent []*x509.Certificate, roots []Anchor, name string, at time.Time) ([][]*x509.Certificate, error) {
	opts := x509.VerifyOptions{
		DNSName: bracketed(name), Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
		CurrentTime: at,
	}
	for _, a := range roots {
		opts.Roots.AddCert(a.Cert)
	}
	for _, c := range sent[1:] {
		opts.Intermediates.AddCert(c)
	}
	return sent[0].Verify(opts)
}

// bracketed writes an IP literal as x509 wants it, so that a host name which
// looks like an address is never matched against DNS names.
func bracketed(host string) string {
	if net.ParseIP(host) != nil {
		return "[" + host + "]"
	}
	return host
}

// pathOf gives each certificate its provenance: the last is the anchor and was
// found on this machine even if the server sent it too.
func pathOf(chain []*x509.Certificate, roots []Anchor) []PathLink {
	path := make([]PathLink, len(chain))
	for i, c := range chain {
		path[i] = PathLink{Cert: c, Source: SourceSent}
	}
	last := &path[len(path)-1]
	for _, a := range roots {
		if a.Cert.Equal(last.Cert) {
			last.Source = a.Source
			break
		}
	}
	return path
}

// codeOf names an error of crypto/x509.
func codeOf(err error, ep Endpoint, at time.Time) Code {
	var (
		invalid   x509.CertificateInvalidError
		host      x509.HostnameError
		unhandled x509.UnhandledCriticalExtension
	)
	switch {
	case errors.As(err, &invalid):
		return invalidCode(invalid, at)
	case errors.As(err, &host):
		return nameCode(host, err)
	case errors.As(err, &unhandled):
		return UnhandledExtension
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "insecure algorithm"):
		return WeakSignature
	case strings.Contains(text, "parent certificate cannot sign"):
		return IssuerNotCA
	case len(ep.Sent) == 1 && SelfSigned(ep.Sent[0]):
		return SelfSignedLeaf
	}
	return UnknownAuthority
}

func invalidCode(e x509.CertificateInvalidError, at time.Time) Code {
	switch e.Reason {
	case x509.Expired:
		if e.Cert != nil && at.Before(e.Cert.NotBefore) {
			return NotYetValid
		}
		return Expired
	case x509.CANotAuthorizedForThisName, x509.UnconstrainedName, x509.NameConstraintsWithoutSANs, x509.TooManyConstraints:
		return NameConstraint
	case x509.TooManyIntermediates:
		return PathLength
	case x509.IncompatibleUsage, x509.CANotAuthorizedForExtKeyUsage:
		return WrongUsage
	case x509.NotAuthorizedToSign:
		return IssuerNotCA
	}
	return UnknownAuthority
}

func nameCode(e x509.HostnameError, err error) Code {
	switch {
	case strings.Contains(err.Error(), "legacy Common Name"):
		return NoSAN
	case net.ParseIP(strings.Trim(e.Host, "[]")) != nil:
		return IPNotInSAN
	case len(e.Certificate.DNSNames)+len(e.Certificate.IPAddresses) == 0:
		return NoSAN
	}
	return NameMismatch
}

// openSSL follows curl with OpenSSL 3 at security level 2: it looks at the
// chain before dates and names, falls back to the common name where there is no
// DNS name, and wants 112 bits of security (RSA 2048, no SHA-1).
// Measured: reference notes on Debian 12, curl 7.88.
func (v *verifier) openSSL(roots []Anchor) outcome {
	ep := v.ep
	chain := v.goes(roots, "")
	leaf := ep.Sent[0]
	switch chain.code {
	case "":
	case Expired:
		chain.text = "SSL certificate problem: certificate has expired"
	case NotYetValid:
		chain.text = "SSL certificate problem: certificate is not yet valid"
	case SelfSignedLeaf:
		chain.text = "SSL certificate problem: self-signed certificate"
	default:
		chain.text = "SSL certificate problem: unable to get local issuer certificate"
		if last := ep.Sent[len(ep.Sent)-1]; len(ep.Sent) > 1 && SelfSigned(last) {
			chain.text = "SSL certificate problem: self-signed certificate in certificate chain"
		}
	}
	if chain.code != "" {
		return chain
	}
	for _, l := range chain.path {
		if weakKey(l.Cert) {
			return outcome{code: WeakKey, text: "SSL certificate problem: EE certificate key too weak"}
		}
	}
	if !opensslName(leaf, ep.Host) {
		return outcome{
			code: NameMismatch,
			text: "SSL: no alternative certificate subject name matches target host name '" + ep.Host + "'",
		}
	}
	return chain
}

func weakKey(c *x509.Certificate) bool {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < 2048
	case *ecdsa.PublicKey:
		return k.Params().BitSize < 224
	}
	return false
}

// opensslName matches as X509_check_host does by default: a wildcard needs two
// dots behind it, and the common name counts only when the certificate has
// neither a DNS name nor an address.
func opensslName(c *x509.Certificate, host string) bool {
	byName := *c
	byName.DNSNames = slices.DeleteFunc(slices.Clone(c.DNSNames), func(pattern string) bool {
		return strings.HasPrefix(pattern, "*") && strings.Count(pattern, ".") < 2
	})
	if len(c.DNSNames)+len(c.IPAddresses) == 0 && net.ParseIP(host) == nil {
		byName.DNSNames = []string{c.Subject.CommonName}
	}
	return byName.VerifyHostname(bracketed(host)) == nil
}
