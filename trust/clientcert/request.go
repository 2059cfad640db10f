package clientcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// maxCommonName is X.520's upper bound of a common name, in characters.
const maxCommonName = 64

// ErrName says that a name cannot be a common name.
var ErrName = errors.New("a common name has 1 to 64 characters, none of them a control character")

// NewRequest makes a key and a request for a certificate with name as its common
// name. The key is ECDSA on P-256, which every engine and server reads. No other
// name is asked for: a client is known by its subject.
func NewRequest(name string) (key trust.Secret, csrPEM string, err error) {
	name = strings.TrimSpace(name)
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxCommonName || strings.ContainsFunc(name, unicode.IsControl) {
		return key, "", ErrName
	}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return key, "", err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}}, k)
	if err != nil {
		return key, "", err
	}
	key, err = encodeKey(k)
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), err
}

// Answers reports whether one of files holds the certificate for a request: one
// with its public key. Requests that cannot be read are answered by none.
func Answers(files []File, csrPEM string) bool {
	b, _ := pem.Decode([]byte(csrPEM))
	if b == nil || b.Type != "CERTIFICATE REQUEST" {
		return false
	}
	csr, err := x509.ParseCertificateRequest(b.Bytes)
	if err != nil {
		return false
	}
	want, err := x509.MarshalPKIXPublicKey(csr.PublicKey)
	if err != nil {
		return false
	}
	for _, f := range files {
		for _, c := range certfile.Examine(f.Data).Certs {
			if got, err := x509.MarshalPKIXPublicKey(c.PublicKey); err == nil && bytes.Equal(got, want) {
				return true
			}
		}
	}
	return false
}
