package probe

import (
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

const proxySecret = "hunter2"

// proxyTo is an HTTP proxy that leads every CONNECT to one address. Requests are
// reported to seen.
func proxyTo(to string, seen chan<- string) func(net.Conn) {
	return func(c net.Conn) {
		seen <- readRequest(c)
		up, err := net.Dial("tcp", to)
		if err != nil {
			io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return
		}
		io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
		splice(c, up)
	}
}

func splice(a, b net.Conn) {
	go func() {
		io.Copy(a, b)
		a.Close()
	}()
	io.Copy(b, a)
	b.Close()
}

func through(proxy string) *Prober {
	return &Prober{Timeout: 20 * time.Second, Proxy: func(*url.URL) (*url.URL, error) { return url.Parse(proxy) }}
}

func TestProxy(t *testing.T) {
	server := serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))
	seen := make(chan string, 1)
	at := serve(t, proxyTo(server, seen))
	ep := through("http://alice:"+proxySecret+"@"+at).Probe(t.Context(), registry(t, labAddress)).Endpoints[0]
	if ep.Failure != nil || ep.HTTP == nil || len(ep.Sent) != 2 {
		t.Fatalf("failure %v, unanswered %v", ep.Failure, ep.Unanswered)
	}
	if ep.Proxy != "http://"+at || ep.IP.IsValid() {
		t.Errorf("proxy %q, IP %v", ep.Proxy, ep.IP)
	}
	secret := base64.StdEncoding.EncodeToString([]byte("alice:" + proxySecret))
	want := "CONNECT reg.example:5000 HTTP/1.1\r\nHost: reg.example:5000\r\nUser-Agent: mooring\r\nProxy-Authorization: Basic " + secret + "\r\n\r\n"
	if got := <-seen; got != want {
		t.Errorf("proxy was asked %q", got)
	}
}

func TestProxyFromEnvironment(t *testing.T) {
	server := serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))
	seen := make(chan string, 4)
	at := serve(t, proxyTo(server, seen))
	t.Setenv("HTTPS_PROXY", at)
	t.Setenv("NO_PROXY", "*.corp.example")
	if ep := new(Prober).Probe(t.Context(), registry(t, labAddress)).Endpoints[0]; ep.Proxy != "http://"+at || ep.HTTP == nil {
		t.Errorf("proxy %q, failure %v", ep.Proxy, ep.Failure)
	}
	if ep := new(Prober).Probe(t.Context(), registry(t, server)).Endpoints[0]; ep.Proxy != "" || ep.HTTP == nil {
		t.Errorf("loopback: proxy %q, failure %v", ep.Proxy, ep.Failure)
	}
	n := &network{at: map[string]string{"reg.corp.example:443": server}}
	if ep := (&Prober{Dial: n.dial}).Probe(t.Context(), registry(t, "reg.corp.example")).Endpoints[0]; ep.Proxy != "" || ep.HTTP == nil {
		t.Errorf("NO_PROXY: proxy %q, failure %v", ep.Proxy, ep.Failure)
	}
}

func TestProxyFailures(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	replies := func(reply string) string {
		return serve(t, func(c net.Conn) {
			readRequest(c)
			io.WriteString(c, reply)
		})
	}
	self := serve(t, secure(labLeaf(t).Config(), func(c *tls.Conn) { hang(c) }))
	for name, c := range map[string]struct{ proxy, text string }{
		"authentication": {"http://a:" + proxySecret + "@" + replies("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "407 Proxy Authentication Required"},
		"forbidden":      {"http://" + replies("HTTP/1.1 403 Forbidden\r\n\r\n"), "403"},
		"no HTTP":        {"http://" + replies("SSH-2.0\r\n\r\n"), "malformed HTTP"},
		"talkative":      {"http://" + replies("HTTP/1.1 200 OK\r\n\r\n\x16\x03"), "before the registry"},
		"endless":        {"http://" + replies("HTTP/1.1 200 OK\r\n"+strings.Repeat("A: b\r\n", 100_000)), "longer"},
		"closes":         {"http://" + serve(t, func(net.Conn) {}), ""},
		"hangs":          {"http://" + serve(t, hang), "timeout"},
		"refused":        {"http://a:" + proxySecret + "@" + closed.Addr().String(), "refused"},
		"untrusted TLS":  {"https://a:" + proxySecret + "@" + self, "certificate"},
		"no SOCKS":       {"socks5://a:" + proxySecret + "@" + serve(t, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400\r\n\r\n"); hang(c) }), "version"},
		"odd scheme":     {"gopher://a:" + proxySecret + "@127.0.0.1:1", "not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			p := through(c.proxy)
			if name == "hangs" {
				p.Timeout = 100 * time.Millisecond
			}
			ep := p.Probe(t.Context(), registry(t, labAddress)).Endpoints[0]
			if ep.Failure == nil || ep.Failure.Code != trust.ProxyFailed || !strings.Contains(ep.Failure.Text, c.text) {
				t.Fatalf("failure %+v", ep.Failure)
			}
			if strings.Contains(ep.Failure.Text+ep.Proxy, proxySecret) {
				t.Errorf("password in %q, %q", ep.Failure.Text, ep.Proxy)
			}
		})
	}
}

// A server that has not been verified cannot have the proxy knock at addresses
// behind it either, whatever it calls them; other ports of its own host it may
// name.
func TestProxyAndReference(t *testing.T) {
	for host, visited := range map[string]bool{
		"10.0.0.1": false, "127.1:8443": false, "2130706433": false, "0x7f000001:8443": false, "0177.0.0.1": false,
		"[::ffff:127.0.0.1]:8443": false, "169.254.169.254": false, "localhost.:8443": false, "localtest.me:8443": false,
		"intranet.corp:8443": false, "intranet": false, "reg.example.": false, "auth.reg.example": false,
		"8.8.8.8": false, "auth.docker.io": false,
		"reg.example": true, "REG.example:8443": true,
	} {
		for role, reply := range map[trust.Role]string{
			trust.RoleToken: bearer("https://" + host + "/token"), trust.RoleRedirect: redirect("https://" + host + "/v2/"),
		} {
			t.Run(string(role)+" "+host, func(t *testing.T) {
				server := serve(t, secure(labLeaf(t).Config(), answer(reply)))
				seen := make(chan string, 4)
				p := through("http://"+serve(t, proxyTo(server, seen))).Probe(t.Context(), registry(t, labAddress))
				if len(p.Endpoints) != 2 || p.Endpoints[0].Failure != nil || len(p.Endpoints[0].Sent) != 2 {
					t.Fatalf("%+v", p.Endpoints)
				}
				asked := len(seen)
				switch ep := p.Endpoints[1]; {
				case visited && (ep.Failure != nil || len(ep.Sent) != 2 || asked != 2):
					t.Errorf("failure %+v, %d certificates, proxy was asked %d times", ep.Failure, len(ep.Sent), asked)
				case visited:
				case asked != 1 || ep.Failure == nil || ep.Failure.Code != untrusted(role) || ep.Proxy == "":
					t.Errorf("failure %+v, proxy %q was asked %d times", ep.Failure, ep.Proxy, asked)
				case !strings.HasPrefix(ep.Failure.Text, "not visited: behind a proxy "):
					t.Errorf("failure %q", ep.Failure.Text)
				}
			})
		}
	}
}

func TestSOCKS(t *testing.T) {
	server := serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))
	asked := make(chan string, 1)
	at := serve(t, func(c net.Conn) {
		hello := make([]byte, 3) // version 5, one method: none
		io.ReadFull(c, hello)
		c.Write([]byte{5, 0})
		head := make([]byte, 5) // version, connect, 0, a name, its length
		io.ReadFull(c, head)
		name := make([]byte, int(head[4])+2)
		io.ReadFull(c, name)
		asked <- string(name[:head[4]])
		up, err := net.Dial("tcp", server)
		if err != nil {
			return
		}
		c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		splice(c, up)
	})
	ep := through("socks5://"+at).Probe(t.Context(), registry(t, labAddress)).Endpoints[0]
	if ep.Failure != nil || ep.HTTP == nil || ep.Proxy != "socks5://"+at {
		t.Fatalf("failure %v, proxy %q", ep.Failure, ep.Proxy)
	}
	if name := <-asked; name != labName {
		t.Errorf("proxy was asked for %q", name)
	}
}
