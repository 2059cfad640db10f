package trusttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"testing"
	"time"
)

// Option changes a certificate before it is signed.
type Option func(testing.TB, *spec)

func edit(f func(*x509.Certificate)) Option {
	return func(_ testing.TB, s *spec) { f(s.template) }
}

// Names are the DNS subject alternative names. The first also becomes the common
// name if there is none yet.
func Names(names ...string) Option {
	return edit(func(c *x509.Certificate) {
		c.DNSNames = append(c.DNSNames, names...)
		if c.Subject.CommonName == "" && len(names) > 0 {
			c.Subject.CommonName = names[0]
		}
	})
}

// IP adds IP subject alternative names.
func IP(addresses ...string) Option {
	return edit(func(c *x509.Certificate) {
		for _, a := range addresses {
			c.IPAddresses = append(c.IPAddresses, net.ParseIP(a))
		}
	})
}

// CommonName sets the subject's common name alone.
func CommonName(name string) Option {
	return edit(func(c *x509.Certificate) { c.Subject.CommonName = name })
}

// Subject replaces the subject.
func Subject(n pkix.Name) Option { return edit(func(c *x509.Certificate) { c.Subject = n }) }

// Organization sets the subject's organisation.
func Organization(name string) Option {
	return edit(func(c *x509.Certificate) { c.Subject.Organization = []string{name} })
}

// NotBefore sets the start of the validity.
func NotBefore(t time.Time) Option { return edit(func(c *x509.Certificate) { c.NotBefore = t }) }

// NotAfter sets the end of the validity; the start moves before it if need be.
func NotAfter(t time.Time) Option {
	return edit(func(c *x509.Certificate) {
		c.NotAfter = t
		if !c.NotBefore.Before(t) {
			c.NotBefore = t.AddDate(0, 0, -90)
		}
	})
}

// Usage replaces the extended key usages; none at all leaves the extension out.
func Usage(usages ...x509.ExtKeyUsage) Option {
	return edit(func(c *x509.Certificate) { c.ExtKeyUsage = usages })
}

// NotCA takes the right to issue from a CA.
func NotCA() Option {
	return edit(func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
}

// PathLen limits how many intermediates may follow.
func PathLen(n int) Option {
	return edit(func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 })
}

// PermittedDNS constrains a CA to these domains.
func PermittedDNS(domains ...string) Option {
	return edit(func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, domains
	})
}

// ExcludedDNS keeps a CA from these domains.
func ExcludedDNS(domains ...string) Option {
	return edit(func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains = true, domains
	})
}

// CriticalExtension adds a critical extension that no library knows.
func CriticalExtension() Option {
	return Extension(pkix.Extension{
		Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 55555, 1}, Critical: true, Value: []byte{5, 0},
	})
}

// Extension adds an extension as it is.
func Extension(e pkix.Extension) Option {
	return edit(func(c *x509.Certificate) { c.ExtraExtensions = append(c.ExtraExtensions, e) })
}

// AIA names where the issuer's certificate can be fetched.
func AIA(urls ...string) Option {
	return edit(func(c *x509.Certificate) { c.IssuingCertificateURL = urls })
}

// Serial sets the serial number.
func Serial(n int64) Option {
	return edit(func(c *x509.Certificate) { c.SerialNumber = big.NewInt(n) })
}

// Signature sets the algorithm that the issuer signs with.
func Signature(a x509.SignatureAlgorithm) Option {
	return edit(func(c *x509.Certificate) { c.SignatureAlgorithm = a })
}

// Key gives the certificate this key instead of a new one.
func Key(k crypto.Signer) Option {
	return func(_ testing.TB, s *spec) { s.key = k }
}

// PublicKey puts a key into the certificate whose private half nobody needs: keys
// too weak for the library to make.
func PublicKey(k crypto.PublicKey) Option {
	return func(_ testing.TB, s *spec) { s.public = k }
}

// RSA gives the certificate a new RSA key of so many bits (1024 or more).
func RSA(bits int) Option {
	return func(tb testing.TB, s *spec) {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			tb.Fatal(err)
		}
		s.key = key
	}
}

// P384 gives the certificate a new ECDSA key on P-384.
func P384() Option {
	return func(tb testing.TB, s *spec) {
		key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		s.key = key
	}
}

// Ed25519 gives the certificate a new Ed25519 key.
func Ed25519() Option {
	return func(tb testing.TB, s *spec) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			tb.Fatal(err)
		}
		s.key = key
	}
}
