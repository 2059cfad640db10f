package diagnose

import (
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strconv"
	"time"

	"mooring.dev/mooring/trust"
)

// certificates looks at each certificate of the path for itself. Certificates
// that lead nowhere harm nobody; they are extra, and that is all.
func (v *view) certificates() {
	for place, i := range v.chain.path {
		c := v.ep.Sent[i]
		v.dates(c, i)
		v.signature(c, i)
		v.key(c, i)
		v.usage(c, i, place)
		if len(c.UnhandledCriticalExtensions) > 0 {
			v.cert(trust.UnhandledExtension, i, "oids", oids(c.UnhandledCriticalExtensions))
		}
		v.inspector(c, i)
	}
	v.lifetime()
}

func (v *view) dates(c *x509.Certificate, i int) {
	switch now := v.in.Now; {
	case now.Before(c.NotBefore):
		v.cert(trust.NotYetValid, i, "now", date(now))
	case now.After(c.NotAfter):
		v.cert(trust.Expired, i, "now", date(now))
	case trust.EndsSoon(c, now):
		v.cert(trust.ExpiresSoon, i, "now", date(now))
	}
}

const day = 24 * time.Hour

// signature looks at the algorithm by which c was signed. A root vouches for
// itself by being held, not by its signature.
func (v *view) signature(c *x509.Certificate, i int) {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		if i == 0 || !v.chain.selfSigned(c) {
			v.cert(trust.WeakSignature, i, "algorithm", c.SignatureAlgorithm.String())
		}
	}
}

// key looks at the size of c's key. Go refuses RSA below 1024 bits; OpenSSL at its
// default level 2 and GnuTLS refuse it below 2048 (measured on Debian 12).
func (v *view) key(c *x509.Certificate, i int) {
	switch {
	case weakRSA(c, 1024):
		v.cert(trust.WeakKey, i, "bits", bits(c))
	case weakRSA(c, 2048):
		v.add(trust.Finding{
			Code: trust.StrictClient, Certificate: i,
			Args: aboutCert(c, "client", "OpenSSL, GnuTLS", "bits", bits(c)),
		})
	}
}

func weakRSA(c *x509.Certificate, limit int) bool {
	k, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && k.N.BitLen() < limit
}

func bits(c *x509.Certificate) string {
	return strconv.Itoa(c.PublicKey.(*rsa.PublicKey).N.BitLen())
}

// usage looks at what c may be used for: a server, or a CA that issues for
// servers. place counts from the leaf.
func (v *view) usage(c *x509.Certificate, i, place int) {
	named := len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) > 0
	server := slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
	switch {
	case named && !server: // Go asks it of roots as well
		v.cert(trust.WrongUsage, i)
	case !named && place == 0 && c.NotBefore.After(appleRules):
		v.cert(trust.NoServerUsage, i)
	}
	if place > 0 && !mayIssue(c) {
		v.cert(trust.IssuerNotCA, i)
	}
}

// appleRules is from when on certificates must have the server's usage and last
// no longer than 825 days for Apple (support article HT210176); the usage not below
// CAs that the keychains of macOS trust (trust/trustd/SecPolicyServer.c
// SecPolicyCheckServerAuthEKU).
var appleRules = time.Date(2019, 7, 1, 0, 0, 0, 0, time.UTC)

const appleDays = 825

// mayIssue is the rule of Certificate.CheckSignatureFrom.
func mayIssue(c *x509.Certificate) bool {
	switch {
	case c.Version == 3 && !c.BasicConstraintsValid, c.BasicConstraintsValid && !c.IsCA:
		return false
	}
	return c.KeyUsage == 0 || c.KeyUsage&x509.KeyUsageCertSign != 0
}

func (v *view) lifetime() {
	leaf := v.ep.Sent[0]
	days := int(leaf.NotAfter.Sub(leaf.NotBefore) / day)
	if days > appleDays && leaf.NotBefore.After(appleRules) {
		v.cert(trust.LongValidity, 0, "days", strconv.Itoa(days))
	}
}

// order compares what was sent with what TLS asks for: the leaf, then each issuer
// after what it issued, and nothing else.
func (v *view) order() {
	told := false
	for i := 1; i < len(v.chain.sent); i++ {
		switch {
		case !v.chain.reached[i]:
			v.cert(trust.ExtraCertificate, i)
		case !told && !v.issuedEarlier(i):
			told = true
			v.cert(trust.WrongOrder, i)
		}
	}
}

// issuedEarlier reports whether the i-th certificate issued one that was sent
// before it. A second issuer of the same one is in order, too: it is cross-signed.
func (v *view) issuedEarlier(i int) bool {
	for _, child := range v.chain.sent[:i] {
		if v.chain.issued(v.chain.sent[i], child) {
			return true
		}
	}
	return false
}
