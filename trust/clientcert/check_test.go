package clientcert

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func pairOf(t *testing.T, c *trusttest.Cert, chain ...*trusttest.Cert) Pair {
	t.Helper()
	files := []File{{"client.pem", append(c.PEM(), c.KeyPEM()...)}}
	for _, i := range chain {
		files = append(files, File{"chain.pem", i.PEM()})
	}
	r := Read(t.Context(), files, trust.Secret{})
	if r.Pair == nil {
		t.Fatalf("no pair: %s", codes(r.Problems))
	}
	return *r.Pair
}

func asks(cas ...*trusttest.Cert) *Server {
	ep := trust.Endpoint{TLS: &trust.TLS{}, ClientAuth: trust.ClientAuth{Requested: true, Required: true}}
	for _, c := range cas {
		ep.ClientAuth.AcceptableCAs = append(ep.ClientAuth.AcceptableCAs, c.Cert.RawSubject)
	}
	return ServerOf(ep)
}

// TestEveryMistakeOfAPair: each is found, and says whether any engine could live
// with it.
func TestEveryMistakeOfAPair(t *testing.T) {
	now := time.Now()
	ca := trusttest.NewCA(t, "Client CA")
	issuing := ca.Intermediate("Issuing CA")
	other := trusttest.NewCA(t, "Other CA")
	silent := &Server{}
	for _, c := range []struct {
		name, want string
		pair       Pair
		server     *Server
	}{
		{"good", "", pairOf(t, ca.Client("alice")), asks(ca)},
		{"good, of several CAs", "", pairOf(t, ca.Client("alice")), asks(other, ca)},
		{"good through its intermediate", "", pairOf(t, issuing.Client("alice"), issuing), asks(ca)},
		{"no usage at all", "", pairOf(t, ca.Client("alice", trusttest.Usage())), asks(ca)},
		{"without its intermediate", "client-certificate-rejected!", pairOf(t, issuing.Client("alice")), asks(ca)},
		{"foreign CA", "client-certificate-rejected!", pairOf(t, other.Client("alice")), asks(ca)},
		{
			"foreign CA and expired", "expired! client-certificate-rejected!",
			pairOf(t, other.Client("alice", trusttest.NotAfter(now.AddDate(0, 0, -1)))), asks(ca),
		},
		{"expired", "expired!", pairOf(t, ca.Client("alice", trusttest.NotAfter(now.AddDate(0, 0, -1)))), asks(ca)},
		{"not yet valid", "not-yet-valid!", pairOf(t, ca.Client("alice", trusttest.NotBefore(now.AddDate(0, 0, 1)))), asks(ca)},
		{"ends soon", "expires-soon", pairOf(t, ca.Client("alice", trusttest.NotBefore(now.AddDate(-1, 0, 0)), trusttest.NotAfter(now.AddDate(0, 0, 9)))), asks(ca)},
		{"for servers", "wrong-usage!", pairOf(t, ca.Leaf(trusttest.Names("reg.example"))), asks(ca)},
		{"a CA", "ca-as-client!", pairOf(t, ca.Intermediate("Sub")), asks(ca)},
		{"RSA of 1024 bits", "weak-key", pairOf(t, ca.Client("alice", trusttest.RSA(1024))), asks(ca)},
		{
			"self-signed", "self-signed client-certificate-rejected!",
			pairOf(t, trusttest.SelfSigned(t, trusttest.CommonName("alice"), trusttest.Usage(x509.ExtKeyUsageClientAuth))), asks(ca),
		},
		{"names no CA", "any-ca", pairOf(t, ca.Client("alice")), asks()},
		{"asks for none", "not-requested", pairOf(t, ca.Client("alice")), silent},
		{"not reached", "not-reached", pairOf(t, ca.Client("alice")), nil},
	} {
		got := Check(c.pair, c.server, now)
		if codes(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, codes(got), c.want)
		}
		for _, p := range got {
			for _, arg := range []string{"file", "subject", "issuer", "notAfter"} {
				if p.Args[arg] == "" {
					t.Errorf("%s: %s has no %s", c.name, p.Code, arg)
				}
			}
		}
	}
	foreign := Check(pairOf(t, other.Client("alice")), asks(ca, issuing), now)
	if got := foreign[0].Args["issuers"]; got != "CN=Client CA; CN=Issuing CA" {
		t.Errorf("the CAs are named %q", got)
	}
}

func TestNamesOfTheServerAreBounded(t *testing.T) {
	long := trusttest.NewCA(t, strings.Repeat("x", 60), trusttest.Organization(strings.Repeat("o", 1000)))
	ep := trust.Endpoint{TLS: &trust.TLS{}, ClientAuth: trust.ClientAuth{AcceptableCAs: [][]byte{
		long.Cert.RawSubject, []byte("garbage"), make([]byte, 1<<16), nil,
	}}}
	s := ServerOf(ep)
	if len(s.AcceptableCAs) != 4 || len(s.AcceptableCAs[0]) > maxText+4 || s.AcceptableCAs[1] != "?" || s.AcceptableCAs[2] != "…" {
		t.Errorf("%q", s.AcceptableCAs)
	}
	if ServerOf(trust.Endpoint{}) != nil {
		t.Error("a server that was not reached wants something")
	}
}

// TestRequestAndAnswer: the request asks for the name, and the answer is known by
// its public key.
func TestRequestAndAnswer(t *testing.T) {
	key, csr, err := NewRequest(" alice ")
	must(t, err)
	b, _ := pem.Decode([]byte(csr))
	r, err := x509.ParseCertificateRequest(b.Bytes)
	must(t, err)
	must(t, r.CheckSignature())
	if r.Subject.String() != "CN=alice" || len(r.DNSNames) > 0 {
		t.Errorf("asks for %s", r.Subject)
	}
	ca := trusttest.NewCA(t, "Client CA")
	answer := File{"answer.pem", ca.Client("alice", trusttest.PublicKey(r.PublicKey)).PEM()}
	if !Answers([]File{{"other", ca.PEM()}, answer}, csr) || Answers([]File{{"other", ca.PEM()}}, csr) {
		t.Error("the answer is not known by its key")
	}
	review := Read(t.Context(), []File{answer, {"request", []byte(key.Reveal())}}, trust.Secret{})
	if review.Pair == nil || len(Check(*review.Pair, asks(ca), time.Now())) > 0 {
		t.Errorf("%+v", review)
	}
	for _, name := range []string{"", "  ", strings.Repeat("x", 65), "a\nb", "\xff"} {
		if _, _, err := NewRequest(name); err != ErrName {
			t.Errorf("%q: %v", name, err)
		}
	}
	if Answers([]File{answer}, "garbage") || Answers([]File{answer}, strings.Replace(csr, "MI", "AA", 1)) {
		t.Error("a damaged request was answered")
	}
	if !slices.Equal([]byte(csr[:11]), []byte("-----BEGIN ")) {
		t.Error(csr)
	}
}
