package diagnose_test

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/diagnose"
	"mooring.dev/mooring/trust/trusttest"
)

const host = "reg.example"

// case_ is one situation: what a server showed and what consumers bring.
type situation struct {
	t  *testing.T
	in diagnose.Input
}

func certs(cs ...*trusttest.Cert) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range cs {
		out = append(out, c.Cert)
	}
	return out
}

// endpoint is a registry that sent these certificates and answered.
func endpoint(sent ...*x509.Certificate) trust.Endpoint {
	return trust.Endpoint{
		Role: trust.RoleRegistry, Host: host, Address: host + ":5000", IP: netip.MustParseAddr("192.0.2.7"),
		Sent: sent, TLS: &trust.TLS{Version: 0x0304, Cipher: 0x1301},
		HTTP: &trust.HTTP{Status: 200, Registry: true},
	}
}

// met is a situation with one endpoint and no consumer yet.
func met(t *testing.T, eps ...trust.Endpoint) *situation {
	t.Helper()
	r, _, err := trust.ParseRegistry(host + ":5000")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	s := &situation{t: t, in: diagnose.Input{
		Probe: trust.Probe{Registry: r, At: now, Endpoints: eps}, Now: now, Scope: []trust.Party{trust.Docker},
		Policies: make([][]trust.Policy, len(eps)), Verdicts: make([][]trust.Verdict, len(eps)),
	}}
	return s
}

// party adds a consumer with these anchors for every endpoint; edit may change
// its policy.
func (s *situation) party(p trust.Party, edit func(*trust.Policy), anchors ...*trusttest.Cert) *situation {
	policy := trust.Policy{
		Consumer: trust.Consumer{Party: p, Instance: string(p), Operation: trust.OpPull, Installed: true},
		Dialect:  trust.DialectGo,
	}
	if p == trust.System {
		policy.Dialect = trust.DialectOpenSSL
	}
	for i, a := range anchors {
		path := fmt.Sprintf("/etc/%s/certs.d/%s:5000/%d.crt", p, host, i)
		policy.Anchors = append(policy.Anchors, trust.Anchor{Cert: a.Cert, Source: trust.FileSource(path)})
	}
	if edit != nil {
		edit(&policy)
	}
	for i, ep := range s.in.Probe.Endpoints {
		s.in.Policies[i] = append(s.in.Policies[i], policy)
		s.in.Verdicts[i] = append(s.in.Verdicts[i], trust.Judge(ep, policy, s.in.Now))
	}
	return s
}

func (s *situation) docker(anchors ...*trusttest.Cert) *situation {
	return s.party(trust.Docker, nil, anchors...)
}

// noting adds docker with a note of its files.
func (s *situation) noting(n trust.Note, anchors ...*trusttest.Cert) *situation {
	return s.party(trust.Docker, func(p *trust.Policy) { p.Notes = []trust.Note{n} }, anchors...)
}

func (s *situation) findings() []trust.Finding {
	s.t.Helper()
	out := diagnose.Findings(s.in)
	for _, f := range out {
		wellFormed(s.t, f)
	}
	s.explained(out)
	return out
}

// explained fails when a consumer in scope is refused and no error says why.
func (s *situation) explained(fs []trust.Finding) {
	s.t.Helper()
	for i, verdicts := range s.in.Verdicts {
		if s.in.Probe.Endpoints[i].Role == trust.RoleMirror {
			continue
		}
		for _, v := range verdicts {
			if v.State != trust.Refused || !slices.Contains(s.in.Scope, v.Consumer.Party) {
				continue
			}
			if !slices.ContainsFunc(fs, func(f trust.Finding) bool { return f.Severity == trust.SeverityError }) {
				s.t.Errorf("%s is refused (%s, %s), and no error says why: %s", v.Consumer.Party, v.Reason, v.Error, line(fs))
			}
		}
	}
}

// line writes findings as "code code? code@1", with ? for a warning and the index
// of a certificate.
func line(fs []trust.Finding) string {
	var out []string
	for _, f := range fs {
		word := string(f.Code)
		if f.Severity == trust.SeverityWarning {
			word += "?"
		}
		if f.Variant != "" {
			word += "/" + f.Variant
		}
		if f.Certificate > 0 {
			word += fmt.Sprint("@", f.Certificate)
		}
		if f.Endpoint > 0 {
			word += fmt.Sprint("#", f.Endpoint)
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

// expect compares the findings with a line.
func (s *situation) expect(want string) {
	s.t.Helper()
	if got := line(s.findings()); got != want {
		s.t.Errorf("found %q\nwant  %q", got, want)
	}
}
