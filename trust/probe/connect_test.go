package probe

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// generous sends more than a probe would read, once it is greeted.
func generous(c net.Conn) {
	c.Read(make([]byte, 1))
	c.Write(make([]byte, 3*maxBytes))
}

// What is connected to is on the same way as a probe takes, without its bounds.
func TestConnect(t *testing.T) {
	server := serve(t, generous)
	seen := make(chan string, 1)
	for name, p := range map[string]*Prober{
		"direct":     {Dial: (&network{at: map[string]string{labAddress: server}}).dial, Proxy: Direct},
		"by a proxy": through("http://" + serve(t, proxyTo(server, seen))),
	} {
		t.Run(name, func(t *testing.T) {
			p.Timeout = 100 * time.Millisecond // bounds the connecting alone
			c, err := p.Connect(t.Context(), trust.Endpoint{}, trust.RoleRegistry, labAddress)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			c.Write([]byte("!"))
			if n, err := io.Copy(io.Discard, c); n != 3*maxBytes || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	if got := <-seen; got[:7] != "CONNECT" {
		t.Errorf("proxy was asked %q", got)
	}
}

func TestConnectFails(t *testing.T) {
	p := &Prober{Dial: (&network{}).dial, Proxy: Direct}
	for _, address := range []string{labAddress, "", "no port", ":443", "a b:443"} {
		if c, err := p.Connect(t.Context(), trust.Endpoint{}, trust.RoleRegistry, address); err == nil {
			c.Close()
			t.Errorf("connected to %q", address)
		} else if f := FailureOf(err); f.Code == "" || f.Text == "" {
			t.Errorf("%q: %+v", address, f)
		}
	}
	p = &Prober{Timeout: 50 * time.Millisecond, Proxy: through("http://" + serve(t, hang)).Proxy}
	if _, err := p.Connect(t.Context(), trust.Endpoint{}, trust.RoleRegistry, labAddress); FailureOf(err).Code != trust.ProxyFailed {
		t.Error(err)
	}
}

// A verified registry's word is taken behind a proxy, and nowhere else.
func TestFollow(t *testing.T) {
	server := serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))
	seen := make(chan string, 8)
	proxied := through("http://" + serve(t, proxyTo(server, seen)))
	n := &network{at: map[string]string{labAddress: server, "auth.example:443": server}, from: map[string]string{labAddress: "203.0.113.5", "auth.example:443": "10.0.0.1"}}
	direct := &Prober{Dial: n.dial, Proxy: Direct, Timeout: 2 * time.Second}
	first := trust.Endpoint{Host: labName, Address: labAddress, IP: netip.MustParseAddr("203.0.113.5")}
	for name, c := range map[string]struct {
		prober *Prober
		realm  string
		ok     bool
	}{
		"behind a proxy":            {proxied, "https://auth.example/token", true},
		"in plain HTTP":             {proxied, "http://auth.example/token", false},
		"no address":                {proxied, "silly-realm", false},
		"at a private address":      {direct, "https://auth.example/token", false},
		"where the registry itself": {direct, "https://" + labAddress + "/token", true},
	} {
		ep := c.prober.Follow(t.Context(), first, c.realm)
		if ep.Role != trust.RoleToken || (ep.Failure == nil) != c.ok {
			t.Errorf("%s: %+v", name, ep.Failure)
		}
	}
}

// A name that leads to this machine by now is not connected to, unless the registry
// is here as well; the registry itself may be anywhere.
func TestConnectGuard(t *testing.T) {
	address := serve(t, hang)
	_, port, _ := net.SplitHostPort(address)
	at := func(ip string) trust.Endpoint {
		return trust.Endpoint{Host: "reg.example", IP: netip.MustParseAddr(ip)}
	}
	for name, c := range map[string]struct {
		first trust.Endpoint
		role  trust.Role
		ok    bool
	}{
		"a token server of a public registry":  {at("203.0.113.5"), trust.RoleToken, false},
		"a token server of a private registry": {at("10.0.0.2"), trust.RoleToken, false},
		"a redirect":                           {at("203.0.113.5"), trust.RoleRedirect, false},
		"a token server of a registry here":    {at("127.0.0.1"), trust.RoleToken, true},
		"a registry":                           {at("203.0.113.5"), trust.RoleRegistry, true},
	} {
		for way, p := range map[string]*Prober{
			"by name":   {Proxy: Direct},
			"by a dial": {Proxy: Direct, Dial: (&network{at: map[string]string{"localhost:" + port: address}}).dial},
		} {
			conn, err := p.Connect(t.Context(), c.first, c.role, "localhost:"+port)
			if (err == nil) != c.ok {
				t.Errorf("%s, %s: %v", name, way, err)
			}
			if conn != nil {
				conn.Close()
			}
		}
	}
}
