// Package trusttest makes certificates for tests: roots, intermediates and leaves
// with any fault that a real one may have. Only tests import it.
//
//	root := trusttest.NewCA(t, "Corp Root CA")
//	issuing := root.Intermediate("Corp Issuing CA")
//	leaf := issuing.Leaf(trusttest.Names("reg.example"))
//	server.TLS = leaf.Config()
package trusttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// Cert is a certificate with its key and the one that issued it.
type Cert struct {
	Cert   *x509.Certificate
	Key    crypto.Signer
	Issuer *Cert // nil when self-signed

	tb testing.TB
}

// spec is a certificate to be made; options change it.
type spec struct {
	template *x509.Certificate
	key      crypto.Signer
	public   crypto.PublicKey // nil: that of key
}

// NewCA makes a self-signed root with this common name and a key of its own: two
// calls with one name give a CA and its rotated successor.
func NewCA(tb testing.TB, name string, opts ...Option) *Cert {
	tb.Helper()
	return issue(tb, nil, caTemplate(name), opts)
}

// SelfSigned makes a server certificate that signs itself and is no CA.
func SelfSigned(tb testing.TB, opts ...Option) *Cert {
	tb.Helper()
	return issue(tb, nil, leafTemplate(), opts)
}

// Intermediate makes a CA that c issued.
func (c *Cert) Intermediate(name string, opts ...Option) *Cert {
	c.tb.Helper()
	return issue(c.tb, c, caTemplate(name), opts)
}

// Leaf makes a server certificate that c issued, even when c is no CA.
func (c *Cert) Leaf(opts ...Option) *Cert {
	c.tb.Helper()
	return issue(c.tb, c, leafTemplate(), opts)
}

// Client makes a client certificate with this common name that c issued.
func (c *Cert) Client(name string, opts ...Option) *Cert {
	c.tb.Helper()
	client := []Option{CommonName(name), Usage(x509.ExtKeyUsageClientAuth)}
	return issue(c.tb, c, leafTemplate(), append(client, opts...))
}

// CrossSigned makes a certificate with the subject and the key of c, issued by
// other.
func (c *Cert) CrossSigned(other *Cert, opts ...Option) *Cert {
	c.tb.Helper()
	tmpl := caTemplate("")
	tmpl.Subject, tmpl.RawSubject = c.Cert.Subject, c.Cert.RawSubject
	return issue(c.tb, other, tmpl, append([]Option{Key(c.Key)}, opts...))
}

// Path is c with its issuers, leaf first, root last.
func (c *Cert) Path() []*x509.Certificate {
	var out []*x509.Certificate
	for ; c != nil; c = c.Issuer {
		out = append(out, c.Cert)
	}
	return out
}

// Sent is what a well configured server sends: c and its intermediates, without
// the root.
func (c *Cert) Sent() []*x509.Certificate {
	path := c.Path()
	if len(path) > 1 {
		path = path[:len(path)-1]
	}
	return path
}

// TLS is c's key pair for a server or client that sends the given certificates,
// whatever they are; without any, what [Cert.Sent] says.
func (c *Cert) TLS(sent ...*Cert) tls.Certificate {
	pair := tls.Certificate{PrivateKey: c.Key, Leaf: c.Cert}
	for _, s := range sent {
		pair.Certificate = append(pair.Certificate, s.Cert.Raw)
	}
	if len(sent) == 0 {
		for _, s := range c.Sent() {
			pair.Certificate = append(pair.Certificate, s.Raw)
		}
	}
	return pair
}

// Config is a server's configuration with [Cert.TLS].
func (c *Cert) Config(sent ...*Cert) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c.TLS(sent...)}, MinVersion: tls.VersionTLS12}
}

// Pool holds c alone.
func (c *Cert) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(c.Cert)
	return pool
}

// PEM is c alone as a bare PEM block.
func (c *Cert) PEM() []byte { return PEM(c.Cert) }

// KeyPEM is c's private key in PKCS#8.
func (c *Cert) KeyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(c.Key)
	if err != nil {
		c.tb.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// KeyTraces are what of c's private key could be found in a file that should not
// hold it: from its middle, since the beginnings of all keys are alike, as DER, as
// PEM, and as JSON would write the PEM.
func (c *Cert) KeyTraces() [][]byte {
	text := c.KeyPEM()
	block, _ := pem.Decode(text)
	middle := len(block.Bytes) / 3
	whole := base64.StdEncoding.EncodeToString(text)
	return [][]byte{block.Bytes[middle : middle+16], text[len(text)/2 : len(text)/2+24], []byte(whole[len(whole)/2 : len(whole)/2+24])}
}

// PEM writes certificates one after the other as bare PEM blocks.
func PEM(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

func caTemplate(name string) *x509.Certificate {
	now := time.Now().Truncate(time.Second)
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.AddDate(10, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func leafTemplate() *x509.Certificate {
	now := time.Now().Truncate(time.Second)
	return &x509.Certificate{
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.AddDate(0, 0, 90),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
}

func issue(tb testing.TB, issuer *Cert, tmpl *x509.Certificate, opts []Option) *Cert {
	tb.Helper()
	s := &spec{template: tmpl}
	for _, o := range opts {
		o(tb, s)
	}
	if s.key == nil {
		s.key = newKey(tb)
	}
	if s.public == nil {
		s.public = s.key.Public()
	}
	if tmpl.SerialNumber == nil {
		tmpl.SerialNumber = newSerial(tb)
	}
	if tmpl.IsCA && len(tmpl.SubjectKeyId) == 0 {
		tmpl.SubjectKeyId = keyID(tb, s.public)
	}
	parent, signer := tmpl, s.key
	if issuer != nil {
		parent, signer = issuer.Cert, issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, s.public, signer)
	if err != nil {
		tb.Fatalf("make certificate %q: %v", tmpl.Subject, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatalf("read back certificate %q: %v", tmpl.Subject, err)
	}
	return &Cert{Cert: cert, Key: s.key, Issuer: issuer, tb: tb}
}

func newKey(tb testing.TB) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func newSerial(tb testing.TB) *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatal(err)
	}
	return n.Add(n, big.NewInt(1))
}

func keyID(tb testing.TB, public crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		tb.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return sum[:20]
}
