package diagnose

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"time"
	"unicode/utf8"

	"mooring.dev/mooring/trust"
)

// maxText bounds each text that comes from a certificate or server, in bytes: a
// subject may have megabytes. Making it fit to be shown is the faces' part.
const maxText = 256

func clipped(s string) string {
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for len(s) > 0 && !utf8.ValidString(s) && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return strings.ToValidUTF8(s, "") + "…"
}

// date is the form of dates in arguments.
func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// nameOf is the short name of a certificate's subject.
func nameOf(c *x509.Certificate) string { return shortName(c.Subject, c.RawSubject) }

// issuerName is the short name of a certificate's issuer.
func issuerName(c *x509.Certificate) string { return shortName(c.Issuer, c.RawIssuer) }

func shortName(n pkix.Name, raw []byte) string {
	switch {
	case n.CommonName != "":
		return clipped(n.CommonName)
	case len(raw) > 1<<14: // writing it out would cost more than it tells
		return "…"
	}
	return clipped(n.String())
}

// maxNames is how many names of a certificate a sentence lists.
const maxNames = 8

// names lists what a certificate is valid for.
func names(c *x509.Certificate) string {
	var out []string
	for _, n := range c.DNSNames[:min(len(c.DNSNames), maxNames)] {
		out = append(out, clipped(n))
	}
	for _, ip := range c.IPAddresses[:min(len(c.IPAddresses), maxNames-len(out))] {
		out = append(out, ip.String())
	}
	if len(out) < len(c.DNSNames)+len(c.IPAddresses) {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

func oids(ids []asn1.ObjectIdentifier) string {
	var out []string
	for _, id := range ids[:min(len(ids), maxNames)] {
		out = append(out, clipped(id.String()))
	}
	return strings.Join(out, ", ")
}

// acceptable lists the CAs from which the server takes client certificates.
func (v *view) acceptable() string {
	var out []string
	for _, raw := range v.ep.ClientAuth.AcceptableCAs {
		var rdn pkix.RDNSequence
		if len(raw) > 1<<14 || len(out) == maxNames {
			break
		}
		if _, err := asn1.Unmarshal(raw, &rdn); err == nil {
			var n pkix.Name
			n.FillFromRDNSequence(&rdn)
			out = append(out, shortName(n, raw))
		}
	}
	return strings.Join(out, ", ")
}

// aboutCert are the values that every finding on a certificate has.
func aboutCert(c *x509.Certificate, pairs ...string) map[string]string {
	out := args(pairs...)
	out["subject"], out["issuer"] = nameOf(c), issuerName(c)
	out["notBefore"], out["notAfter"] = date(c.NotBefore), date(c.NotAfter)
	return out
}

// cert reports a fact about the i-th certificate sent.
func (v *view) cert(code trust.Code, i int, pairs ...string) {
	v.add(trust.Finding{Code: code, Certificate: i, Args: aboutCert(v.ep.Sent[i], pairs...)})
}
