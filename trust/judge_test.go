package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const host = "reg.example"

var now = time.Now()

// lab is a private root, an intermediate and a leaf for host, as most companies
// run them.
type lab struct {
	root, inter, leaf *trusttest.Cert
}

func newLab(t *testing.T, leaf ...trusttest.Option) lab {
	root := trusttest.NewCA(t, "Corp Root CA")
	inter := root.Intermediate("Corp Issuing CA")
	if len(leaf) == 0 {
		leaf = []trusttest.Option{trusttest.Names(host)}
	}
	return lab{root, inter, inter.Leaf(leaf...)}
}

func (l lab) endpoint(sent ...*x509.Certificate) trust.Endpoint {
	if len(sent) == 0 {
		sent = []*x509.Certificate{l.leaf.Cert, l.inter.Cert}
	}
	return trust.Endpoint{
		Role: trust.RoleRegistry, Host: host, Address: host + ":443", IP: netip.MustParseAddr("10.77.0.2"),
		Sent: sent, TLS: &trust.TLS{Version: tls.VersionTLS13, Cipher: tls.TLS_AES_128_GCM_SHA256},
	}
}

func anchor(c *trusttest.Cert, since time.Time) trust.Anchor {
	return trust.Anchor{Cert: c.Cert, Source: trust.FileSource("/ca.crt"), Since: since}
}

func TestJudge(t *testing.T) {
	l := newLab(t)
	stranger := trusttest.NewCA(t, "Corp Root CA")
	expired := newLab(t, trusttest.Names(host), trusttest.NotBefore(now.AddDate(-2, 0, 0)), trusttest.NotAfter(now.AddDate(0, -1, 0)))
	other := newLab(t, trusttest.Names("other.example"))
	client := l.root.Client("alice")
	held := []trust.Anchor{anchor(l.root, time.Time{})}
	demands := func(cas ...*trusttest.Cert) trust.ClientAuth {
		a := trust.ClientAuth{Requested: true, Required: true}
		for _, c := range cas {
			a.AcceptableCAs = append(a.AcceptableCAs, c.Cert.RawSubject)
		}
		return a
	}
	with := func(e trust.Endpoint, change func(*trust.Endpoint)) trust.Endpoint { change(&e); return e }

	cases := []struct {
		name   string
		ep     trust.Endpoint
		policy trust.Policy
		state  trust.State
		reason trust.Code
		text   string
	}{
		{"root held", l.endpoint(), trust.Policy{Anchors: held}, trust.Trusted, "", ""},
		{"root in the OS store", l.endpoint(), trust.Policy{System: trust.NewAnchorSet(held)}, trust.Trusted, "", ""},
		{"intermediate alone held", l.endpoint(), trust.Policy{Anchors: []trust.Anchor{anchor(l.inter, time.Time{})}}, trust.Trusted, "", ""},
		{"leaf itself held", l.endpoint(), trust.Policy{Anchors: []trust.Anchor{anchor(l.leaf, time.Time{})}}, trust.Trusted, "", ""},
		{
			"nothing held", l.endpoint(),
			trust.Policy{},
			trust.Refused, trust.UnknownAuthority,
			"x509: certificate signed by unknown authority",
		},
		{
			"intermediate not sent", l.endpoint(l.leaf.Cert),
			trust.Policy{Anchors: held},
			trust.Refused, trust.UnknownAuthority,
			"x509: certificate signed by unknown authority",
		},
		{"same name, other key", l.endpoint(), trust.Policy{Anchors: []trust.Anchor{anchor(stranger, time.Time{})}}, trust.Refused, trust.UnknownAuthority, ""},
		{"expired", expired.endpoint(), trust.Policy{Anchors: []trust.Anchor{anchor(expired.root, time.Time{})}}, trust.Refused, trust.Expired, ""},
		{"wrong name", other.endpoint(), trust.Policy{Anchors: []trust.Anchor{anchor(other.root, time.Time{})}}, trust.Refused, trust.NameMismatch, ""},
		{"does not verify", l.endpoint(), trust.Policy{SkipVerify: "daemon.json"}, trust.Insecure, trust.InsecureRegistry, ""},
		{
			"range that is not verified", l.endpoint(),
			trust.Policy{InsecureNets: []trust.InsecureNet{{Prefix: netip.MustParsePrefix("10.77.0.0/16"), Origin: "daemon.json"}}},
			trust.Insecure, trust.InsecureRegistry, "",
		},
		{
			"mistake in its files", l.endpoint(),
			trust.Policy{Anchors: held, ConfigError: "missing key a.key for client certificate a.cert", ConfigCode: trust.CertWithoutKey},
			trust.Refused, trust.CertWithoutKey, "missing key a.key for client certificate a.cert",
		},
		{"another machine's daemon", l.endpoint(), trust.Policy{Unknown: "tcp://build:2376 is another machine"}, trust.Unknown, trust.PartyUnknown, ""},
		{
			"plain HTTP",
			trust.Endpoint{Host: host, PlainHTTP: true},
			trust.Policy{},
			trust.Refused, trust.PlainHTTP,
			"http: server gave HTTP response to HTTPS client",
		},
		{"plain HTTP allowed", trust.Endpoint{Host: host, PlainHTTP: true}, trust.Policy{SkipVerify: "daemon.json", PlainHTTP: true}, trust.Insecure, trust.InsecureRegistry, ""},
		{"nobody there", trust.Endpoint{Host: host, Failure: &trust.Failure{Code: trust.ConnectionRefused}}, trust.Policy{}, trust.Unreachable, trust.ConnectionRefused, ""},
		{
			"not visited: nothing is known",
			trust.Endpoint{Role: trust.RoleToken, Host: host, Failure: &trust.Failure{Code: trust.TokenUntrusted, Text: "not visited"}},
			trust.Policy{Anchors: held},
			trust.Unknown, trust.PartyUnknown, "",
		},
		{"no common ground", trust.Endpoint{Host: host, Failure: &trust.Failure{Code: trust.TLSHandshake}}, trust.Policy{}, trust.Refused, trust.TLSHandshake, ""},
		{
			"TLS 1.0 only", with(l.endpoint(), func(e *trust.Endpoint) { e.TLS = &trust.TLS{Version: tls.VersionTLS10} }),
			trust.Policy{Anchors: held},
			trust.Refused, trust.TLSVersion, "",
		},
		{
			"TLS 1.0 for a tool that still takes it", with(l.endpoint(), func(e *trust.Endpoint) { e.TLS = &trust.TLS{Version: tls.VersionTLS10} }),
			trust.Policy{Anchors: held, MinTLS: tls.VersionTLS10},
			trust.Trusted, "", "",
		},
		{
			"client certificate demanded, none there", with(l.endpoint(), func(e *trust.Endpoint) { e.ClientAuth = demands(l.root) }),
			trust.Policy{Anchors: held},
			trust.Refused, trust.ClientCertificateRequired, "",
		},
		{
			"client certificate demanded in words", with(l.endpoint(), func(e *trust.Endpoint) {
				e.ClientAuth = demands(l.root)
				e.ClientAuth.Text = "No required SSL certificate was sent"
			}),
			trust.Policy{Anchors: held},
			trust.Refused, trust.ClientCertificateRequired, "No required SSL certificate was sent",
		},
		{
			"client certificate of the named CA", with(l.endpoint(), func(e *trust.Endpoint) { e.ClientAuth = demands(l.root) }),
			trust.Policy{Anchors: held, ClientPairs: []trust.ClientPair{{Cert: client.Cert}}},
			trust.Trusted, "", "",
		},
		{
			"client certificate of a foreign CA", with(l.endpoint(), func(e *trust.Endpoint) { e.ClientAuth = demands(trusttest.NewCA(t, "Others")) }),
			trust.Policy{Anchors: held, ClientPairs: []trust.ClientPair{{Cert: client.Cert}}},
			trust.Refused, trust.ClientCertificateRejected, "",
		},
		{
			"HTTP is all that is spoken to a TLS server", l.endpoint(),
			trust.Policy{SkipVerify: "localhost", PlainHTTP: true, PlainOnly: true},
			trust.Refused, trust.InsecureRegistry, "",
		},
		{
			"HTTP is all that is spoken to an HTTP server", with(l.endpoint(), func(e *trust.Endpoint) { e.PlainHTTP, e.TLS, e.Sent = true, nil, nil }),
			trust.Policy{SkipVerify: "localhost", PlainHTTP: true, PlainOnly: true},
			trust.Insecure, trust.InsecureRegistry, "",
		},
		{
			"client certificate that only the daemon may read", with(l.endpoint(), func(e *trust.Endpoint) { e.ClientAuth = demands(l.root) }),
			trust.Policy{Anchors: held, ClientPairs: []trust.ClientPair{{CertPath: "/etc/docker/certs.d/reg/client.cert"}}},
			trust.Unknown, trust.ClientCertificateRequired, "",
		},
		{
			"server names no CA: only it knows", with(l.endpoint(), func(e *trust.Endpoint) { e.ClientAuth = demands() }),
			trust.Policy{Anchors: held, ClientPairs: []trust.ClientPair{{Cert: client.Cert}}},
			trust.Unknown, trust.ClientCertificateRequired, "",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v := trust.Judge(c.ep, c.policy, now)
			if v.State != c.state || v.Reason != c.reason {
				t.Fatalf("got %s for %q (%s), want %s for %q", v.State, v.Reason, v.Error, c.state, c.reason)
			}
			if c.text != "" && v.Error != c.text {
				t.Errorf("error text %q, want %q", v.Error, c.text)
			}
		})
	}
}

// A daemon loads the OS store once. An anchor that came later is on disk and
// still refused; the verdict says what would change that.
func TestJudgeRunningProcess(t *testing.T) {
	l := newLab(t)
	started := now.Add(-time.Hour)
	p := func(since time.Time) trust.Policy {
		return trust.Policy{
			System: trust.NewAnchorSet([]trust.Anchor{anchor(l.root, since)}), SystemLoaded: started, Restart: "docker",
		}
	}
	if v := trust.Judge(l.endpoint(), p(started.Add(-time.Minute)), now); v.State != trust.Trusted {
		t.Errorf("anchor older than the process: %s", v.State)
	}
	v := trust.Judge(l.endpoint(), p(started.Add(time.Minute)), now)
	if v.State != trust.Refused || v.Effective != "after restart of docker" {
		t.Errorf("anchor newer than the process: %s, effective %q", v.State, v.Effective)
	}
}

// The anchor carries where it was found even if the server sent it as well.
func TestJudgePath(t *testing.T) {
	l := newLab(t)
	v := trust.Judge(l.endpoint(l.leaf.Cert, l.inter.Cert, l.root.Cert),
		trust.Policy{Anchors: []trust.Anchor{anchor(l.root, time.Time{})}}, now)
	if len(v.Path) != 3 || v.Path[0].Source != trust.SourceSent || v.Path[2].Source != "file:/ca.crt" {
		t.Fatalf("path %+v", v.Path)
	}
}

// OpenSSL looks at the chain before the dates and takes a common name.
func TestJudgeOpenSSL(t *testing.T) {
	cn := newLab(t, trusttest.CommonName(host))
	p := trust.Policy{Dialect: trust.DialectOpenSSL, Anchors: []trust.Anchor{anchor(cn.root, time.Time{})}}
	if v := trust.Judge(cn.endpoint(), p, now); v.State != trust.Trusted {
		t.Errorf("common name only: %s %s", v.State, v.Error)
	}
	p.Dialect = trust.DialectGo
	if v := trust.Judge(cn.endpoint(), p, now); v.Reason != trust.NoSAN {
		t.Errorf("common name only, Go: %s", v.Reason)
	}
	small := newLab(t, trusttest.Names(host), trusttest.RSA(1024))
	p = trust.Policy{Dialect: trust.DialectOpenSSL, Anchors: []trust.Anchor{anchor(small.root, time.Time{})}}
	if v := trust.Judge(small.endpoint(), p, now); v.Reason != trust.WeakKey {
		t.Errorf("RSA 1024: %s", v.Reason)
	}
}

// A wildcard right below a top-level name is none to OpenSSL, and an address in
// the certificate takes the common name's place. Measured with curl 7.88.
func TestOpenSSLNames(t *testing.T) {
	const long = "reg.corp.example"
	for name, c := range map[string]struct {
		host   string
		option trusttest.Option
		more   trusttest.Option
		state  trust.State
	}{
		"wildcard below a domain":      {long, trusttest.Names("*.corp.example"), nil, trust.Trusted},
		"wildcard below the top level": {host, trusttest.Names("*.example"), nil, trust.Refused},
		"address and common name":      {long, trusttest.CommonName(long), trusttest.IP("10.77.0.2"), trust.Refused},
		"common name alone":            {long, trusttest.CommonName(long), nil, trust.Trusted},
		"common name of another":       {long, trusttest.CommonName("other.example"), nil, trust.Refused},
	} {
		options := []trusttest.Option{c.option}
		if c.more != nil {
			options = append(options, c.more)
		}
		l := newLab(t, options...)
		ep := l.endpoint()
		ep.Host = c.host
		p := trust.Policy{Dialect: trust.DialectOpenSSL, Anchors: []trust.Anchor{anchor(l.root, time.Time{})}}
		if v := trust.Judge(ep, p, now); v.State != c.state {
			t.Errorf("%s: %s (%s)", name, v.State, v.Error)
		}
	}
}

// Of a process that nobody can see the start of, only what was always there is
// certain.
func TestJudgeProcessOfUnknownAge(t *testing.T) {
	l := newLab(t)
	for since, want := range map[time.Time]trust.State{{}: trust.Trusted, now.Add(-time.Hour): trust.Unknown} {
		v := trust.Judge(l.endpoint(), trust.Policy{
			System: trust.NewAnchorSet([]trust.Anchor{anchor(l.root, since)}), LoadedUnknown: "nobody saw it start",
		}, now)
		if v.State != want {
			t.Errorf("anchor since %v: %s", since, v.State)
		}
	}
}

// Whether an engine takes a chain of more than 64 KiB depends on the Go it was
// built with, which nobody can see.
func TestJudgeHugeChain(t *testing.T) {
	l := newLab(t)
	sent := []*x509.Certificate{l.leaf.Cert, l.inter.Cert}
	for total := 0; total < 64<<10; total += len(l.inter.Cert.Raw) {
		sent = append(sent, l.inter.Cert)
	}
	p := trust.Policy{Anchors: []trust.Anchor{anchor(l.root, time.Time{})}}
	if v := trust.Judge(l.endpoint(sent...), p, now); v.State != trust.Unknown || v.Detail == "" {
		t.Errorf("%s: %s", v.State, v.Detail)
	}
}
