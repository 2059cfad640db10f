package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// Fingerprint is the SHA-256 of a certificate's DER form: the only identity
// that Mooring compares, stores or removes by.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of c.
func FingerprintOf(c *x509.Certificate) Fingerprint { return sha256.Sum256(c.Raw) }

// ParseFingerprint reads 64 hex digits in either case, with or without colons,
// spaces or dashes between them and with or without a "sha256:" in front.
func ParseFingerprint(s string) (Fingerprint, error) {
	if f, ok := plainFingerprint(s); ok {
		return f, nil
	}
	s = strings.ToLower(strings.TrimSpace(s))
	for _, prefix := range []string{"sha256:", "sha-256:", "sha256 fingerprint=", "sha256"} {
		s = strings.TrimPrefix(s, prefix)
	}
	s = strings.NewReplacer(":", "", " ", "", "-", "", "\n", "", "\r", "", "\t", "").Replace(s)
	var f Fingerprint
	b, err := hex.DecodeString(s)
	switch {
	case err != nil:
		return f, errors.New("a fingerprint is 64 hexadecimal digits")
	case len(b) == 20:
		return f, errors.New("this is a SHA-1 fingerprint (40 digits); SHA-256 has 64")
	case len(b) != len(f):
		return f, errors.New("a SHA-256 fingerprint has 64 hexadecimal digits")
	}
	copy(f[:], b)
	return f, nil
}

// plainFingerprint reads what String writes, as the history holds it by hundreds.
func plainFingerprint(s string) (f Fingerprint, ok bool) {
	if len(s) != hex.EncodedLen(len(f)) {
		return f, false
	}
	_, err := hex.Decode(f[:], []byte(s))
	return f, err == nil
}

// String returns 64 lower-case hex digits.
func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// Short is the first 16 digits, as used in file names that Mooring makes.
func (f Fingerprint) Short() string { return f.String()[:16] }

// Groups returns the digits upper-case in groups of four, for people to compare.
func (f Fingerprint) Groups() string {
	s := strings.ToUpper(f.String())
	var b strings.Builder
	for i := 0; i < len(s); i += 4 {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(s[i : i+4])
	}
	return b.String()
}

// IsZero reports whether f was never set.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// CertRole is the part a certificate plays in a chain (RFC 5280).
type CertRole string

// The roles of a certificate.
const (
	Leaf         CertRole = "leaf"
	Intermediate CertRole = "intermediate"
	Root         CertRole = "root"
)

// RoleOf says what part c plays; the first certificate a server sends is its
// leaf whatever it contains.
func RoleOf(c *x509.Certificate, first bool) CertRole {
	switch {
	case first:
		return Leaf
	case SelfSigned(c):
		return Root
	case c.IsCA:
		return Intermediate
	default:
		return Leaf
	}
}

// SelfSigned reports whether c names itself as issuer and its own key verifies
// its signature. Mere self-issue (same names, other key) is not enough.
func SelfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && verifies(c, c)
}

// verifies reports whether parent's key made child's signature, whatever
// parent's constraints say about its right to do so.
func verifies(parent, child *x509.Certificate) bool {
	return parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
}

// ValidAt reports whether now lies in c's validity.
func ValidAt(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && !now.After(c.NotAfter)
}

// EndsSoon reports whether c should have been renewed by now where all goes well:
// a month before its end, or a quarter of its life if that is shorter. ACME
// clients renew after two thirds.
func EndsSoon(c *x509.Certificate, now time.Time) bool {
	const month = 30 * 24 * time.Hour
	return c.NotAfter.Sub(now) < min(month, c.NotAfter.Sub(c.NotBefore)/4)
}

// CommonName is how a person calls a CA: the common name of its subject, or all of
// that where it has none. The CA's maker chose it: faces clean it.
func CommonName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return c.Subject.CommonName
	}
	return c.Subject.String()
}

// Anchor is a trust anchor together with where it was found.
type Anchor struct {
	Cert   *x509.Certificate
	Source Source
	// Since is the earliest moment at which this anchor is known to have been in
	// its place. Zero: nothing is known, and the anchor counts as seen.
	Since time.Time
	// Limits is set where the store says for which hosts the certificate counts as
	// an anchor; nil: for all.
	Limits *Limits
}

// Fingerprint returns the anchor's fingerprint.
func (a Anchor) Fingerprint() Fingerprint { return FingerprintOf(a.Cert) }

// Source says where a certificate came from, as the JSON contract writes it:
// "sent", "file:<path>", "store:<name>", "url:<address>" or "given".
type Source string

// SourceSent marks a certificate that the server itself sent.
const SourceSent Source = "sent"

// StoreSource is the provenance of a certificate that is a member of a store.
func StoreSource(id StoreID) Source { return Source("store:" + string(id)) }

// Store returns the id of a store source, or "".
func (s Source) Store() StoreID {
	id, ok := strings.CutPrefix(string(s), "store:")
	if !ok {
		return ""
	}
	return StoreID(id)
}

// FileSource is the provenance of a certificate read from path.
func FileSource(path string) Source { return Source("file:" + path) }

// File returns the path of a file source, or "".
func (s Source) File() string {
	p, ok := strings.CutPrefix(string(s), "file:")
	if !ok {
		return ""
	}
	return p
}
