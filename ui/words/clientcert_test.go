package words

import (
	"context"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/trust/trusttest"
)

// TestEveryProblemHasWords: whatever is wrong with a client certificate can be
// said in every language, with nothing missing from the sentences.
func TestEveryProblemHasWords(t *testing.T) {
	now := time.Now()
	ca, other := trusttest.NewCA(t, "Client CA"), trusttest.NewCA(t, "Other CA")
	file := func(name string, parts ...[]byte) clientcert.File {
		f := clientcert.File{Name: name}
		for _, p := range parts {
			f.Data = append(f.Data, p...)
		}
		return f
	}
	pem := func(kind string) []byte {
		return []byte("-----BEGIN " + kind + "-----\nAAAA\n-----END " + kind + "-----\n")
	}
	pair := func(c *trusttest.Cert) clientcert.File { return file("pair", c.PEM(), c.KeyPEM()) }
	server := &clientcert.Server{
		Requested: true, Required: true, Raw: [][]byte{ca.Cert.RawSubject}, AcceptableCAs: []string{"CN=Client CA"},
	}
	alice := ca.Client("alice")
	for code, made := range map[string][]clientcert.Problem{
		"cert-without-key":             read(file("c", alice.PEM())),
		"key-without-cert":             read(file("k", alice.KeyPEM())),
		"key-mismatch":                 read(file("c", alice.PEM()), file("k", ca.KeyPEM())),
		"ca-only":                      read(file("ca", ca.PEM())),
		"malformed-certificate":        read(file("m", pem("CERTIFICATE"))),
		"unusable-file.request":        read(file("r", pem("CERTIFICATE REQUEST"))),
		"unusable-file.publickey":      read(file("p", pem("PUBLIC KEY"))),
		"unusable-file.empty":          read(file("e")),
		"unusable-file.page":           read(file("h", []byte("<html>"))),
		"unusable-file.other":          read(file("o", []byte("something"))),
		"unusable-file.too-large":      read(file("l", make([]byte, clientcert.MaxBytes+1))),
		"unusable-file.too-many":       read(make([]clientcert.File, clientcert.MaxFiles+1)...),
		"unusable-file.key-type":       read(file("k", pem("DSA PRIVATE KEY"))),
		"unusable-file.key-damaged":    read(file("k", pem("PRIVATE KEY"))),
		"several-pairs":                read(pair(alice), pair(ca.Client("bob"))),
		"client-certificate-rejected":  check(t, pair(other.Client("alice")), server, now),
		"wrong-usage":                  check(t, pair(ca.Leaf(trusttest.Names("x"))), server, now),
		"ca-as-client":                 check(t, pair(ca.Intermediate("x")), server, now),
		"expired":                      check(t, pair(alice), server, now.AddDate(1, 0, 0)),
		"not-yet-valid":                check(t, pair(alice), server, now.AddDate(-1, 0, 0)),
		"expires-soon":                 check(t, pair(alice), server, now.AddDate(0, 0, 80)),
		"weak-key":                     check(t, pair(ca.Client("alice", trusttest.RSA(1024))), server, now),
		"self-signed":                  check(t, pair(trusttest.SelfSigned(t, trusttest.CommonName("x"))), server, now),
		"any-ca":                       check(t, pair(alice), &clientcert.Server{Requested: true}, now),
		"not-requested":                check(t, pair(alice), &clientcert.Server{}, now),
		"not-reached":                  check(t, pair(alice), nil, now),
		"key-encrypted":                {{Code: trust.KeyEncrypted, Args: map[string]string{"file": "k"}}},
		"key-encrypted.wrong":          {{Code: trust.KeyEncrypted, Variant: clientcert.WrongPassphrase, Args: map[string]string{"file": "k"}}},
		"key-encrypted.unsupported":    {{Code: trust.KeyEncrypted, Variant: clientcert.UnsupportedCipher, Args: map[string]string{"file": "k", "text": "x"}}},
		"unusable-file.store":          {{Code: clientcert.UnusableFile, Variant: "store", Args: map[string]string{"file": "k", "text": "x"}}},
		"weak-signature":               {{Code: trust.WeakSignature, Args: map[string]string{"subject": "x", "algorithm": "SHA1-RSA"}}},
		"unusable-file.not-worded-yet": {{Code: clientcert.UnusableFile, Variant: "not-worded-yet", Args: map[string]string{"file": "k"}}},
	} {
		seen := false
		for _, lang := range Languages() {
			w := Strict(lang, func(lang, key string) { t.Errorf("%s: %s lacks %s", code, lang, key) })
			for _, p := range made {
				title, detail, fix := w.ClientProblem(p)
				full := string(p.Code)
				if p.Variant != "" {
					full += "." + p.Variant
				}
				seen = seen || full == code && title != "" && detail != "" && fix != ""
				if strings.Contains(detail, "T00:") {
					t.Errorf("%s: a date is not written as people do: %q", code, detail)
				}
			}
		}
		if !seen {
			t.Errorf("%s: not among %+v", code, made)
		}
	}
}

func read(files ...clientcert.File) []clientcert.Problem {
	return clientcert.Read(context.Background(), files, trust.Secret{}).Problems
}

func check(t *testing.T, f clientcert.File, s *clientcert.Server, at time.Time) []clientcert.Problem {
	t.Helper()
	r := clientcert.Read(t.Context(), []clientcert.File{f}, trust.Secret{})
	if r.Pair == nil {
		t.Fatalf("no pair: %+v", r.Problems)
	}
	return clientcert.Check(*r.Pair, s, at)
}

func TestEveryKindOfFileHasAName(t *testing.T) {
	for _, lang := range Languages() {
		w := Strict(lang, func(lang, key string) { t.Errorf("%s lacks %s", lang, key) })
		for _, k := range []clientcert.Kind{
			clientcert.KindClient, clientcert.KindServer, clientcert.KindCA, clientcert.KindKey, clientcert.KindLocked,
			clientcert.KindBundle, clientcert.KindRequest, clientcert.KindPublicKey, clientcert.KindEmpty, clientcert.KindPage, clientcert.KindOther,
		} {
			if w.FileKind(k) == "" {
				t.Errorf("%s: %s", lang, k)
			}
		}
		for _, p := range trust.Parties() {
			if name := w.Party(p); name == "" || strings.HasPrefix(name, "party.") {
				t.Errorf("%s: %s is called %q", lang, p, name)
			}
		}
		for _, c := range trust.Consequences() {
			if w.Consequence(trust.Consequence{Code: c, Path: "/x"}) == "" {
				t.Errorf("%s: %s", lang, c)
			}
		}
	}
}
