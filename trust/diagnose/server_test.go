package diagnose_test

import (
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"maps"
	"math/big"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

var (
	names = trusttest.Names(host)
	old   = trusttest.NotBefore(time.Now().AddDate(0, 0, -85))
	soon  = func() time.Time { return time.Now().AddDate(0, 0, 5) }
	past  = func() time.Time { return time.Now().AddDate(0, 0, -3) }
)

func TestNothingToFind(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Intermediate("Corp Issuing CA").Leaf(names)
	met(t, endpoint(leaf.Sent()...)).docker(root).expect("")
	met(t, endpoint(leaf.Path()...)).docker(root).expect("") // a root sent along harms nobody
	cross := trusttest.NewCA(t, "Old Root")
	both := append(leaf.Sent(), leaf.Issuer.CrossSigned(cross).Cert)
	met(t, endpoint(both...)).docker(root).expect("") // a second issuer of the leaf
}

// The point of the package: three faults, three findings.
func TestIndependent(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Leaf(trusttest.Names("other.example"), trusttest.NotAfter(past()))
	met(t, endpoint(leaf.Cert)).docker().expect("expired unknown-authority name-mismatch")
	met(t, endpoint(leaf.Cert)).docker(root).expect("expired name-mismatch")
}

func TestChainFacts(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	inter := root.Intermediate("Corp Issuing CA")
	leaf := inter.Leaf(names)
	rsaRoot := trusttest.NewCA(t, "RSA Root", trusttest.RSA(2048))
	tests := []struct {
		name   string
		sent   []*x509.Certificate
		anchor *trusttest.Cert
		want   string
	}{
		{"unknown authority", root.Leaf(names).Sent(), nil, "unknown-authority"},
		{"unknown authority, root sent", leaf.Path(), nil, "unknown-authority@2"},
		{"self-signed", trusttest.SelfSigned(t, names).Sent(), nil, "self-signed"},
		{"expired", root.Leaf(names, trusttest.NotAfter(past())).Sent(), root, "expired"},
		{"expired intermediate", root.Intermediate("X", trusttest.NotAfter(past())).Leaf(names).Sent(), root, "expired@1"},
		{"not yet valid", root.Leaf(names, trusttest.NotBefore(soon())).Sent(), root, "not-yet-valid"},
		{"name mismatch", root.Leaf(trusttest.Names("a.example", "*.b.example")).Sent(), root, "name-mismatch"},
		{"no SAN", root.Leaf(trusttest.CommonName(host)).Sent(), root, "no-san"},
		{"no name at all", root.Leaf().Sent(), root, "no-san"},
		{"only an IP", root.Leaf(trusttest.IP("192.0.2.1")).Sent(), root, "name-mismatch"},
		{"client usage", root.Leaf(names, trusttest.Usage(x509.ExtKeyUsageClientAuth)).Sent(), root, "wrong-usage"},
		{"any usage", root.Leaf(names, trusttest.Usage(x509.ExtKeyUsageAny)).Sent(), root, ""},
		{"usage of the CA", root.Intermediate("X", trusttest.Usage(x509.ExtKeyUsageEmailProtection)).Leaf(names).Sent(), root, "wrong-usage@1"},
		{"name constraint", root.Intermediate("X", trusttest.PermittedDNS("other.example")).Leaf(names).Sent(), root, "name-constraint@1"},
		{"excluded name, expired too", root.Intermediate("X", trusttest.ExcludedDNS("example")).Leaf(names, trusttest.NotAfter(past())).Sent(), root, "expired name-constraint@1"},
		{"permitted name", root.Intermediate("X", trusttest.PermittedDNS("example")).Leaf(names).Sent(), root, ""},
		{"path length", root.Intermediate("X", trusttest.PathLen(0)).Intermediate("Y").Leaf(names).Sent(), root, "path-length@2"},
		{"path length kept", root.Intermediate("X", trusttest.PathLen(1)).Intermediate("Y").Leaf(names).Sent(), root, ""},
		{"issuer is no CA", root.Intermediate("X", trusttest.NotCA()).Leaf(names).Sent(), root, "issuer-not-ca@1"},
		{"SHA-1", rsaRoot.Leaf(names, trusttest.Signature(x509.SHA1WithRSA)).Sent(), rsaRoot, "weak-signature"},
		{"SHA-1, unknown CA", rsaRoot.Leaf(names, trusttest.Signature(x509.SHA1WithRSA)).Sent(), nil, "unknown-authority weak-signature"},
		{"critical extension", root.Leaf(names, trusttest.CriticalExtension()).Sent(), root, "unhandled-critical-extension"},
		{"RSA 1024", root.Leaf(names, trusttest.RSA(1024)).Sent(), root, "strict-client?"},
		{"expires soon", root.Leaf(names, old, trusttest.NotAfter(soon())).Sent(), root, "expires-soon?"},
		{"short-lived", root.Leaf(names, trusttest.NotBefore(time.Now().Add(-time.Hour)), trusttest.NotAfter(time.Now().Add(23*time.Hour))).Sent(), root, ""},
		{"extra", append(leaf.Sent(), trusttest.NewCA(t, "Stranger").Cert), root, "extra-certificate?@2"},
		{"sent twice", append(leaf.Sent(), inter.Cert), root, "extra-certificate?@2"},
		{"wrong order", certs(leaf, root, inter), root, "wrong-order?@1"},
		{"long validity", root.Leaf(names, trusttest.NotAfter(time.Now().AddDate(4, 0, 0))).Sent(), root, "long-validity?"},
		{"no usage", root.Leaf(names, trusttest.Usage()).Sent(), root, "no-server-usage?"},
		{"incomplete, AIA", inter.Leaf(names, trusttest.AIA("http://ca.example/i.crt")).Sent()[:1], root, "incomplete-chain unknown-authority/incomplete"},
		{"incomplete, root sent", certs(leaf, root), root, "incomplete-chain unknown-authority/incomplete extra-certificate?@1"},
		{"intercepted", trusttest.NewCA(t, "Zscaler Root CA").Leaf(names).Sent(), nil, "intercepted unknown-authority"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := met(t, endpoint(tt.sent...))
			if tt.anchor == nil {
				s.docker()
			} else {
				s.docker(tt.anchor)
			}
			s.expect(tt.want)
		})
	}
}

// A chain is known to lack an intermediate when that is on this machine.
func TestIncompleteChainByWhatIsHeld(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	inter := root.Intermediate("Corp Issuing CA")
	leaf := inter.Leaf(names)
	held := func() *trust.AnchorSet {
		return trust.NewAnchorSet([]trust.Anchor{{Cert: inter.Cert, Source: "file:/x"}})
	}
	s := met(t, endpoint(leaf.Cert)).docker(root)
	s.in.Held = held
	s.expect("incomplete-chain") // the authority is known, so nothing else is wrong
	s = met(t, endpoint(leaf.Cert)).docker()
	s.in.Held = held
	s.expect("incomplete-chain unknown-authority")
	if got := s.findings()[1].Args["issuer"]; got != "Corp Root CA" {
		t.Errorf("the CA to be trusted is %q", got)
	}
	met(t, endpoint(leaf.Cert)).docker(inter).expect("incomplete-chain? intermediate-as-anchor?")
	s = met(t, endpoint(root.Leaf(names, trusttest.AIA("http://ca.example/r.crt")).Cert)).docker(root)
	s.expect("") // issued by a root, which need not be sent
}

// Looking through a whole machine takes long, and for a chain that everybody
// trusts there is nothing to be found.
func TestHeldIsAskedOnlyInDoubt(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Intermediate("Corp Issuing CA").Leaf(names)
	for _, anchors := range [][]*trusttest.Cert{{root}, nil} {
		asked := false
		s := met(t, endpoint(leaf.Sent()...)).docker(anchors...)
		s.in.Held = func() *trust.AnchorSet { asked = true; return nil }
		s.findings()
		if doubted := len(anchors) == 0; asked != doubted {
			t.Errorf("with %d anchors: asked is %t", len(anchors), asked)
		}
	}
}

// Faults are found whatever others there are: all combinations of these.
func TestEveryCombination(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	faults := []struct {
		code         trust.Code
		leaf, issuer []trusttest.Option
	}{
		{code: trust.Expired, leaf: []trusttest.Option{trusttest.NotAfter(past())}},
		{code: trust.WrongUsage, leaf: []trusttest.Option{trusttest.Usage(x509.ExtKeyUsageClientAuth)}},
		{code: trust.UnhandledExtension, leaf: []trusttest.Option{trusttest.CriticalExtension()}},
		{code: trust.NameConstraint, issuer: []trusttest.Option{trusttest.PermittedDNS("other.example")}},
		{code: trust.IssuerNotCA, issuer: []trusttest.Option{trusttest.NotCA()}},
		{code: trust.NameMismatch},
		{code: trust.UnknownAuthority},
	}
	for bits := range 1 << len(faults) {
		leaf, issuer := []trusttest.Option{}, []trusttest.Option{}
		want := map[trust.Code]bool{}
		for i, f := range faults {
			if bits>>i&1 == 1 {
				want[f.code] = true
				leaf, issuer = append(leaf, f.leaf...), append(issuer, f.issuer...)
			}
		}
		if !want[trust.NameMismatch] {
			leaf = append(leaf, names)
		} else {
			leaf = append(leaf, trusttest.Names("another.example"))
		}
		s := met(t, endpoint(root.Intermediate("X", issuer...).Leaf(leaf...).Sent()...))
		if want[trust.UnknownAuthority] {
			s.docker()
		} else {
			s.docker(root)
		}
		got := map[trust.Code]bool{}
		for _, f := range s.findings() {
			got[f.Code] = true
		}
		if !maps.Equal(got, want) {
			t.Errorf("found %v, want %v", got, want)
		}
	}
}

// requireExplicitPolicy is beyond what is diagnosed, and yet must not go unsaid.
func TestUnexplained(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Intermediate("X", trusttest.Extension(pkix.Extension{
		Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0},
	})).Leaf(names)
	met(t, endpoint(leaf.Sent()...)).docker(root).expect("unknown-authority/unexplained")
}

func TestIPAddresses(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	for _, tt := range []struct {
		leaf *trusttest.Cert
		want string
	}{
		{root.Leaf(trusttest.IP("192.0.2.7")), ""},
		{root.Leaf(names), "ip-not-in-san"},
		{root.Leaf(trusttest.Names("192.0.2.7")), "ip-not-in-san"},
		{root.Leaf(trusttest.IP("192.0.2.8")), "ip-not-in-san"},
		{root.Leaf(trusttest.CommonName("192.0.2.7")), "no-san"},
		{root.Leaf(trusttest.CommonName("x")), "ip-not-in-san"},
	} {
		ep := endpoint(tt.leaf.Cert)
		ep.Host = "192.0.2.7"
		met(t, ep).docker(root).expect(tt.want)
	}
}

// What is no fault to any engine in scope is a warning; one that minds makes it an
// error; parties out of scope do not count.
func TestTolerance(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	bad := endpoint(root.Leaf(trusttest.CommonName(host), trusttest.NotAfter(past())).Cert)
	insecure := func(p *trust.Policy) { p.SkipVerify = "/etc/docker/daemon.json" }
	met(t, bad).party(trust.Docker, insecure).expect("expired? no-san? insecure-registry?")
	s := met(t, bad).party(trust.Docker, insecure).party(trust.Podman, nil, root)
	s.in.Scope = []trust.Party{trust.Docker, trust.Podman}
	s.expect("expired no-san insecure-registry?")
	s.in.Scope = []trust.Party{trust.Docker}
	s.expect("expired? no-san? insecure-registry?")

	commonName := endpoint(root.Leaf(trusttest.CommonName(host)).Cert)
	s = met(t, commonName).party(trust.System, nil, root)
	s.in.Scope = []trust.Party{trust.System}
	s.expect("no-san?") // OpenSSL takes the common name
	s = met(t, commonName).party(trust.System, nil)
	s.in.Scope = []trust.Party{trust.System}
	s.expect("unknown-authority no-san?")
}

func TestUnreachable(t *testing.T) {
	for _, code := range []trust.Code{
		trust.DNS, trust.ConnectionRefused, trust.Timeout, trust.ConnectionReset, trust.ProxyFailed,
		trust.TLSVersion, trust.TLSHandshake, trust.MalformedCertificate,
	} {
		ep := trust.Endpoint{
			Role: trust.RoleRegistry, Host: host, Address: host + ":5000", Proxy: "http://proxy:3128",
			Failure: &trust.Failure{Code: code, Text: "the library's words"},
		}
		met(t, ep).docker().expect(string(code))
		ep.Role = trust.RoleMirror
		met(t, ep).docker().expect(string(code) + "?") // engines go on to Docker Hub
	}
}

// Whoever has no key can send another's certificates, so those of a handshake
// that failed are not diagnosed.
func TestFailedHandshake(t *testing.T) {
	ep := endpoint(trusttest.SelfSigned(t, trusttest.NotAfter(past())).Cert)
	ep.Failure = &trust.Failure{Code: trust.TLSHandshake, Text: "tls: invalid signature"}
	met(t, ep).docker().expect("tls-handshake")
}

func TestWeakKey(t *testing.T) {
	public := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 511, 1), E: 65537}
	ep := endpoint(trusttest.NewCA(t, "Corp Root CA").Leaf(names, trusttest.PublicKey(public)).Cert)
	met(t, ep).docker().expect("weak-key unknown-authority")
	ep.Failure = &trust.Failure{Code: trust.WeakKey, Text: "crypto/rsa: 512-bit keys are insecure"}
	s := met(t, ep).docker()
	s.expect("weak-key")
	if got := s.findings()[0].Args["bits"]; got != "512" {
		t.Errorf("%s bits", got)
	}
	ep.Sent = nil
	met(t, ep).docker().expect("tls-handshake")
}

func TestPlainHTTP(t *testing.T) {
	ep := trust.Endpoint{
		Role: trust.RoleRegistry, Host: host, Address: host + ":5000", PlainHTTP: true,
		Failure: &trust.Failure{Code: trust.PlainHTTP, Text: "http: server gave HTTP response to HTTPS client"},
	}
	met(t, ep).docker().expect("plain-http")
	ep.Failure = nil
	met(t, ep).docker().expect("plain-http")
	met(t, ep).party(trust.Docker, func(p *trust.Policy) {
		p.SkipVerify, p.PlainHTTP = "/etc/docker/daemon.json", true
	}).expect("plain-http? insecure-registry?")
}

func TestHTTP(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	fine := endpoint(root.Leaf(names).Cert)
	page := fine
	page.HTTP = &trust.HTTP{Status: 404, Server: "nginx"}
	met(t, page).docker(root).expect("not-a-registry")
	page.Role = trust.RoleToken
	met(t, page).docker(root).expect("") // nobody asked it to be one
	for _, code := range []trust.Code{trust.Timeout, trust.ConnectionReset, trust.NotARegistry} {
		silent := fine
		silent.HTTP, silent.Unanswered = nil, &trust.Failure{Code: code, Text: "i/o timeout"}
		met(t, silent).docker(root).expect(string(code) + "/unanswered")
	}
}

func TestClockSkew(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	at := func(offset time.Duration, opts ...trusttest.Option) *situation {
		ep := endpoint(root.Leaf(append([]trusttest.Option{names}, opts...)...).Cert)
		ep.HTTP = &trust.HTTP{Status: 200, Registry: true, Date: time.Now().Add(offset)}
		return met(t, ep).docker(root)
	}
	at(time.Minute).expect("")
	at(time.Hour).expect("clock-skew?")
	at(-time.Hour).expect("clock-skew?")
	at(26*time.Hour, trusttest.NotBefore(time.Now().Add(24*time.Hour))).expect("clock-skew not-yet-valid")
	at(2*time.Hour, trusttest.NotBefore(time.Now().Add(24*time.Hour))).expect("not-yet-valid clock-skew?")
}

func TestProtocol(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	former := endpoint(root.Leaf(names).Cert)
	former.TLS = &trust.TLS{Version: 0x0301}
	met(t, former).docker(root).expect("tls-version")
	cbc := endpoint(root.Leaf(names).Cert)
	cbc.TLS = &trust.TLS{Version: 0x0303, Cipher: 0xc013} // ECDHE-RSA-AES128-SHA
	met(t, cbc).docker(root).expect("")
	met(t, cbc).party(trust.Docker, func(p *trust.Policy) { p.AEADOnly = true }, root).expect("tls-handshake")
}

func TestRevoked(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	inter := root.Intermediate("Corp Issuing CA")
	leaf := inter.Leaf(names)
	staple := func(status int, signer *trusttest.Cert) []byte {
		der, err := ocsp.CreateResponse(inter.Cert, inter.Cert, ocsp.Response{
			Status: status, SerialNumber: leaf.Cert.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour),
			NextUpdate: time.Now().Add(time.Hour), RevokedAt: time.Now().Add(-2 * time.Hour),
		}, signer.Key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	for _, tt := range []struct {
		staple []byte
		want   string
	}{
		{staple(ocsp.Revoked, inter), "revoked?"},
		{staple(ocsp.Good, inter), ""},
		{staple(ocsp.Revoked, trusttest.NewCA(t, "Liar")), ""},
		{[]byte("staple"), ""},
	} {
		ep := endpoint(leaf.Sent()...)
		ep.TLS.OCSPStaple = tt.staple
		met(t, ep).docker(root).expect(tt.want)
	}
}

func TestInspectorIsNoErrorOnceTrusted(t *testing.T) {
	ca := trusttest.NewCA(t, "Firewall", trusttest.Organization("Fortinet"))
	met(t, endpoint(ca.Leaf(names).Cert)).docker(ca).expect("intercepted?")
}
