package certfile_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/smallstep/pkcs7"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/trusttest"
)

func utf16File(text []byte, order byte) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + string(text))) {
		if order == 'L' {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}

func block(kind string, der []byte, headers ...string) []byte {
	b := &pem.Block{Type: kind, Bytes: der}
	if len(headers) > 0 {
		b.Headers = map[string]string{headers[0]: headers[1]}
	}
	return pem.EncodeToMemory(b)
}

func degenerate(t testing.TB, certs ...*x509.Certificate) []byte {
	t.Helper()
	var raw []byte
	for _, c := range certs {
		raw = append(raw, c.Raw...)
	}
	p7, err := pkcs7.DegenerateCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p7
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestExamine(t *testing.T) {
	a, b := trusttest.NewCA(t, "A"), trusttest.NewCA(t, "B")
	bom := []byte("\xef\xbb\xbf")
	p7 := degenerate(t, a.Cert, b.Cert)
	broken := block("CERTIFICATE", a.Cert.Raw[:100])
	tests := []struct {
		name    string
		data    []byte
		format  certfile.Format
		certs   int
		anchors int
		notes   string
	}{
		{"one PEM", a.PEM(), certfile.PEM, 1, 1, ""},
		{"two PEM", join(a.PEM(), b.PEM()), certfile.PEM, 2, 2, ""},
		{"the same twice", join(a.PEM(), a.PEM()), certfile.PEM, 1, 1, ""},
		{"CRLF", bytes.ReplaceAll(a.PEM(), []byte("\n"), []byte("\r\n")), certfile.PEM, 1, 1, ""},
		{"text before", join([]byte("Certificate:\n  Data: x\n"), a.PEM()), certfile.PEM, 1, 1, ""},
		{"no newline at the end", bytes.TrimSpace(a.PEM()), certfile.PEM, 1, 1, ""},
		{"byte order mark", join(bom, a.PEM()), certfile.PEM, 1, 0, "byte-order-mark:UTF-8"},
		{"byte order mark, two", join(bom, a.PEM(), b.PEM()), certfile.PEM, 2, 1, "byte-order-mark:UTF-8"},
		{"UTF-16 LE", utf16File(a.PEM(), 'L'), certfile.PEM, 1, 0, "byte-order-mark:UTF-16"},
		{"UTF-16 BE", utf16File(a.PEM(), 'B'), certfile.PEM, 1, 0, "byte-order-mark:UTF-16"},
		{"headers", block("CERTIFICATE", a.Cert.Raw, "X-Origin", "me"), certfile.PEM, 1, 0, "pem-headers:"},
		{"trusted certificate", block("TRUSTED CERTIFICATE", join(a.Cert.Raw, []byte{0x30, 0})), certfile.PEM, 1, 0, "not-pem:TRUSTED CERTIFICATE"},
		{"old type", block("X509 CERTIFICATE", a.Cert.Raw), certfile.PEM, 1, 0, "not-pem:X509 CERTIFICATE"},
		{"with a private key", join(a.KeyPEM(), a.PEM()), certfile.PEM, 1, 1, "private-key-in-ca:"},
		{"private key only", a.KeyPEM(), certfile.PrivateKey, 0, 0, "private-key-in-ca: not-pem:PRIVATE KEY"},
		{"request only", block("CERTIFICATE REQUEST", []byte{0x30, 0}), certfile.OtherPEM, 0, 0, "not-pem:other PEM"},
		{"broken then good", join(broken, b.PEM()), certfile.PEM, 1, 1, "malformed-certificate:*"},
		{"armour only", []byte("-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n"), certfile.PEM, 0, 0, "malformed-certificate:damaged PEM"},
		{"DER", a.Cert.Raw, certfile.DER, 1, 0, "not-pem:DER"},
		{"DER cut off", a.Cert.Raw[:200], certfile.DER, 0, 0, "malformed-certificate:* not-pem:DER"},
		{"base64", []byte(base64.StdEncoding.EncodeToString(a.Cert.Raw)), certfile.Base64, 1, 0, "not-pem:base64"},
		{"PKCS#7", p7, certfile.PKCS7, 2, 0, "not-pem:PKCS#7"},
		{"PKCS#7 in PEM", block("PKCS7", p7), certfile.PKCS7PEM, 2, 0, "not-pem:PKCS#7 PEM"},
		{"PKCS#7 cut off", p7[:len(p7)-10], certfile.DER, 0, 0, "malformed-certificate:* not-pem:DER"},
		{"PKCS#12", []byte{0x30, 5, 2, 1, 3, 0x30, 0}, certfile.PKCS12, 0, 0, "not-pem:PKCS#12"},
		{"JKS", []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"), certfile.JKS, 0, 0, "not-pem:JKS"},
		{"JKS with anchors", trusttest.Keystore(a, b), certfile.JKS, 2, 0, "not-pem:JKS"},
		{"web page", []byte("\n<!DOCTYPE html><html>Sign in"), certfile.HTML, 0, 0, "not-pem:HTML"},
		{"empty", nil, certfile.Empty, 0, 0, "empty-file:"},
		{"white space", []byte(" \r\n\t"), certfile.Empty, 0, 0, "empty-file:"},
		{"mark only", bom, certfile.Empty, 0, 0, "byte-order-mark:UTF-8 empty-file:"},
		{"other text", []byte("hello"), certfile.Unrecognized, 0, 0, "not-pem:unknown"},
		{"binary", []byte{0, 1, 2, 3}, certfile.Unrecognized, 0, 0, "not-pem:unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := certfile.Examine(tt.data)
			if f.Format != tt.format || len(f.Certs) != tt.certs || len(f.Anchors) != tt.anchors {
				t.Errorf("format %q, %d certificates, %d anchors; want %q, %d, %d",
					f.Format, len(f.Certs), len(f.Anchors), tt.format, tt.certs, tt.anchors)
			}
			if got := notes(f.Notes, tt.notes); got != tt.notes {
				t.Errorf("notes %q, want %q", got, tt.notes)
			}
			certs, err := certfile.Read(tt.data)
			if (err == nil) != (tt.certs > 0) || len(certs) != tt.certs {
				t.Errorf("Read: %d certificates and error %v", len(certs), err)
			}
			if _, ok := certfile.ContainerdAnchors(tt.data); ok != (tt.anchors > 0) {
				t.Errorf("containerd's loader accepts: %v", ok)
			}
		})
	}
}

// notes writes notes as "code:text …", with * for texts that the wanted ones have
// as *: a library's words.
func notes(in []trust.Note, want string) string {
	var out []string
	for _, n := range in {
		text := n.Text
		if strings.Contains(want, string(n.Code)+":*") && text != "" {
			text = "*"
		}
		out = append(out, string(n.Code)+":"+text)
	}
	return strings.Join(out, " ")
}

func TestReadError(t *testing.T) {
	key := trusttest.NewCA(t, "A").KeyPEM()
	tests := map[string][]byte{
		"the file is empty":          {},
		"the file is a PKCS#12":      {0x30, 5, 2, 1, 3, 0x30, 0},
		"a private key and no cert":  key,
		"is a web page":              []byte("<html>"),
		"holds no certificate":       []byte("hello"),
		"larger than 8 MB":           make([]byte, certfile.MaxBytes+1),
		"no certificate can be read": block("CERTIFICATE", []byte("x")),
	}
	for want, data := range tests {
		if _, err := certfile.Read(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

func TestNormalize(t *testing.T) {
	ca := trusttest.NewCA(t, "A\n-----BEGIN CERTIFICATE-----\n../../etc")
	out := certfile.Normalize(ca.Cert)
	if !bytes.HasPrefix(out, []byte("-----BEGIN CERTIFICATE-----\n")) || bytes.Contains(out, []byte("\r")) {
		t.Errorf("not a bare block: %q", out[:40])
	}
	if got := certfile.GoAnchors(out); len(got) != 1 || !got[0].Equal(ca.Cert) {
		t.Errorf("engines read %d certificates of it", len(got))
	}
	if again := certfile.Normalize(certfile.GoAnchors(out)[0]); !bytes.Equal(out, again) {
		t.Error("normalizing is not idempotent")
	}
}

// A file of certificates without end must be cut off, and say so.
func TestBounds(t *testing.T) {
	var data []byte
	root := trusttest.NewCA(t, "A")
	for i := range certfile.MaxCertificates + 5 {
		data = append(data, root.Leaf(trusttest.Serial(int64(i)+1), trusttest.Key(root.Key)).PEM()...)
	}
	f := certfile.Examine(data)
	if len(f.Certs) != certfile.MaxCertificates || len(f.Anchors) != certfile.MaxCertificates+5 {
		t.Errorf("%d certificates, %d anchors", len(f.Certs), len(f.Anchors))
	}
	if got := notes(f.Notes, ""); got != "unreadable:more than 1000 certificates" {
		t.Errorf("notes %q", got)
	}
	if f := certfile.Examine(bytes.Repeat(block("CERTIFICATE", []byte("x")), 10000)); len(f.Notes) != 1 {
		t.Errorf("%d notes for one fault", len(f.Notes))
	}
}

// indefinite rewrites a definite-length DER element with the indefinite form at
// its outermost levels, as Java and Bouncy Castle write PKCS#7.
func indefinite(tag byte, content []byte) []byte {
	return join([]byte{tag, 0x80}, content, []byte{0, 0})
}

func TestPKCS7IndefiniteLength(t *testing.T) {
	a := trusttest.NewCA(t, "A")
	oidData := []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1}
	oidSigned := []byte{6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2}
	signed := indefinite(0x30, join(
		[]byte{2, 1, 1}, []byte{0x31, 0}, indefinite(0x30, oidData), indefinite(0xA0, a.Cert.Raw), []byte{0x31, 0},
	))
	data := indefinite(0x30, join(oidSigned, indefinite(0xA0, signed)))
	f := certfile.Examine(data)
	if len(f.Certs) != 1 || !f.Certs[0].Equal(a.Cert) || f.Format != certfile.PKCS7 {
		t.Errorf("%q with %d certificates, notes %v", f.Format, len(f.Certs), f.Notes)
	}
}

// Elements nested without end must neither overflow the stack nor take long.
func TestPKCS7Nesting(t *testing.T) {
	deep := bytes.Repeat([]byte{0x30, 0x80}, certfile.MaxBytes/2)
	if f := certfile.Examine(deep); len(f.Certs) != 0 || len(f.Notes) == 0 {
		t.Errorf("%d certificates, notes %v", len(f.Certs), f.Notes)
	}
}
