package vm

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Cert is a certificate as its card shows it.
type Cert struct {
	ID           string
	Role, Origin string
	Name, Owner  string
	Validity     Validity
	Fingerprint  string // upper-case digits in groups of four
	Short        string // "A1:44:0B:9D … 10:3F"
	Broken       bool
	Problems     []string
	Missing      string // not "": there is no such certificate, and this is why
	Fields       []Field
	PEM          string
}

// Validity is a certificate's life.
type Validity struct {
	Spent       float32 // 0 at its first moment, 1 at its end
	Mark        Mark
	Left, Dates string
}

// warnBefore is how long before its end a certificate is marked: a month is what
// renewing by hand takes.
const warnBefore = 30 * 24 * time.Hour

// margin is how long before its end c needs attention: at most limit, and for a
// certificate that is renewed every few days or hours no more than a third of its
// life.
func margin(c *x509.Certificate, limit time.Duration) time.Duration {
	return min(limit, c.NotAfter.Sub(c.NotBefore)/3)
}

func (t Teller) cert(c *x509.Certificate, roleKey string) Cert {
	fp := trust.FingerprintOf(c)
	return Cert{
		Role: t.say(roleKey, nil), Name: certName(c), Owner: t.owner(c),
		Validity: t.validity(c), Fingerprint: fp.Groups(), Short: shortPrint(fp),
		Fields: t.certFields(c), PEM: pemOf(c),
	}
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

func shortPrint(f trust.Fingerprint) string {
	s := strings.ToUpper(f.String())
	return fmt.Sprintf("%s:%s:%s:%s … %s:%s", s[0:2], s[2:4], s[4:6], s[6:8], s[60:62], s[62:64])
}

// certName is the common name, or the first name a client would check.
func certName(c *x509.Certificate) string {
	if c.Subject.CommonName == "" && len(c.DNSNames) > 0 {
		return safe.Line(c.DNSNames[0])
	}
	if c.Subject.CommonName == "" && len(c.IPAddresses) > 0 {
		return c.IPAddresses[0].String()
	}
	return commonName(c.Subject)
}

func commonName(n pkix.Name) string {
	for _, s := range [][]string{{n.CommonName}, n.Organization, n.OrganizationalUnit, {n.String()}} {
		if len(s) > 0 && strings.TrimSpace(s[0]) != "" {
			return safe.Line(s[0])
		}
	}
	return "—"
}

func organisation(n pkix.Name) string {
	if len(n.Organization) == 0 {
		return ""
	}
	return safe.Line(n.Organization[0])
}

func (t Teller) owner(c *x509.Certificate) string {
	key := keyName(c)
	if org := organisation(c.Subject); org != "" {
		return org + " · " + key
	}
	return key
}

func keyName(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case *rsa.PublicKey:
		return "RSA " + strconv.Itoa(k.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return c.PublicKeyAlgorithm.String()
	}
}

func (t Teller) validity(c *x509.Certificate) Validity {
	now := t.Now()
	whole, spent := c.NotAfter.Sub(c.NotBefore), now.Sub(c.NotBefore)
	v := Validity{
		Mark: MarkTrusted, Left: t.left(c.NotAfter.Sub(now)),
		Dates: c.NotBefore.UTC().Format(isoDay) + " → " + c.NotAfter.UTC().Format(isoDay),
	}
	if whole > 0 {
		v.Spent = min(max(float32(spent)/float32(whole), 0), 1)
	}
	switch {
	case now.After(c.NotAfter):
		v.Mark, v.Spent = MarkRefused, 1
	case now.Before(c.NotBefore):
		v.Mark, v.Left = MarkRefused, t.say("cert.not-yet", nil)
	case c.NotAfter.Sub(now) < margin(c, warnBefore):
		v.Mark = MarkAttention
	}
	return v
}

// left says how long a certificate lasts, or how long ago it ended.
func (t Teller) left(d time.Duration) string { return t.W.Left(d) }

// certFields is everything a card unfolds to.
func (t Teller) certFields(c *x509.Certificate) []Field {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	var out []Field
	add := func(key, value string, mono bool) {
		if value != "" {
			out = append(out, Field{Name: t.say("cert."+key, nil), Value: value, Mono: mono})
		}
	}
	add("subject", safe.Line(c.Subject.String()), false)
	add("issuer", safe.Line(c.Issuer.String()), false)
	add("names", safeList(names, 60), false)
	add("from", c.NotBefore.UTC().Format(time.RFC3339), false)
	add("until", c.NotAfter.UTC().Format(time.RFC3339), false)
	add("serial", c.SerialNumber.Text(16), true)
	add("key", keyName(c), false)
	add("signature", c.SignatureAlgorithm.String(), false)
	add("usage", strings.Join(usages(c), ", "), false)
	add("authority", t.authority(c), false)
	add("permitted", safeList(constraints(c.PermittedDNSDomains, c.PermittedIPRanges), 30), false)
	add("excluded", safeList(constraints(c.ExcludedDNSDomains, c.ExcludedIPRanges), 30), false)
	add("skid", hex.EncodeToString(c.SubjectKeyId), true)
	add("akid", hex.EncodeToString(c.AuthorityKeyId), true)
	add("aia", safeList(c.IssuingCertificateURL, 5), false)
	add("sha256", trust.FingerprintOf(c).Groups(), true)
	return out
}

// safeList joins at most limit values of a certificate.
func safeList(values []string, limit int) string {
	rest := ""
	if len(values) > limit {
		rest = fmt.Sprintf(" … +%d", len(values)-limit)
		values = values[:limit]
	}
	clean := make([]string, len(values))
	for i, v := range values {
		clean[i] = safe.Line(v)
	}
	return strings.Join(clean, ", ") + rest
}

func (t Teller) authority(c *x509.Certificate) string {
	switch {
	case !c.BasicConstraintsValid:
		return ""
	case !c.IsCA:
		return t.say("cert.no-authority", nil)
	case c.MaxPathLen > 0 || c.MaxPathLenZero:
		return t.count("cert.path-length", c.MaxPathLen, nil)
	default:
		return t.say("cert.is-authority", nil)
	}
}

// The names of RFC 5280; they are not translated.
var (
	keyUsageNames = []struct {
		bit  x509.KeyUsage
		name string
	}{
		{x509.KeyUsageDigitalSignature, "digitalSignature"},
		{x509.KeyUsageContentCommitment, "nonRepudiation"},
		{x509.KeyUsageKeyEncipherment, "keyEncipherment"},
		{x509.KeyUsageDataEncipherment, "dataEncipherment"},
		{x509.KeyUsageKeyAgreement, "keyAgreement"},
		{x509.KeyUsageCertSign, "keyCertSign"},
		{x509.KeyUsageCRLSign, "cRLSign"},
	}
	extUsageNames = map[x509.ExtKeyUsage]string{
		x509.ExtKeyUsageAny: "any", x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth",
		x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
		x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
	}
)

func usages(c *x509.Certificate) []string {
	var out []string
	for _, u := range keyUsageNames {
		if c.KeyUsage&u.bit != 0 {
			out = append(out, u.name)
		}
	}
	for _, u := range c.ExtKeyUsage {
		if n := extUsageNames[u]; n != "" {
			out = append(out, n)
		}
	}
	for _, oid := range c.UnknownExtKeyUsage {
		out = append(out, oid.String())
	}
	return out
}

func constraints[N fmt.Stringer](domains []string, nets []N) []string {
	out := append([]string{}, domains...)
	for _, n := range nets {
		out = append(out, n.String())
	}
	return out
}
