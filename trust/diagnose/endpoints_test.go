package diagnose_test

import (
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestClientCertificates(t *testing.T) {
	root, clients := trusttest.NewCA(t, "Corp Root CA"), trusttest.NewCA(t, "Client CA")
	ep := endpoint(root.Leaf(names).Cert)
	ep.ClientAuth = trust.ClientAuth{Requested: true, Required: true, Text: "remote error: tls: certificate required"}
	ep.HTTP = &trust.HTTP{Status: 400}
	met(t, ep).docker(root).expect("client-certificate-required")
	met(t, ep).docker().expect("unknown-authority client-certificate-required")
	with := func(c *trusttest.Cert) *situation {
		return met(t, ep).party(trust.Docker, func(p *trust.Policy) {
			p.ClientPairs = []trust.ClientPair{{Cert: c.Cert, CertPath: "/x/client.cert", KeyPath: "/x/client.key"}}
		}, root)
	}
	with(clients.Client("alice")).expect("client-certificate-required?/unproven")
	ep.ClientAuth.AcceptableCAs = [][]byte{clients.Cert.RawSubject}
	with(clients.Client("alice")).expect("")
	s := with(root.Client("alice"))
	s.expect("client-certificate-rejected")
	if f := s.findings()[0]; f.Path != "/x/client.cert" || f.Args["issuers"] != "Client CA" {
		t.Errorf("%+v", f)
	}
	ep.ClientAuth.Required = false
	met(t, ep).docker(root).expect("not-a-registry")
}

func TestTokenAndRedirect(t *testing.T) {
	root, other := trusttest.NewCA(t, "Corp Root CA"), trusttest.NewCA(t, "Other CA")
	registry := endpoint(root.Leaf(names).Cert)
	for role, want := range map[trust.Role]string{
		trust.RoleToken: "token-untrusted", trust.RoleRedirect: "redirect-untrusted", trust.RoleMirror: "unknown-authority?",
	} {
		away := endpoint(other.Leaf(trusttest.Names("away.example")).Cert)
		away.Role, away.Host, away.Address = role, "away.example", "away.example:443"
		met(t, registry, away).docker(root).expect(want + "#1")
		met(t, registry, away).docker(root, other).expect("")
		if role == trust.RoleMirror {
			continue
		}
		blocked := trust.Endpoint{Role: role, Host: "10.0.0.1", Address: "10.0.0.1:443", Failure: &trust.Failure{
			Code: trust.Code(want), Text: "the address is private",
		}}
		met(t, registry, blocked).docker(root).expect(want + "/blocked#1")
		blocked.Proxy = "http://proxy.example:3128"
		met(t, registry, blocked).docker(root).expect(want + "?/proxied#1")
	}
	// The registry's own faults stay its own: a pinned leaf says nothing of the token server.
	pinned := endpoint(trusttest.SelfSigned(t, names).Cert)
	token := endpoint(root.Leaf(trusttest.Names("auth.example")).Cert)
	token.Role, token.Host = trust.RoleToken, "auth.example"
	s := met(t, pinned, token)
	leaf := &trusttest.Cert{Cert: pinned.Sent[0]}
	s.docker(leaf, root).expect("leaf-as-anchor?")
}

func TestIssuerChanged(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	s := met(t, endpoint(root.Leaf(names).Cert)).docker(root)
	s.in.LastSeen = trust.SeenOf(root.Leaf(names).Cert, time.Now())
	s.expect("")
	s.in.LastSeen = trust.SeenOf(trusttest.NewCA(t, "Former CA").Leaf(names).Cert, time.Now())
	s.expect("issuer-changed?")
}
