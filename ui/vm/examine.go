package vm

import (
	"crypto/x509"
	"strings"
	"unicode"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// Examined is what a file holds.
type Examined struct {
	Summary string
	Notes   []Remark
	Certs   []Cert
}

// Examined returns what is to be said of a file of certificates.
func (t Teller) Examined(f certfile.File) Examined {
	v := Examined{Summary: t.count("examine.count", len(f.Certs), args{"format": string(f.Format)})}
	if len(f.Certs) == 0 {
		v.Summary = t.say("examine.none", nil)
	}
	for _, n := range f.Notes {
		if n.Code != trust.PrivateKeyInCA {
			v.Notes = append(v.Notes, Remark{MarkAttention, t.W.Reason(n.Code)})
		}
	}
	if f.Keys > 0 {
		v.Notes = append(v.Notes, Remark{MarkRefused, t.say("examine.keys", nil)})
	}
	for i, c := range f.Certs {
		card := t.cert(c, fileRole(c, i))
		card.ID = "file:" + trust.FingerprintOf(c).String()
		v.Certs = append(v.Certs, card)
	}
	return v
}

// fileRole says what a certificate in a file could be; unlike in a chain the
// first is not a server's for being the first.
func fileRole(c *x509.Certificate, i int) string {
	switch trust.RoleOf(c, false) {
	case trust.Root:
		return "role.root"
	case trust.Intermediate:
		return "role.intermediate"
	default:
		return "role.server"
	}
}

// CertName is how a certificate is called: its common name, or its first name.
func CertName(c *x509.Certificate) string { return certName(c) }

// FileName turns a certificate's name into one for a file; subjects are
// strangers' text and may hold anything.
func FileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '.' {
			return r
		}
		return '-'
	}, name)
	clean = strings.Trim(clean, "-.")
	if r := []rune(clean); len(r) > 60 {
		clean = string(r[:60])
	}
	if clean == "" {
		return "certificate"
	}
	return clean
}

// Usable lists the registries for which an anchor could be used, those whose
// chain leads to it first.
func (t Teller) Usable(b *Book, a trust.Anchor, query string) []SideRow {
	var fits, rest []SideRow
	for _, e := range b.All() {
		if e.Known.Hidden || !matches(e, strings.TrimSpace(query)) {
			continue
		}
		if e.Report != nil && wants(*e.Report, a) {
			fits = append(fits, t.sideRow(e))
		} else {
			rest = append(rest, t.sideRow(e))
		}
	}
	return append(fits, rest...)
}
