package diagnose_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/diagnose"
	"mooring.dev/mooring/trust/trusttest"
)

// wellFormed, which every finding passes, checks the length of its arguments.
func TestHugeTexts(t *testing.T) {
	huge := "../../etc\n\x1b[31m" + strings.Repeat("가", 20000)
	names := make([]string, 2000)
	for i := range names {
		names[i] = strings.Repeat("x", 60) + ".example"
	}
	ca := trusttest.NewCA(t, huge, trusttest.Organization(huge))
	leaf := ca.Leaf(trusttest.Names(names...), trusttest.CommonName(huge), trusttest.AIA("http://"+strings.Repeat("u", 9000)))
	ep := endpoint(leaf.Cert)
	ep.HTTP = &trust.HTTP{Status: 404, Server: huge}
	ep.ClientAuth = trust.ClientAuth{Required: true, Text: huge, AcceptableCAs: [][]byte{ca.Cert.RawSubject, {0x30, 0x80}}}
	s := met(t, ep).noting(trust.Note{Code: trust.HostsTOMLInvalid, Path: "/x", Text: huge})
	s.in.LastSeen = trust.SeenOf(trusttest.NewCA(t, "B").Leaf().Cert, time.Now())
	if len(s.findings()) < 4 {
		t.Error(line(s.findings()))
	}
	unnamed := trusttest.NewCA(t, "", trusttest.Subject(pkix.Name{Organization: []string{huge}}))
	met(t, endpoint(unnamed.Leaf(trusttest.Names(host)).Cert)).docker().expect("unknown-authority")
}

// Certificates of one name invite a check of each against each.
func TestManyOfOneName(t *testing.T) {
	root := trusttest.NewCA(t, "A", trusttest.RSA(2048))
	var sent []*x509.Certificate
	for i := range 256 {
		c := root.Intermediate("A", trusttest.Key(root.Key), trusttest.Signature(x509.SHA256WithRSA), trusttest.Serial(int64(i)+1))
		sent = append(sent, c.Cert)
	}
	s := met(t, endpoint(sent...)).docker()
	start := time.Now()
	s.findings()
	// One check of an RSA signature takes some 50 µs; unbounded it would be 65536 of
	// them, which no slow machine explains away.
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestNothingIsKnown(t *testing.T) {
	if got := diagnose.Findings(diagnose.Input{}); len(got) != 0 {
		t.Errorf("found %v", got)
	}
	s := met(t, endpoint(trusttest.NewCA(t, "A").Leaf(trusttest.Names("b.example")).Cert))
	s.in.Policies, s.in.Verdicts, s.in.Scope = nil, nil, nil
	s.expect("name-mismatch") // without consumers nobody lacks an anchor
}

func FuzzFindings(f *testing.F) {
	root := trusttest.NewCA(f, "Corp Root CA", trusttest.PermittedDNS("example"), trusttest.PathLen(1))
	leaf := root.Intermediate("B", trusttest.CriticalExtension()).Leaf(trusttest.Names(host), trusttest.IP("192.0.2.7"))
	f.Add(trusttest.PEM(leaf.Path()...), host)
	f.Add(trusttest.SelfSigned(f, trusttest.Names(host)).PEM(), "192.0.2.7")
	f.Add(trusttest.NewCA(f, "RSA", trusttest.RSA(1024)).Leaf(trusttest.Signature(x509.SHA1WithRSA)).PEM(), "")
	f.Fuzz(func(t *testing.T, chain []byte, name string) {
		var sent []*x509.Certificate
		for len(sent) < 8 {
			var b *pem.Block
			if b, chain = pem.Decode(chain); b == nil {
				break
			}
			if c, err := x509.ParseCertificate(b.Bytes); err == nil {
				sent = append(sent, c)
			}
		}
		if len(sent) == 0 {
			return
		}
		ep := endpoint(sent...)
		ep.Host = name
		last := &trusttest.Cert{Cert: sent[len(sent)-1]}
		met(t, ep).docker().party(trust.Podman, nil, last).findings()
	})
}

func BenchmarkFindings(b *testing.B) {
	root := trusttest.NewCA(b, "Corp Root CA")
	leaf := root.Intermediate("Corp Issuing CA").Leaf(trusttest.Names(host))
	for name, anchors := range map[string][]*trusttest.Cert{"trusted": {root}, "refused": nil} {
		b.Run(name, func(b *testing.B) {
			s := met(&testing.T{}, endpoint(leaf.Sent()...))
			for _, p := range trust.Parties() {
				s.party(p, nil, anchors...)
			}
			for b.Loop() {
				diagnose.Findings(s.in)
			}
		})
	}
}
