package trusttest

import (
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"
	"time"
)

func verify(leaf *Cert, roots *x509.CertPool, host string) error {
	inter := x509.NewCertPool()
	for _, c := range leaf.Sent()[1:] {
		inter.AddCert(c)
	}
	_, err := leaf.Cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: inter, DNSName: host})
	return err
}

func TestChainVerifies(t *testing.T) {
	root := NewCA(t, "Corp Root CA")
	leaf := root.Intermediate("Corp Issuing CA").Leaf(Names("reg.example"), IP("192.0.2.7"))
	for _, host := range []string{"reg.example", "192.0.2.7"} {
		if err := verify(leaf, root.Pool(), host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if got := len(leaf.TLS().Certificate); got != 2 {
		t.Errorf("sends %d certificates, want leaf and intermediate", got)
	}
	if err := verify(leaf, NewCA(t, "Corp Root CA").Pool(), "reg.example"); err == nil {
		t.Error("a root of the same name with another key verifies the chain")
	}
}

// Each fault must really be one: a fixture that is fine by mistake would make
// every test that uses it pass for nothing.
func TestFaults(t *testing.T) {
	root := NewCA(t, "Corp Root CA")
	name := Names("reg.example")
	faults := map[string]*Cert{
		"expired":            root.Leaf(name, NotAfter(time.Now().AddDate(0, 0, -3))),
		"not yet valid":      root.Leaf(name, NotBefore(time.Now().Add(time.Hour))),
		"other name":         root.Leaf(Names("other.example")),
		"common name only":   root.Leaf(CommonName("reg.example")),
		"client usage":       root.Leaf(name, Usage(x509.ExtKeyUsageClientAuth)),
		"critical extension": root.Leaf(name, CriticalExtension()),
		"issuer is no CA":    root.Intermediate("Not a CA", NotCA()).Leaf(name),
		"path length":        root.Intermediate("A", PathLen(0)).Intermediate("B").Leaf(name),
		"name constraint":    root.Intermediate("A", PermittedDNS("other.example")).Leaf(name),
		"excluded name":      root.Intermediate("A", ExcludedDNS("example")).Leaf(name),
		"self-signed":        SelfSigned(t, name),
		"SHA-1":              NewCA(t, "RSA", RSA(1024)).Leaf(name, Signature(x509.SHA1WithRSA)),
	}
	for what, leaf := range faults {
		roots := root.Pool()
		if what == "SHA-1" {
			roots = leaf.Issuer.Pool()
		}
		if err := verify(leaf, roots, "reg.example"); err == nil {
			t.Errorf("%s: verifies", what)
		}
	}
}

func TestOddKeys(t *testing.T) {
	weak := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 511, 1), E: 65537}
	root := NewCA(t, "Corp Root CA", P384())
	if got := root.Leaf(Names("a"), PublicKey(weak)).Cert.PublicKey.(*rsa.PublicKey).N.BitLen(); got != 512 {
		t.Errorf("weak key of %d bits", got)
	}
	if err := verify(root.Leaf(Names("a"), Ed25519()), root.Pool(), "a"); err != nil {
		t.Error(err)
	}
}

func TestCrossSigned(t *testing.T) {
	old, renewed := NewCA(t, "Old Root"), NewCA(t, "New Root")
	leaf := renewed.Leaf(Names("reg.example"))
	inter := x509.NewCertPool()
	inter.AddCert(renewed.CrossSigned(old).Cert)
	opts := x509.VerifyOptions{Roots: old.Pool(), Intermediates: inter, DNSName: "reg.example"}
	if _, err := leaf.Cert.Verify(opts); err != nil {
		t.Error(err)
	}
}
