package probe

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func bearer(realm string) string {
	return fmt.Sprintf("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=%q,service=\"reg\"\r\nContent-Length: 0\r\n\r\n", realm)
}

func redirect(to string) string {
	return "HTTP/1.1 307 Temporary Redirect\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n"
}

// referred probes a registry that seems to answer from IP at, and refers to
// https://auth.example, which seems to answer from IP to.
func referred(t *testing.T, reply, at, to string) (trust.Probe, *network) {
	t.Helper()
	token := trusttest.SelfSigned(t, trusttest.Names("auth.example"))
	n := &network{
		at: map[string]string{
			labAddress:         serve(t, secure(labLeaf(t).Config(), answer(reply))),
			"auth.example:443": serve(t, secure(token.Config(), func(c *tls.Conn) { hang(c) })),
		},
		from: map[string]string{labAddress: at, "auth.example:443": to},
	}
	p := &Prober{Timeout: 2 * time.Second, Dial: n.dial, Proxy: Direct}
	return p.Probe(t.Context(), registry(t, labAddress)), n
}

func TestReferences(t *testing.T) {
	for name, c := range map[string]struct {
		reply string
		role  trust.Role
	}{
		"token":    {bearer("https://auth.example/token"), trust.RoleToken},
		"redirect": {redirect("https://auth.example/v2/?signature=secret"), trust.RoleRedirect},
	} {
		p, _ := referred(t, c.reply, "203.0.113.5", "203.0.113.6")
		if len(p.Endpoints) != 2 {
			t.Fatalf("%s: %d endpoints", name, len(p.Endpoints))
		}
		ep := p.Endpoints[1]
		if ep.Role != c.role || ep.Host != "auth.example" || ep.Address != "auth.example:443" {
			t.Errorf("%s: endpoint is %s %s %s", name, ep.Role, ep.Host, ep.Address)
		}
		if ep.Failure != nil || ep.HTTP != nil || len(ep.Sent) != 1 || ep.Leaf().DNSNames[0] != "auth.example" {
			t.Errorf("%s: failure %v, %d certificates", name, ep.Failure, len(ep.Sent))
		}
		if l := p.Endpoints[0].HTTP.Location; strings.Contains(l, "secret") {
			t.Errorf("%s: location %q holds a secret", name, l)
		}
	}
}

// A token server that demands a client certificate in TLS 1.3 says so only after
// the handshake.
func TestTokenServerDemandsCertificate(t *testing.T) {
	for _, auth := range []tls.ClientAuthType{tls.RequestClientCert, tls.RequireAnyClientCert} {
		conf := labLeaf(t).Config()
		conf.ClientAuth = auth
		n := &network{at: map[string]string{
			labAddress:         serve(t, secure(labLeaf(t).Config(), answer(bearer("https://auth.example/token")))),
			"auth.example:443": serve(t, secure(conf, func(c *tls.Conn) { hang(c) })),
		}}
		p := (&Prober{Dial: n.dial, Proxy: Direct}).Probe(t.Context(), registry(t, labAddress))
		ep := p.Endpoints[1]
		if !ep.ClientAuth.Requested || ep.ClientAuth.Required != (auth == tls.RequireAnyClientCert) || ep.Failure != nil {
			t.Errorf("%v: %+v, failure %v", auth, ep.ClientAuth, ep.Failure)
		}
	}
}

// What an unverified server names must not make the probe knock at doors that
// only this machine can reach.
func TestReferenceToPrivateAddress(t *testing.T) {
	for _, c := range []struct {
		at, to string
		role   trust.Role
		ok     bool
	}{
		{"203.0.113.5", "203.0.113.6", trust.RoleToken, true},
		{"203.0.113.5", "10.0.0.1", trust.RoleToken, false},
		{"203.0.113.5", "10.0.0.1", trust.RoleRedirect, false},
		{"203.0.113.5", "127.0.0.1", trust.RoleToken, false},
		{"203.0.113.5", "169.254.169.254", trust.RoleRedirect, false},
		{"203.0.113.5", "::1", trust.RoleToken, false},
		{"10.0.0.2", "10.9.0.1", trust.RoleToken, true},
		{"10.0.0.2", "203.0.113.6", trust.RoleToken, true},
		{"10.0.0.2", "127.0.0.1", trust.RoleToken, false},
		{"10.0.0.2", "169.254.169.254", trust.RoleToken, false},
		{"127.0.0.1", "127.0.0.2", trust.RoleToken, true},
	} {
		reply, code := bearer("https://auth.example/token"), trust.TokenUntrusted
		if c.role == trust.RoleRedirect {
			reply, code = redirect("https://auth.example/v2/"), trust.RedirectUntrusted
		}
		p, _ := referred(t, reply, c.at, c.to)
		ep := p.Endpoints[1]
		if ok := ep.Failure == nil && len(ep.Sent) == 1; ok != c.ok {
			t.Errorf("from %s to %s: failure %+v", c.at, c.to, ep.Failure)
		}
		if !c.ok && (ep.Failure.Code != code || !strings.Contains(ep.Failure.Text, c.to)) {
			t.Errorf("from %s to %s: failure %+v", c.at, c.to, ep.Failure)
		}
	}
}

// The check is made on the address that is dialled, before it is: a name may
// resolve to anything at that moment.
func TestGuardAtDialTime(t *testing.T) {
	knocked := make(chan struct{}, 1)
	_, port, _ := net.SplitHostPort(serve(t, func(net.Conn) { knocked <- struct{}{} }))
	v := (&Prober{Proxy: Direct}).visitor()
	v.begin()
	ep := v.endpoint(t.Context(), target{
		role: trust.RoleToken, address: net.JoinHostPort("localhost", port), name: "localhost",
		guard: &guard{at: public, role: trust.RoleToken},
	})
	if ep.Failure == nil || ep.Failure.Code != trust.TokenUntrusted || len(knocked) > 0 {
		t.Errorf("failure %+v, %d connections", ep.Failure, len(knocked))
	}
}

func TestStrangeReferences(t *testing.T) {
	for realm, code := range map[string]trust.Code{
		"http://auth.example/token":             trust.PlainHTTP,
		"ftp://auth.example/":                   trust.TokenUntrusted,
		"file:///etc/passwd":                    trust.TokenUntrusted,
		"https://":                              trust.TokenUntrusted,
		"https:///token":                        trust.TokenUntrusted,
		"Registry Realm":                        trust.TokenUntrusted,
		"https://auth.example:99999/token":      trust.DNS,
		"https://user:hunter2@other.example/":   trust.DNS,
		"https://" + strings.Repeat("a.", 4000): trust.TokenUntrusted,
	} {
		p, n := referred(t, bearer(realm), "203.0.113.5", "203.0.113.6")
		if len(p.Endpoints) != 2 {
			t.Fatalf("%.40q: %d endpoints", realm, len(p.Endpoints))
		}
		ep := p.Endpoints[1]
		if ep.Failure == nil || ep.Failure.Code != code || len(ep.Sent) > 0 {
			t.Errorf("%.40q: failure %+v", realm, ep.Failure)
		}
		if slices.Contains(n.dialled(), "auth.example:443") {
			t.Errorf("%.40q: dialled %q", realm, n.dialled())
		}
		if all := fmt.Sprintf("%+v %+v", p, ep.Failure); strings.Contains(all, "hunter2") {
			t.Errorf("%.40q: password kept in %s", realm, all)
		}
	}
}

func TestPlaces(t *testing.T) {
	for ip, want := range map[string]place{
		"8.8.8.8": public, "2606:4700::1111": public, "203.0.113.9": public,
		"127.0.0.1": loopback, "127.255.0.9": loopback, "::1": loopback, "0.0.0.0": loopback, "::": loopback,
		"::ffff:127.0.0.1": loopback, "::ffff:10.0.0.1": private, "64:ff9b::7f00:1": loopback, "64:ff9b::a00:1": private,
		"10.1.2.3": private, "172.16.0.1": private, "192.168.1.1": private, "100.101.2.3": private, "fd00::1": private,
		"fec0::1": private, "64:ff9b:1::1": private, "198.18.0.1": private,
		"169.254.169.254": linkLocal, "fe80::1%eth0": linkLocal,
		"224.0.0.1": nowhere, "ff02::1": nowhere, "255.255.255.255": nowhere, "0.1.2.3": nowhere,
	} {
		if got := placeOfIP(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s is %s, want %s", ip, got, want)
		}
	}
}
