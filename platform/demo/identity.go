package demo

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// identities are the certificates of a demo: a root, an intermediate, and the
// server's. The keys live in memory only, the certificates for a day, and the
// root may sign for nothing but documentation names: should it ever end up in a
// real trust store, it is of no use to anybody.
type identities struct {
	root   *x509.Certificate
	server tls.Certificate // sends the whole chain, as many private registries do
}

const lifetime = 24 * time.Hour

func newIdentities() (identities, error) {
	now := time.Now().Add(-time.Minute)
	root, err := issue(&x509.Certificate{
		Subject: name("Mooring Demo Root CA"), NotBefore: now, NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"demo.example"},
	}, nil)
	if err != nil {
		return identities{}, err
	}
	issuing, err := issue(&x509.Certificate{
		Subject: name("Mooring Demo Issuing CA"), NotBefore: now, NotAfter: now.Add(lifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, root)
	if err != nil {
		return identities{}, err
	}
	leaf, err := issue(&x509.Certificate{
		Subject: name(Host), DNSNames: []string{Host}, NotBefore: now, NotAfter: now.Add(lifetime),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, issuing)
	if err != nil {
		return identities{}, err
	}
	return identities{root.cert, tls.Certificate{
		Certificate: [][]byte{leaf.cert.Raw, issuing.cert.Raw, root.cert.Raw}, PrivateKey: leaf.key, Leaf: leaf.cert,
	}}, nil
}

func name(common string) pkix.Name {
	return pkix.Name{CommonName: common, Organization: []string{"Mooring demo, not for use"}}
}

// identity is a certificate with its key.
type identity struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a key and a certificate for it, signed by parent, or by itself
// without one.
func issue(template *x509.Certificate, parent *identity) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)); err != nil {
		return nil, err
	}
	if parent == nil {
		parent = &identity{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, key.Public(), parent.key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &identity{cert, key}, err
}
