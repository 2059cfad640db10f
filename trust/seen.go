package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"time"
)

// Seen is what is remembered of a registry between checks: enough to notice that
// somebody else now vouches for it. The zero value says it was never seen.
type Seen struct {
	At     time.Time   `json:"at"`
	Leaf   Fingerprint `json:"leaf"`
	Issuer string      `json:"issuer"` // of the leaf, as a person reads it; bounded
	// IssuerName is the SHA-256 of the issuer's raw name, IssuerKey that of its key
	// identifier: certificates may be of any size, what is kept of them is not.
	IssuerName string `json:"issuerName"`
	IssuerKey  string `json:"issuerKey,omitempty"` // "" when the leaf does not name it
}

const maxIssuer = 256 // bytes of Seen.Issuer

// SeenOf is what is to be remembered of a leaf.
func SeenOf(leaf *x509.Certificate, at time.Time) Seen {
	name, key := issuerOf(leaf)
	return Seen{
		At: at.UTC().Truncate(time.Second), Leaf: FingerprintOf(leaf),
		Issuer: clipped(leaf.Issuer.String(), maxIssuer), IssuerName: name, IssuerKey: key,
	}
}

func clipped(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	return strings.ToValidUTF8(s, "")
}

// issuerOf identifies who issued leaf. One that issued itself is its own key.
func issuerOf(leaf *x509.Certificate) (name, key string) {
	id := leaf.AuthorityKeyId
	if bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
		id = leaf.RawSubjectPublicKeyInfo
	}
	if len(id) > 0 {
		key = digestOf(id)
	}
	return digestOf(leaf.RawIssuer), key
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// IsZero reports whether nothing was seen.
func (s Seen) IsZero() bool { return s.At.IsZero() }

// SameIssuer reports whether leaf was issued by whoever issued the one seen: the
// same name and, where both say it, the same key.
func (s Seen) SameIssuer(leaf *x509.Certificate) bool {
	name, key := issuerOf(leaf)
	return s.IssuerName == name && (s.IssuerKey == "" || key == "" || s.IssuerKey == key)
}

// MarshalText writes 64 lower-case hex digits.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what [ParseFingerprint] reads.
func (f *Fingerprint) UnmarshalText(b []byte) error {
	got, err := ParseFingerprint(string(b))
	if err == nil {
		*f = got
	}
	return err
}
