package consumers

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const bundlePath = "/etc/ssl/certs/ca-certificates.crt"

func sortedSubjects(s *trust.AnchorSet) []string {
	out := subjects(s.All())
	slices.Sort(out)
	return out
}

func TestReadSystem(t *testing.T) {
	p := newPKI(t)
	ca, other := p.caPEM(), string(p.other.PEM())
	third := trusttest.NewCA(t, "Third Root")
	for name, tt := range map[string]struct {
		files   tree
		golang  []string
		openssl []string
	}{
		"none":                     {tree{}, nil, nil},
		"debian":                   {tree{bundlePath: ca + other}, []string{"Corp Root", "Other Root"}, []string{"Corp Root", "Other Root"}},
		"first bundle only":        {tree{bundlePath: ca, "/etc/pki/tls/certs-x": "", "/etc/ssl/ca-bundle.pem": other}, []string{"Corp Root"}, []string{"Corp Root"}},
		"unreadable one is passed": {tree{bundlePath + "/": "", "/etc/ssl/ca-bundle.pem": other}, []string{"Other Root"}, []string{"Other Root"}},
		"alpine":                   {tree{"/etc/ssl/cert.pem": ca}, []string{"Corp Root"}, []string{"Corp Root"}},
		"stray file": {
			tree{bundlePath: ca, "/etc/ssl/certs/stray.txt": other},
			[]string{"Corp Root", "Other Root"},
			[]string{"Corp Root"},
		},
		"linked by its hash": {
			tree{bundlePath: ca, "/etc/ssl/certs/mine.pem": other, "/etc/ssl/certs/0a1b2c3d.0": "->mine.pem"},
			[]string{"Corp Root", "Other Root"},
			[]string{"Corp Root", "Other Root"},
		},
		"links within the directory are skipped": {
			tree{bundlePath: ca, "/etc/ssl/certs/a.pem": "->b/../b.pem", "/etc/ssl/certs/b.pem": "->c.pem"},
			[]string{"Corp Root"},
			[]string{"Corp Root"},
		},
		"both directories": {
			tree{"/etc/ssl/certs/a.pem": ca, "/etc/pki/tls/certs/b.pem": other},
			[]string{"Corp Root", "Other Root"},
			nil,
		},
		"what Go does not take": {
			tree{bundlePath: "junk" + ca + strings.ReplaceAll(other, "CERTIFICATE", "TRUSTED CERTIFICATE") + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + string(third.PEM()), "/etc/ssl/certs/x.crt": string(p.other.Cert.Raw)},
			[]string{"Third Root"}, // the junk takes the line of the first BEGIN
			[]string{"Third Root"},
		},
	} {
		s := ReadSystem(tt.files.under(t))
		same(t, name+": Go", sortedSubjects(s.Anchors), tt.golang)
		same(t, name+": OpenSSL", sortedSubjects(s.OpenSSL), tt.openssl)
		if s.Session != nil || s.Unknown != "" {
			t.Errorf("%s: session %v, unknown %q", name, s.Session, s.Unknown)
		}
	}
}

func TestSessionStore(t *testing.T) {
	p := newPKI(t)
	w := tree{bundlePath: p.caPEM(), "/opt/ca.pem": string(p.other.PEM()), "/opt/certs/x": string(p.stranger.PEM())}.under(t)
	for name, tt := range map[string]struct {
		env  map[string]string
		want []string // nil: as the OS
	}{
		"none":          {nil, nil},
		"the same file": {map[string]string{"SSL_CERT_FILE": bundlePath, "SSL_CERT_DIR": "/etc/ssl/certs"}, nil},
		"file":          {map[string]string{"SSL_CERT_FILE": "/opt/ca.pem"}, []string{"Corp Root", "Other Root"}},
		"both":          {map[string]string{"SSL_CERT_FILE": "/opt/ca.pem", "SSL_CERT_DIR": "/opt/certs:/nowhere"}, []string{"Other Root", "you"}},
		"missing file":  {map[string]string{"SSL_CERT_FILE": "/nowhere", "SSL_CERT_DIR": "/opt/certs"}, []string{"you"}},
	} {
		w.Env = func(name string) string { return tt.env[name] }
		s := ReadSystem(w)
		same(t, name+": daemons", sortedSubjects(s.Anchors), []string{"Corp Root"})
		if s.Session == nil {
			if tt.want != nil {
				t.Errorf("%s: no store of the session", name)
			}
			continue
		}
		same(t, name+": session", sortedSubjects(s.Session.Anchors), tt.want)
	}
	w.Env = func(name string) string { return map[string]string{"SSL_CERT_FILE": "/opt/ca.pem"}[name] }
	q := Query{Registry: registry(t, "reg"), System: ReadSystem(w)}
	if got := policyFor(t, podman{}, w, "pull/", q); got.System.Len() != 2 {
		t.Errorf("podman runs in this session: %d roots", got.System.Len())
	}
	if got := policyFor(t, docker{dockersOf(answered("28.2.2", false))}, w, "pull/classic", q); got.System.Len() != 1 {
		t.Errorf("dockerd does not: %d roots", got.System.Len())
	}
}

// Since when an anchor is there decides whether a running daemon has read it.
func TestSince(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 12, 0, 0, 0, time.UTC) }
	p := newPKI(t)
	ca := p.caPEM()
	bundle := string(p.other.PEM()) + ca
	const (
		mine, source = "/etc/ssl/certs/corp.pem", "/usr/local/share/ca-certificates/corp.crt"
		pub, pubFile = "/etc/ssl/certs/other.pem", "/usr/share/ca-certificates/mozilla/other.crt"
		rhel         = "/etc/pki/tls/certs/ca-bundle.crt"
		rhelSource   = "/etc/pki/ca-trust/source/anchors/corp.crt"
		rhelVendor   = "/usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit"
	)
	debian := tree{bundlePath: bundle, mine: "->" + source, source: ca, pub: "->" + pubFile, pubFile: string(p.other.PEM())}
	fedora := tree{rhel: bundle, rhelSource: ca, rhelVendor: "[p11-kit-object-v1]\n" + string(p.other.PEM())}
	for name, tt := range map[string]struct {
		files       tree
		changed     map[string]time.Time
		corp, other time.Time
	}{
		"debian, link tells": {
			debian,
			map[string]time.Time{bundlePath: day(20), mine: day(5), source: day(4), pub: day(1), pubFile: day(19)},
			day(5),
			time.Time{},
		},
		"debian, file replaced under its link": {
			debian,
			map[string]time.Time{bundlePath: day(20), mine: day(5), source: day(9), pub: day(1), pubFile: day(1)},
			day(9),
			time.Time{},
		},
		"debian, all links made anew, file old": {
			debian,
			map[string]time.Time{bundlePath: day(20), mine: day(20), source: day(4), pub: day(20), pubFile: day(1)},
			day(4),
			time.Time{},
		},
		"debian, all links made anew, file new": {
			debian,
			map[string]time.Time{bundlePath: day(20), mine: day(20), source: day(20).Add(-time.Hour), pub: day(20), pubFile: day(1)},
			day(20),
			time.Time{},
		},
		"debian, added to the bundle by hand": {
			tree{bundlePath: bundle, pub: "->" + pubFile, pubFile: string(p.other.PEM())},
			map[string]time.Time{bundlePath: day(20), pub: day(1), pubFile: day(1)},
			day(20),
			time.Time{},
		},
		"fedora, rebuilt much later": {
			fedora,
			map[string]time.Time{rhel: day(20), rhelSource: day(4), rhelVendor: day(19)},
			day(4),
			time.Time{},
		},
		"fedora, rebuilt the same day": {
			fedora,
			map[string]time.Time{rhel: day(4).Add(3 * time.Hour), rhelSource: day(4), rhelVendor: day(1)},
			day(4).Add(3 * time.Hour),
			time.Time{},
		},
		"fedora, hash directory is made anew": {
			tree{
				rhel: bundle, rhelSource: ca, rhelVendor: string(p.other.PEM()),
				"/etc/pki/tls/certs/corp.0":                             "->/etc/pki/ca-trust/extracted/pem/directory-hash/corp.0",
				"/etc/pki/ca-trust/extracted/pem/directory-hash/corp.0": ca,
			},
			map[string]time.Time{rhel: day(20), rhelSource: day(4), rhelVendor: day(1), "/etc/pki/tls/certs/corp.0": day(20)},
			day(4),
			time.Time{},
		},
		"a stray file": {
			tree{bundlePath: string(p.other.PEM()), "/etc/ssl/certs/stray": ca},
			map[string]time.Time{bundlePath: day(1), "/etc/ssl/certs/stray": day(7)},
			day(7), day(1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := tt.files.under(t)
			s := ReadSystem(w.WithFS(faked{FS: w.FS, changed: tt.changed}))
			for _, want := range []struct {
				cert  *trusttest.Cert
				since time.Time
			}{{p.ca, tt.corp}, {p.other, tt.other}} {
				a, ok := s.Anchors.Find(want.cert.Cert)
				if !ok || !a.Since.Equal(want.since) {
					t.Errorf("%s: since %v, want %v (found: %v)", want.cert.Cert.Subject.CommonName, a.Since, want.since, ok)
				}
			}
		})
	}
}

func TestSystemStoreElsewhere(t *testing.T) {
	s := ReadSystem(world.World{OS: "darwin", FS: world.Disk{Root: t.TempDir()}})
	if s.Unknown == "" {
		t.Fatal("the keychain is no file")
	}
	for _, c := range (system{}).Consumers(context.Background(), world.World{OS: "darwin"}) {
		if p := (system{}).Policy(world.World{OS: "darwin"}, c, Query{System: s}); p.Unknown == "" {
			t.Errorf("%s is judged", c.Instance)
		}
	}
}

func TestSystemParty(t *testing.T) {
	p := newPKI(t)
	w := tree{bundlePath: p.caPEM(), "/etc/ssl/certs/stray": string(p.other.PEM())}.under(t)
	q := Query{Registry: registry(t, "reg"), Role: trust.RoleRegistry, System: ReadSystem(w)}
	all := system{}.Consumers(context.Background(), w)
	openssl, golang := system{}.Policy(w, all[0], q), system{}.Policy(w, all[1], q)
	if openssl.Dialect != trust.DialectOpenSSL || openssl.System.Len() != 1 {
		t.Errorf("OpenSSL: %s, %d roots", openssl.Dialect, openssl.System.Len())
	}
	if golang.Dialect != trust.DialectGo || golang.System.Len() != 2 {
		t.Errorf("Go: %s, %d roots", golang.Dialect, golang.System.Len())
	}
	if found, looked := lookedAt(golang, bundlePath); !found || !looked {
		t.Errorf("looked %v", golang.Looked)
	}
}

func TestStoreWith(t *testing.T) {
	p := newPKI(t)
	w := tree{bundlePath: p.caPEM()}.under(t)
	s := ReadSystem(w)
	more := s.With(Shift{Added: []trust.Anchor{{Cert: p.other.Cert}}})
	if s.Anchors.Len() != 1 || more.Anchors.Len() != 2 || more.OpenSSL.Len() != 2 {
		t.Errorf("%d, %d, %d", s.Anchors.Len(), more.Anchors.Len(), more.OpenSSL.Len())
	}
}
