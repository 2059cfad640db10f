// Package certfile reads files that should hold certificates: PEM, DER, PKCS#7 and
// Java's trust stores, and says what is wrong with the rest. What a person may have meant
// ([Examine], [Read]) and what an engine would read of it ([GoAnchors]) are
// different questions; much of Mooring's work lies between their answers.
//
// It opens no file, and takes any bytes: they may come from an enemy.
package certfile

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/javastore"
)

// The bounds of one file. The roots of all systems together have some 400 KB.
const (
	MaxBytes        = 8 << 20
	MaxCertificates = 1000
)

// Format is the form that a file is in. The values are proper names, the same in
// every language.
type Format string

// The formats that are told apart. Certificates are read from the first five, and
// from PKCS#12 and JKS where they lie open: in the trust stores of Java.
const (
	PEM          Format = "PEM"
	DER          Format = "DER"
	Base64       Format = "base64" // DER in base64 without the PEM lines around it
	PKCS7        Format = "PKCS#7"
	PKCS7PEM     Format = "PKCS#7 PEM"
	PKCS12       Format = "PKCS#12"
	JKS          Format = "JKS"
	HTML         Format = "HTML"
	PrivateKey   Format = "PRIVATE KEY" // PEM that holds a key and no certificate
	OtherPEM     Format = "other PEM"   // PEM of other types only: requests, CRLs
	Unrecognized Format = "unknown"
	Empty        Format = "empty"
)

// File is what a file holds.
type File struct {
	Format Format
	// Certs are all certificates in it, in order, each once, however it is encoded.
	Certs []*x509.Certificate
	// Anchors are those that engines would read of it: see [GoAnchors].
	Anchors []*x509.Certificate
	// Keys is the number of private keys in it. They are never kept.
	Keys int
	// Notes say what is wrong with it as a file of CA certificates for engines:
	// byte-order-mark, not-pem, pem-headers, empty-file, private-key-in-ca,
	// malformed-certificate, unreadable. Text holds the format or a library's words.
	// Path is left to the caller.
	Notes []trust.Note
}

// Examine reads data in any form it knows.
func Examine(data []byte) File {
	var r reader
	if len(data) > MaxBytes {
		r.note(trust.Unreadable, fmt.Sprintf("larger than %d MB", MaxBytes>>20))
		return r.file
	}
	r.file.Anchors = GoAnchors(data)
	text := r.stripMark(data)
	r.file.Format = sniff(text)
	switch r.file.Format {
	case PEM:
		r.readPEM(text)
	case DER:
		r.certificate(text)
		r.note(trust.NotPEM, string(DER))
	case Base64:
		r.certificate(unarmored(text))
		r.note(trust.NotPEM, string(Base64))
	case PKCS7:
		r.readPKCS7(text)
		r.note(trust.NotPEM, string(PKCS7))
	case JKS, PKCS12:
		r.readKeystore(text)
		r.note(trust.NotPEM, string(r.file.Format))
	case Empty:
		r.note(trust.EmptyFile, "")
	default:
		r.note(trust.NotPEM, string(r.file.Format))
	}
	return r.file
}

// Read returns the certificates in data, of which there is at least one. The
// error is an [Error].
func Read(data []byte) ([]*x509.Certificate, error) {
	f := Examine(data)
	if len(f.Certs) > 0 {
		return f.Certs, nil
	}
	return nil, Error{Format: f.Format, Notes: f.Notes}
}

// Error is why no certificate could be read.
type Error struct {
	Format Format
	Notes  []trust.Note
}

func (e Error) Error() string {
	for _, n := range e.Notes {
		if n.Code == trust.MalformedCertificate || n.Code == trust.Unreadable {
			return "no certificate can be read: " + n.Text
		}
	}
	switch e.Format {
	case Empty:
		return "the file is empty"
	case PKCS12, JKS:
		return "the file is a " + string(e.Format) + " store, which has a password; export the CA certificate from it"
	case PrivateKey:
		return "the file holds a private key and no certificate"
	case HTML:
		return "the file is a web page, not a certificate"
	}
	return "the file holds no certificate"
}

// Normalize returns c in the one form that every tool reads: a bare PEM block
// with LF and without byte order mark.
func Normalize(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// Text is data without a byte order mark, and in ASCII where it was UTF-16.
func Text(data []byte) []byte {
	var r reader
	return r.stripMark(data)
}

// reader collects what one file holds.
type reader struct {
	file File
	full bool // no more certificates are taken
	seen map[trust.Fingerprint]bool
	said map[string]bool
}

// note adds a note unless the same was said already: a bundle with a thousand
// broken blocks has one fault.
func (r *reader) note(code trust.Code, text string) {
	key := string(code) + "\x00" + text
	if r.said[key] || len(r.file.Notes) >= 20 {
		return
	}
	if r.said == nil {
		r.said = map[string]bool{}
	}
	r.said[key] = true
	r.file.Notes = append(r.file.Notes, trust.Note{Code: code, Text: text})
}

// certificate takes one certificate in DER.
func (r *reader) certificate(der []byte) {
	c, err := x509.ParseCertificate(der)
	if err != nil {
		r.note(trust.MalformedCertificate, strings.TrimPrefix(err.Error(), "x509: "))
		return
	}
	fp := trust.FingerprintOf(c)
	if r.seen[fp] || r.full {
		return
	}
	if r.seen == nil {
		r.seen = map[trust.Fingerprint]bool{}
	}
	if len(r.file.Certs) == MaxCertificates {
		r.full = true
		r.note(trust.Unreadable, fmt.Sprintf("more than %d certificates", MaxCertificates))
		return
	}
	r.seen[fp] = true
	r.file.Certs = append(r.file.Certs, c)
}

// readKeystore takes the anchors of a Java keystore, as far as they lie open in it:
// behind a password is what the person has to export.
func (r *reader) readKeystore(data []byte) {
	store, err := javastore.Parse(data)
	if err != nil {
		return
	}
	for _, e := range store.Trusted {
		r.certificate(e.DER)
	}
}

// stripMark takes off a byte order mark and turns UTF-16 into UTF-8: PowerShell
// and Notepad write both.
func (r *reader) stripMark(data []byte) []byte {
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		r.note(trust.ByteOrderMark, "UTF-8")
		return data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}):
		r.note(trust.ByteOrderMark, "UTF-16")
		return everyOther(data[2:], 0)
	case bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		r.note(trust.ByteOrderMark, "UTF-16")
		return everyOther(data[2:], 1)
	}
	return data
}

// everyOther keeps the bytes of UTF-16 that hold ASCII, all that PEM is made of.
func everyOther(data []byte, first int) []byte {
	out := make([]byte, 0, len(data)/2)
	for i := first; i < len(data); i += 2 {
		out = append(out, data[i])
	}
	return out
}
