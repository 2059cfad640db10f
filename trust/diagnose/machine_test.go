package diagnose_test

import (
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestAnchors(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	inter := root.Intermediate("Corp Issuing CA")
	leaf := inter.Leaf(names)
	expired := trusttest.NewCA(t, "Old CA", trusttest.NotAfter(past()))
	early := trusttest.NewCA(t, "New CA", trusttest.NotBefore(soon()))
	ending := trusttest.NewCA(t, "Ending CA", old, trusttest.NotAfter(soon()))
	self := trusttest.SelfSigned(t, names)
	renewed := trusttest.SelfSigned(t, names)
	tests := []struct {
		name    string
		leaf    *trusttest.Cert
		anchors []*trusttest.Cert
		want    string
	}{
		{"stale", root.Leaf(names), []*trusttest.Cert{trusttest.NewCA(t, "Corp Root CA")}, "unknown-authority stale-anchor"},
		{"old and new side by side", root.Leaf(names), []*trusttest.Cert{trusttest.NewCA(t, "Corp Root CA"), root}, ""},
		{"stale intermediate", leaf, []*trusttest.Cert{root.Intermediate("Corp Issuing CA")}, "unknown-authority@1 stale-anchor"},
		{"expired", expired.Leaf(names), []*trusttest.Cert{expired}, "expired-anchor"},
		{"not yet valid", early.Leaf(names), []*trusttest.Cert{early}, "not-yet-valid/anchor"},
		{"expires soon", ending.Leaf(names), []*trusttest.Cert{ending}, "expires-soon?/anchor"},
		{"leaf", self, []*trusttest.Cert{self}, "leaf-as-anchor?"},
		{"leaf, renewed", self, []*trusttest.Cert{renewed}, "self-signed stale-anchor leaf-as-anchor/renewed"},
		{"leaf below a CA", leaf, []*trusttest.Cert{leaf}, "leaf-as-anchor?"},
		{"whole chain", leaf, []*trusttest.Cert{leaf, inter, root}, ""},
		{"intermediate", leaf, []*trusttest.Cert{inter}, "intermediate-as-anchor?"},
		{"intermediate and root", leaf, []*trusttest.Cert{inter, root}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			met(t, endpoint(tt.leaf.Sent()...)).docker(tt.anchors...).expect(tt.want)
		})
	}
}

// One anchor in two parties' directories is two files; one file read by two
// consumers is one finding that names both.
func TestAnchorsArePutTogether(t *testing.T) {
	root, stale := trusttest.NewCA(t, "Corp Root CA"), trusttest.NewCA(t, "Corp Root CA")
	shared := func(p *trust.Policy) {
		p.Anchors = []trust.Anchor{{Cert: stale.Cert, Source: trust.FileSource("/etc/docker/certs.d/x/ca.crt")}}
	}
	s := met(t, endpoint(root.Leaf(names).Cert)).party(trust.Docker, shared).party(trust.Podman, shared)
	s.in.Scope = []trust.Party{trust.Docker, trust.Podman}
	s.expect("unknown-authority stale-anchor")
	for _, f := range s.findings() {
		if f.Args["parties"] != "docker, podman" {
			t.Errorf("%s concerns %q", f.Code, f.Args["parties"])
		}
	}
}

func TestRestartNeeded(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	now := time.Now()
	s := met(t, endpoint(root.Leaf(names).Cert)).party(trust.Docker, func(p *trust.Policy) {
		p.System = trust.NewAnchorSet([]trust.Anchor{{Cert: root.Cert, Source: "file:/usr/local/share/ca-certificates/corp.crt", Since: now}})
		p.SystemLoaded, p.Restart = now.Add(-time.Hour), "docker"
	})
	s.expect("restart-needed")
	f := s.findings()[0]
	if f.Args["name"] != "docker" || f.Path != "/usr/local/share/ca-certificates/corp.crt" {
		t.Errorf("%+v", f)
	}
}

func TestInsecure(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	ep := endpoint(root.Leaf(names).Cert)
	for origin, want := range map[string]string{
		"/etc/docker/daemon.json": "insecure-registry?", "--insecure-registry": "insecure-registry?",
		"loopback": "loopback-insecure?", "localhost": "loopback-insecure?",
	} {
		s := met(t, ep).party(trust.Docker, func(p *trust.Policy) { p.SkipVerify = origin })
		s.expect(want)
		if f := s.findings()[0]; strings.HasPrefix(origin, "/") && f.Path != origin {
			t.Errorf("%s: path %q", origin, f.Path)
		}
	}
	// A reader that said so itself is not repeated.
	s := met(t, ep).party(trust.Docker, func(p *trust.Policy) {
		p.SkipVerify = "/etc/docker/daemon.json"
		p.Notes = []trust.Note{{Code: trust.InsecureRegistry, Path: "/etc/docker/daemon.json", Text: "reg.example:5000"}}
	})
	s.expect("insecure-registry?")
}

func TestPartyUnknown(t *testing.T) {
	ep := endpoint(trusttest.NewCA(t, "Corp Root CA").Leaf(names).Cert)
	s := met(t, ep).party(trust.Docker, func(p *trust.Policy) { p.Unknown = "/etc/docker cannot be read without further rights" })
	s.expect("party-unknown?")
	s = met(t, ep).party(trust.Docker, func(p *trust.Policy) { p.Unknown, p.Consumer.Installed = "x", false })
	s.expect("")
}

// Every fact that readers of files note becomes a finding: an error while it keeps
// a party in scope from trusting, a warning otherwise.
func TestNotes(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	ep := endpoint(root.Leaf(names).Cert)
	for _, code := range trust.Codes()[indexOf(t, trust.HostsTOMLInvalid):] {
		if code == trust.PartyUnknown {
			continue
		}
		note := trust.Note{Code: code, Path: "/etc/docker/certs.d/reg.example:5000/x", Text: "words of the library"}
		word := string(code)
		if code.Severity() == trust.SeverityWarning {
			word += "?"
		}
		if code == trust.KeyPermissions {
			word += "/unreadable"
		}
		want := "unknown-authority " + word
		if code == trust.IntermediateAsAnchor || code == trust.LeafAsAnchor {
			continue // these come from policies, not from notes
		}
		met(t, ep).noting(note).expect(want)
		if got := line(met(t, ep).noting(note, root).findings()); strings.TrimSuffix(strings.Replace(got, "/unreadable", "", 1), "?") != string(code) || !strings.Contains(got, "?") {
			t.Errorf("%s while trusted: %q", code, got)
		}
	}
}

func indexOf(t *testing.T, code trust.Code) int {
	t.Helper()
	for i, c := range trust.Codes() {
		if c == code {
			return i
		}
	}
	t.Fatalf("%s is not in the table", code)
	return 0
}

// The same file is met by each consumer for each endpoint, and told of once.
func TestNotesArePutTogether(t *testing.T) {
	ep := endpoint(trusttest.NewCA(t, "Corp Root CA").Leaf(names).Cert)
	token := ep
	token.Role = trust.RoleToken
	note := trust.Note{Code: trust.NotPEM, Path: "/x/ca.crt", Text: "DER"}
	s := met(t, ep, token).noting(note).noting(note)
	n := 0
	for _, f := range s.findings() {
		if f.Code == trust.NotPEM {
			n++
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
}

// A mistake that stops a loader is told even if its reader left no note.
func TestConfigError(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	met(t, endpoint(root.Leaf(names).Cert)).party(trust.Docker, func(p *trust.Policy) {
		p.ConfigError, p.ConfigCode, p.ConfigPath = "missing key ca.key for client certificate ca.cert", trust.CertWithoutKey, "/x/ca.cert"
	}, root).expect("cert-without-key")
}

func TestMachineNotes(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	s := met(t, endpoint(root.Leaf(names).Cert)).docker(root)
	s.in.Notes = []trust.Note{{Code: trust.PlaintextCredentials, Path: "/home/a/.docker/config.json", Text: "reg.example:5000"}}
	s.expect("plaintext-credentials?")
}

// Muting goes by file for files and by endpoint for servers.
func TestMuting(t *testing.T) {
	ep := endpoint(trusttest.NewCA(t, "Corp Root CA").Leaf(names).Cert)
	notes := func(p *trust.Policy) {
		p.Notes = []trust.Note{
			{Code: trust.NotPEM, Path: "/a"}, {Code: trust.ByteOrderMark, Path: "/a"}, {Code: trust.NotPEM, Path: "/b"},
		}
	}
	met(t, ep).party(trust.Docker, notes).expect("unknown-authority byte-order-mark not-pem")
	for _, c := range trust.Codes() {
		for _, m := range c.Mutes() {
			if m == c {
				t.Errorf("%s mutes itself", c)
			}
		}
	}
}
