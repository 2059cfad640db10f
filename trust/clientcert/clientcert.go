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
	"mooring.dev/mooring/trust/certfile"
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

// CertPEM is what engines send: the certificate and then its intermediates, as
// bare PEM blocks with LF and without byte order mark.
func (p Pair) CertPEM() []byte {
	out := certfile.Normalize(p.Cert)
	for _, c := range p.Chain {
		out = append(out, certfile.Normalize(c)...)
	}
	return out
}

// Server is what the registry's handshake said of the client certificates it takes.
type Server struct {
	Requested, Required bool
	// AcceptableCAs are the subjects it named, as people read them; none means any.
	AcceptableCAs []string
	Raw           [][]byte
}

// ServerOf returns what an endpoint's handshake said, nil for one that made none.
func ServerOf(ep trust.Endpoint) *Server {
	if ep.TLS == nil {
		return nil
	}
	s := &Server{Requested: ep.ClientAuth.Requested, Required: ep.ClientAuth.Required, Raw: ep.ClientAuth.AcceptableCAs}
	for _, raw := range s.Raw {
		s.AcceptableCAs = append(s.AcceptableCAs, nameOf(raw))
	}
	return s
}

// The codes of problems that are no findings: nothing on this machine is wrong
// yet.
const (
	CAAsClient   trust.Code = "ca-as-client"  // the certificate is a CA's
	CAOnly       trust.Code = "ca-only"       // the files hold CA certificates and no other
	SeveralPairs trust.Code = "several-pairs" // of several, one was taken
	NotRequested trust.Code = "not-requested" // the registry asks for no client certificate
	NotReached   trust.Code = "not-reached"   // what the registry wants is not known
	AnyCA        trust.Code = "any-ca"        // the registry names no CA: only it knows whom it takes
	UnusableFile trust.Code = "unusable-file" // a file that holds neither certificate nor key
)

// Problem is one mistake, found before it reaches an engine.
type Problem struct {
	// Code is a finding's, or one of this package: key-without-cert,
	// cert-without-key, key-mismatch, key-encrypted, wrong-usage, expired,
	// not-yet-valid, expires-soon, client-certificate-rejected (a foreign CA),
	// weak-key, weak-signature, self-signed, malformed-certificate, …
	Code trust.Code
	// Variant picks among several wordings of one code.
	Variant string
	Fatal   bool // no engine would get anywhere with it
	File    string
	// Args are values for the placeholders of its words; dates in RFC 3339.
	Args map[string]string
}

// The variants of key-encrypted.
const (
	WrongPassphrase   = "wrong"
	UnsupportedCipher = "unsupported"
)

// Kind is what a file turned out to be, whatever its name says.
type Kind string

// The kinds of files.
const (
	KindClient    Kind = "client"    // a certificate for clients
	KindServer    Kind = "server"    // a certificate for servers only
	KindCA        Kind = "ca"        // certificates of CAs only
	KindKey       Kind = "key"       // a private key
	KindLocked    Kind = "locked"    // a private key or PKCS#12 under a passphrase
	KindBundle    Kind = "bundle"    // certificates with a key
	KindRequest   Kind = "request"   // a certificate signing request
	KindPublicKey Kind = "publickey" // a public key
	KindEmpty     Kind = "empty"
	KindPage      Kind = "page" // a web page
	KindOther     Kind = "other"
)

// Identified is a file with what it turned out to be.
type Identified struct {
	Name    string
	Kind    Kind
	Subject string // of its first certificate, "" when it has none
}

// Proof is what a registry made of a pair that it was shown.
type Proof struct {
	Outcome Outcome
	Text    string // the server's or the library's words, if any
}

// Outcome is how showing a pair ended.
type Outcome string

// The outcomes. Their words are under "clientcert.proof.<outcome>".
const (
	Accepted  Outcome = "accepted"  // asked for, sent, and answered
	NotAsked  Outcome = "not-asked" // the server did not ask for it: it proves nothing
	Refused   Outcome = "refused"
	Untrusted Outcome = "untrusted" // nobody in scope verifies the server, so it was shown nothing
	Unknown   Outcome = "unknown"
)

// Review is what was made of the files.
type Review struct {
	Pair     *Pair // nil when the files do not make one
	Problems []Problem
	Server   *Server // nil when the registry was not reached
	Files    []Identified
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

// NeedsPassphrase reports whether a passphrase, or another one, would help.
func (r Review) NeedsPassphrase() bool {
	for _, p := range r.Problems {
		if p.Code == trust.KeyEncrypted && p.Variant != UnsupportedCipher {
			return true
		}
	}
	return false
}

// Offered reports whether an engine would offer p to a server that named these CAs.
func (p Pair) Offered(named [][]byte) bool {
	return trust.ClientPair{Cert: p.Cert, Chain: p.Chain}.Offered(named)
}
