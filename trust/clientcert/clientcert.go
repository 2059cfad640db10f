// Package clientcert reads what a person has of a client certificate, in any
// mixture of files, puts the certificate and its key together by their public
// key, and says what is wrong with them before an engine meets it. It also makes a
// key with a signing request for the administrator.
//
// It opens no file and keeps no key longer than its caller does.
package clientcert

import (
	"crypto/x509"

	"mooring.dev/mooring/trust"
)

// File is one file as the person gave it.
type File struct {
	Name string // for messages
	Data []byte
}

// Pair is a client certificate with its key, ready to be written.
type Pair struct {
	Cert  *x509.Certificate
	Chain []*x509.Certificate // intermediates to be sent with it
	// Key is the private key in PKCS#8 PEM, in the clear: engines read no other.
	Key trust.Secret
	// WasEncrypted: the key came with a passphrase, and will lie in the clear.
	WasEncrypted bool
	CertFile     string // where each was found
	KeyFile      string
}

// Server is what the registry's handshake said of the client certificates it takes.
type Server struct {
	Requested, Required bool
	// AcceptableCAs are the subjects it named, as people read them; none means any.
	AcceptableCAs []string
	Raw           [][]byte
}

// Problem is one mistake, found before it reaches an engine.
type Problem struct {
	// Code is a finding's: key-without-cert, cert-without-key, key-mismatch,
	// key-encrypted, not-pem, wrong-usage, expired, not-yet-valid, expires-soon,
	// client-certificate-rejected (a foreign CA), weak-key, …
	Code  trust.Code
	Fatal bool // no engine would get anywhere with it
	File  string
	Args  map[string]string
}

// Review is what was made of the files.
type Review struct {
	Pair     *Pair // nil when the files do not make one
	Problems []Problem
	Server   *Server // nil when the registry was not reached
}

// Fatal reports whether the pair must not be installed.
func (r Review) Fatal() bool {
	for _, p := range r.Problems {
		if p.Fatal {
			return true
		}
	}
	return r.Pair == nil
}
