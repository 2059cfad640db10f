package clientcert

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const passphrase = "correct horse"

// stored reads files of testdata, which OpenSSL made (make.sh).
func stored(t testing.TB, names ...string) []File {
	t.Helper()
	var out []File
	for _, n := range names {
		b, err := os.ReadFile(filepath.Join("testdata", n))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, File{n, b})
	}
	return out
}

func codes(problems []Problem) string {
	var out []string
	for _, p := range problems {
		s := string(p.Code)
		if p.Variant != "" {
			s += "." + p.Variant
		}
		if p.Fatal {
			s += "!"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

// TestEveryForm: whatever form OpenSSL writes comes out as the same pair.
func TestEveryForm(t *testing.T) {
	plain := stored(t, "pkcs8.pem")[0].Data
	for _, c := range []struct {
		files  string
		locked bool
	}{
		{"cert.pem pkcs8.pem", false},
		{"pkcs8.pem cert.pem", false},
		{"cert.der pkcs8.der", false},
		{"cert.p7b sec1.pem", false},
		{"cert.pem request.pem pkcs8.pem", false},
		{"cert.pem locked.der", true},
		{"cert.pem locked-aes128.pem", true},
		{"cert.pem locked-des3.pem", true},
		{"cert.pem locked-hmacWithSHA1.pem", true},
		{"cert.pem locked-hmacWithSHA256.pem", true},
		{"cert.pem locked-hmacWithSHA384.pem", true},
		{"cert.pem locked-hmacWithSHA512.pem", true},
		{"cert.pem legacy-aes256.pem", true},
		{"modern.p12", true},
		{"legacy.p12", true},
		{"empty.p12", false},
	} {
		files := stored(t, strings.Fields(c.files)...)
		secret := trust.Secret{}
		if c.locked {
			if r := Read(t.Context(), files, secret); r.Pair != nil || codes(r.Problems) != "key-encrypted!" || !r.NeedsPassphrase() {
				t.Errorf("%s without passphrase: %v, %s", c.files, r.Pair, codes(r.Problems))
			}
			if r := Read(t.Context(), files, trust.NewSecret("wrong")); r.Pair != nil || codes(r.Problems) != "key-encrypted.wrong!" || !r.NeedsPassphrase() {
				t.Errorf("%s with a wrong passphrase: %v, %s", c.files, r.Pair, codes(r.Problems))
			}
			secret = trust.NewSecret(passphrase)
		}
		r := Read(t.Context(), files, secret)
		if r.Pair == nil {
			t.Errorf("%s: no pair: %s", c.files, codes(r.Problems))
			continue
		}
		if r.Pair.Key.Reveal() != string(plain) || r.Pair.WasEncrypted != c.locked || r.Pair.Cert.Subject.CommonName != "alice" {
			t.Errorf("%s: %q, was encrypted %v", c.files, r.Pair.Cert.Subject, r.Pair.WasEncrypted)
		}
		if string(r.Pair.CertPEM()) != string(stored(t, "cert.pem")[0].Data) {
			t.Errorf("%s: the certificate is written otherwise", c.files)
		}
	}
}

// TestOfficeForms: what Windows and editors do to a file.
func TestOfficeForms(t *testing.T) {
	cert, key := stored(t, "cert.pem")[0].Data, stored(t, "pkcs8.pem")[0].Data
	crlf := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")) }
	mark := func(b []byte) []byte { return append([]byte("\xef\xbb\xbf"), b...) }
	wide := func(b []byte) []byte {
		out := []byte{0xff, 0xfe}
		for _, c := range b {
			out = append(out, c, 0)
		}
		return out
	}
	for name, form := range map[string]func([]byte) []byte{"CRLF": crlf, "mark": mark, "UTF-16": wide} {
		r := Read(t.Context(), []File{{"a", form(cert)}, {"b", form(key)}}, trust.Secret{})
		if r.Pair == nil || !bytes.Equal(r.Pair.CertPEM(), cert) || r.Pair.Key.Reveal() != string(key) {
			t.Errorf("%s: %s", name, codes(r.Problems))
		}
	}
	both := Read(t.Context(), []File{{"a", append(bytes.Clone(key), cert...)}}, trust.Secret{})
	if both.Pair == nil || both.Files[0].Kind != KindBundle {
		t.Errorf("both in one file: %+v", both)
	}
}

func TestUnsupportedCiphersAreToldApart(t *testing.T) {
	for _, name := range []string{"unsupported-scrypt.pem", "unsupported-pbes1.pem"} {
		for _, p := range []string{"", passphrase} {
			r := Read(t.Context(), stored(t, "cert.pem", name), trust.NewSecret(p))
			if r.Pair != nil || codes(r.Problems) != "key-encrypted.unsupported!" || r.NeedsPassphrase() {
				t.Errorf("%s: %s", name, codes(r.Problems))
			}
		}
	}
}

// TestWhatDoesNotMakeAPair names the half that is missing, and what each file is.
func TestWhatDoesNotMakeAPair(t *testing.T) {
	ca := trusttest.NewCA(t, "Client CA")
	alice, bob := ca.Client("alice"), ca.Client("bob")
	at := func(name string, parts ...[]byte) File { return File{name, bytes.Join(parts, nil)} }
	for _, c := range []struct {
		name, want, kinds string
		files             []File
	}{
		{"certificate alone", "cert-without-key!", "client", []File{at("c", alice.PEM())}},
		{"key alone", "key-without-cert!", "key", []File{at("k", alice.KeyPEM())}},
		{"key and the CA", "key-without-cert!", "key ca", []File{at("k", alice.KeyPEM()), at("ca", ca.PEM())}},
		{"key of another", "key-mismatch!", "client key", []File{at("c", alice.PEM()), at("k", bob.KeyPEM())}},
		{"the CA's file", "ca-only!", "ca", []File{at("ca", ca.PEM())}},
		{"the server's certificate", "cert-without-key!", "server", []File{at("s", ca.Leaf(trusttest.Names("reg.example")).PEM())}},
		{"a request", "unusable-file.request!", "request", stored(t, "request.pem")},
		{"a public key", "unusable-file.publickey!", "publickey", stored(t, "public.pem")},
		{"nothing in it", "unusable-file.empty!", "empty", []File{{"e", nil}}},
		{"a page", "unusable-file.page!", "page", []File{{"p", []byte("<!doctype html><title>Sign in</title>")}}},
		{"damaged", "malformed-certificate!", "other", []File{{"d", []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")}}},
		{"damaged key", "unusable-file.key-damaged!", "other", []File{{"d", []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}}},
		{"a key of OpenSSH", "unusable-file.key-type!", "other", []File{{"d", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n")}}},
		{"too large", "unusable-file.too-large!", "other", []File{{"l", make([]byte, MaxBytes+1)}}},
		{"no file", "", "", nil},
	} {
		r := Read(t.Context(), c.files, trust.Secret{})
		var kinds []string
		for _, f := range r.Files {
			kinds = append(kinds, string(f.Kind))
		}
		if got := codes(r.Problems); r.Pair != nil || got != c.want || !r.Fatal() || strings.Join(kinds, " ") != c.kinds {
			t.Errorf("%s: %q, files %q, want %q, %q", c.name, got, kinds, c.want, c.kinds)
		}
	}
	many := make([]File, MaxFiles+1)
	for i := range many {
		many[i] = at(fmt.Sprint(i), alice.PEM())
	}
	if r := Read(t.Context(), many, trust.Secret{}); !strings.Contains(codes(r.Problems), "too-many") {
		t.Error(codes(r.Problems))
	}
}

// TestBestOfSeveral: of several pairs the one that is for clients and valid now,
// whatever the order of the files; a chain comes with it, without the root.
func TestBestOfSeveral(t *testing.T) {
	root := trusttest.NewCA(t, "Root")
	issuing := root.Intermediate("Issuing")
	old := issuing.Client("alice", trusttest.NotAfter(time.Now().AddDate(0, 0, -1)))
	server := issuing.Leaf(trusttest.Names("reg.example"))
	renewed := issuing.Client("alice")
	sameKey := issuing.Client("alice, shorter", trusttest.Key(renewed.Key), trusttest.NotAfter(time.Now().AddDate(0, 0, 30)))
	var files []File
	for i, c := range []*trusttest.Cert{old, server, sameKey, renewed} {
		files = append(files, File{fmt.Sprintf("%d.key", i), c.KeyPEM()}, File{fmt.Sprintf("%d.crt", i), c.PEM()})
	}
	files = append(files, File{"chain", append(root.PEM(), issuing.PEM()...)})
	for range 2 {
		r := Read(t.Context(), files, trust.Secret{})
		if r.Pair == nil || !r.Pair.Cert.Equal(renewed.Cert) || r.Pair.CertFile != "3.crt" {
			t.Fatalf("%+v", r)
		}
		if len(r.Pair.Chain) != 1 || !r.Pair.Chain[0].Equal(issuing.Cert) {
			t.Errorf("chain %v", r.Pair.Chain)
		}
		if got := codes(r.Problems); got != "several-pairs several-pairs several-pairs" || r.Fatal() {
			t.Error(got)
		}
		for i, j := 0, len(files)-1; i < j; i, j = i+1, j-1 {
			files[i], files[j] = files[j], files[i]
		}
	}
}

// TestRenewedWithoutItsKey: the old pair is taken, and the new certificate is not
// passed over in silence.
func TestRenewedWithoutItsKey(t *testing.T) {
	ca := trusttest.NewCA(t, "Client CA")
	old := ca.Client("alice", trusttest.NotAfter(time.Now().AddDate(0, 0, -1)))
	r := Read(t.Context(), []File{{"old.pem", append(old.PEM(), old.KeyPEM()...)}, {"new.pem", ca.Client("alice").PEM()}}, trust.Secret{})
	if r.Pair == nil || codes(r.Problems) != "cert-without-key" || r.Problems[0].File != "new.pem" {
		t.Errorf("%+v", r)
	}
}

func unmarshal(b []byte, v any) error { _, err := asn1.Unmarshal(b, v); return err }

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := asn1.Marshal(v)
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzRead: whatever the files hold, reading ends without panic, and a pair that
// comes out is one.
func FuzzRead(f *testing.F) {
	names, err := os.ReadDir("testdata")
	must(f, err)
	for _, n := range names {
		if strings.HasSuffix(n.Name(), ".sh") || n.IsDir() {
			continue
		}
		b := stored(f, n.Name())[0].Data
		f.Add(b, stored(f, "pkcs8.pem")[0].Data, passphrase)
		f.Add(stored(f, "cert.pem")[0].Data, b, passphrase)
		f.Add(b, []byte(nil), "")
	}
	f.Fuzz(func(t *testing.T, a, b []byte, secret string) {
		r := Read(t.Context(), []File{{"a", a}, {"b", b}}, trust.NewSecret(secret))
		if len(r.Files) != 2 {
			t.Errorf("%d files", len(r.Files))
		}
		if r.Pair == nil {
			if !r.Fatal() {
				t.Error("no pair, and nothing wrong")
			}
			return
		}
		block, rest := pem.Decode([]byte(r.Pair.Key.Reveal()))
		if block == nil || len(rest) > 0 {
			t.Fatal("the key is not one PEM block")
		}
		key, err := parseKey(block.Bytes)
		must(t, err)
		if !samePublicKey(r.Pair.Cert, key) {
			t.Error("the halves do not belong together")
		}
		if _, err := x509.ParseCertificate(r.Pair.Cert.Raw); err != nil {
			t.Error(err)
		}
		Check(*r.Pair, &Server{Requested: true, Raw: [][]byte{a}}, time.Now())
	})
}
