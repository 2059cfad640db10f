package probe

import (
	"crypto/tls"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

func TestRegistryThatWorks(t *testing.T) {
	leaf := labLeaf(t)
	pair := leaf.TLS()
	pair.OCSPStaple = []byte("staple")
	conf := &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}
	p := probeAt(t, secure(conf, answer(okAnswer)))

	if len(p.Endpoints) != 1 {
		t.Fatalf("%d endpoints", len(p.Endpoints))
	}
	ep := p.Endpoints[0]
	if ep.Failure != nil || ep.Unanswered != nil || !ep.Reachable() {
		t.Fatalf("failure %v, unanswered %v", ep.Failure, ep.Unanswered)
	}
	if ep.Role != trust.RoleRegistry || ep.Host != labName || ep.Address != labAddress || ep.IP.String() != "127.0.0.1" {
		t.Errorf("endpoint is %s %s %s %s", ep.Role, ep.Host, ep.Address, ep.IP)
	}
	if len(ep.Sent) != 2 || !ep.Leaf().Equal(leaf.Cert) || !ep.Sent[1].Equal(leaf.Issuer.Cert) {
		t.Errorf("sent chain has %d certificates", len(ep.Sent))
	}
	want := &trust.TLS{Version: tls.VersionTLS13, Cipher: ep.TLS.Cipher, ALPN: "http/1.1", OCSPStaple: []byte("staple")}
	if d := cmp.Diff(want, ep.TLS); d != "" {
		t.Error(d)
	}
	wantHTTP := &trust.HTTP{
		Status: 200, Date: time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC), Version: "registry/2.0",
		Challenge: trust.Challenge{Scheme: trust.AuthNone}, Registry: true,
	}
	if d := cmp.Diff(wantHTTP, ep.HTTP); d != "" {
		t.Error(d)
	}
	if p.Auth.Scheme != trust.AuthNone || p.At.IsZero() || p.Elapsed < ep.Elapsed || ep.Elapsed <= 0 {
		t.Errorf("auth %v, at %v, elapsed %v of %v", p.Auth, p.At, ep.Elapsed, p.Elapsed)
	}
}

// A server that nobody verified must see a handshake and one bare request.
func TestNothingElseIsSent(t *testing.T) {
	t.Setenv("REGISTRY_AUTH_FILE", "/nonexistent")
	requests := make(chan string, 8)
	conf := labLeaf(t).Config()
	conf.ClientAuth = tls.RequestClientCert
	probeAt(t, secure(conf, func(c *tls.Conn) {
		if len(c.ConnectionState().PeerCertificates) > 0 {
			t.Error("a client certificate was sent")
		}
		if name := c.ConnectionState().ServerName; name != labName {
			t.Errorf("server name %q", name)
		}
		requests <- readRequest(c)
		io.WriteString(c, "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: a=b\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n")
		rest, _ := io.ReadAll(c)
		requests <- string(rest)
	}))
	want := "GET /v2/ HTTP/1.1\r\nHost: reg.example:5000\r\nUser-Agent: mooring\r\nAccept: */*\r\nConnection: close\r\n\r\n"
	if got := <-requests; got != want {
		t.Errorf("request was %q", got)
	}
	if rest := <-requests; rest != "" || len(requests) > 0 {
		t.Errorf("more was sent: %q, and %d connections", rest, len(requests))
	}
}

// An address has no name to indicate (RFC 6066), and the chain is seen anyway.
func TestAddressAsRegistry(t *testing.T) {
	names := make(chan string, 1)
	at := serve(t, secure(labLeaf(t).Config(), func(c *tls.Conn) {
		names <- c.ConnectionState().ServerName
		answer(okAnswer)(c)
	}))
	p := (&Prober{}).Probe(t.Context(), registry(t, at))
	if name := <-names; name != "" || len(p.Endpoints[0].Sent) != 2 {
		t.Errorf("server name %q, %d certificates", name, len(p.Endpoints[0].Sent))
	}
	if ep := p.Endpoints[0]; ep.Host != "127.0.0.1" || ep.Proxy != "" {
		t.Errorf("host %q, proxy %q", ep.Host, ep.Proxy)
	}
}

func TestOldProtocols(t *testing.T) {
	rsaLeaf := rsaLeaf(t)
	for name, want := range map[string]trust.TLS{
		"TLS 1.0":      {Version: tls.VersionTLS10, Cipher: tls.TLS_RSA_WITH_AES_128_CBC_SHA},
		"TLS 1.1":      {Version: tls.VersionTLS11, Cipher: tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA},
		"3DES":         {Version: tls.VersionTLS12, Cipher: tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
		"RC4":          {Version: tls.VersionTLS12, Cipher: tls.TLS_RSA_WITH_RC4_128_SHA},
		"RSA exchange": {Version: tls.VersionTLS12, Cipher: tls.TLS_RSA_WITH_AES_128_GCM_SHA256},
	} {
		t.Run(name, func(t *testing.T) {
			conf := rsaLeaf.Config()
			conf.MinVersion, conf.MaxVersion, conf.CipherSuites = want.Version, want.Version, []uint16{want.Cipher}
			ep := probeAt(t, secure(conf, answer(okAnswer))).Endpoints[0]
			if ep.Failure != nil || ep.HTTP == nil {
				t.Fatalf("failure %v, unanswered %v", ep.Failure, ep.Unanswered)
			}
			if d := cmp.Diff(&want, ep.TLS); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPlainHTTP(t *testing.T) {
	var requests []string
	// As net/http and nginx do: what is not a request gets a 400.
	serveHTTP := func(reply string) func(net.Conn) {
		return func(c net.Conn) {
			first := make([]byte, 5)
			io.ReadFull(c, first)
			if string(first) != "GET /" {
				io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
				c.(*net.TCPConn).CloseWrite()
				hang(c)
				return
			}
			requests = append(requests, string(first)+readRequest(c))
			io.WriteString(c, reply)
		}
	}
	for name, reply := range map[string]string{"registry": okAnswer, "other": notFound} {
		requests = nil
		p := probeAt(t, serveHTTP(reply))
		ep := p.Endpoints[0]
		if !ep.PlainHTTP || ep.Failure == nil || ep.Failure.Code != trust.PlainHTTP || ep.TLS != nil {
			t.Fatalf("%s: %+v", name, ep)
		}
		if ep.HTTP == nil || ep.HTTP.Registry != (name == "registry") {
			t.Errorf("%s: answer %+v, %+v", name, ep.HTTP, ep.Unanswered)
		}
		if len(requests) != 1 || !strings.HasPrefix(requests[0], "GET /v2/ HTTP/1.1\r\nHost: reg.example:5000\r\n") {
			t.Errorf("%s: requests %q", name, requests)
		}
	}
}

func TestAnswers(t *testing.T) {
	conf := labLeaf(t).Config()
	for name, c := range map[string]struct {
		reply    string
		status   int
		registry bool
		auth     trust.Challenge
		failure  trust.Code
	}{
		"basic": {
			reply:  "HTTP/1.1 401 Unauthorized\r\nWww-Authenticate: Basic realm=\"Corp\"\r\nContent-Length: 0\r\n\r\n",
			status: 401, registry: true, auth: trust.Challenge{Scheme: trust.AuthBasic, Realm: "Corp"},
		},
		"same token server": {
			reply:  "HTTP/1.1 401 Unauthorized\r\nWww-Authenticate: Bearer realm=\"https://REG.example:5000/token\",service=\"s\"\r\nContent-Length: 0\r\n\r\n",
			status: 401, registry: true,
			auth: trust.Challenge{Scheme: trust.AuthBearer, Realm: "https://REG.example:5000/token", Service: "s"},
		},
		"web page":         {reply: "HTTP/1.1 200 OK\r\n\r\n<html>", status: 200, auth: trust.Challenge{Scheme: trust.AuthNone}},
		"no header":        {reply: "HTTP/1.1 200 OK\r\n\r\ntrue", status: 200, registry: true, auth: trust.Challenge{Scheme: trust.AuthNone}},
		"not found":        {reply: notFound, status: 404, auth: trust.Challenge{Scheme: trust.AuthUnknown}},
		"login of no kind": {reply: "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", status: 401, auth: trust.Challenge{Scheme: trust.AuthUnknown}},
		"early hints":      {reply: "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + okAnswer, status: 200, registry: true, auth: trust.Challenge{Scheme: trust.AuthNone}},
		"endless hints":    {reply: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1000), failure: trust.NotARegistry},
		"endless header":   {reply: "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 100_000), failure: trust.NotARegistry},
		"endless line":     {reply: "HTTP/1.1 200 " + strings.Repeat("O", 3<<20), failure: trust.NotARegistry},
		"endless body":     {reply: "HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("A", 3<<20), status: 200, auth: trust.Challenge{Scheme: trust.AuthNone}},
		"another protocol": {reply: "220 mail.example ESMTP\r\n\r\n", failure: trust.NotARegistry},
		"nothing":          {failure: trust.ConnectionReset},
	} {
		t.Run(name, func(t *testing.T) {
			p := probeAt(t, secure(conf, answer(c.reply)))
			ep := p.Endpoints[0]
			if ep.Failure != nil || len(p.Endpoints) != 1 {
				t.Fatalf("failure %v, %d endpoints", ep.Failure, len(p.Endpoints))
			}
			if c.failure != "" {
				if ep.HTTP != nil || ep.Unanswered == nil || ep.Unanswered.Code != c.failure {
					t.Errorf("answer %+v, unanswered %+v", ep.HTTP, ep.Unanswered)
				}
				return
			}
			if ep.HTTP == nil || ep.HTTP.Status != c.status || ep.HTTP.Registry != c.registry {
				t.Fatalf("answer %+v, unanswered %v", ep.HTTP, ep.Unanswered)
			}
			if d := cmp.Diff(c.auth, p.Auth); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestClientCertificates(t *testing.T) {
	leaf := labLeaf(t)
	nginx := "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n<title>400 No required SSL certificate was sent</title>"
	for name, c := range map[string]struct {
		auth      tls.ClientAuthType
		version   uint16
		reply     string
		requested bool
		required  bool
	}{
		"none":              {tls.NoClientCert, tls.VersionTLS13, okAnswer, false, false},
		"optional":          {tls.VerifyClientCertIfGiven, tls.VersionTLS13, okAnswer, true, false},
		"required, TLS 1.3": {tls.RequireAndVerifyClientCert, tls.VersionTLS13, okAnswer, true, true},
		"required, TLS 1.2": {tls.RequireAndVerifyClientCert, tls.VersionTLS12, okAnswer, true, true},
		"nginx":             {tls.VerifyClientCertIfGiven, tls.VersionTLS13, nginx, true, true},
		"a page about it":   {tls.NoClientCert, tls.VersionTLS13, nginx, false, false},
		"hangs up, TLS 1.3": {tls.RequestClientCert, tls.VersionTLS13, "", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			conf := leaf.Config()
			conf.MinVersion, conf.MaxVersion, conf.ClientAuth = c.version, c.version, c.auth
			conf.ClientCAs = leaf.Issuer.Issuer.Pool()
			ep := probeAt(t, secure(conf, answer(c.reply))).Endpoints[0]
			got := ep.ClientAuth
			if got.Requested != c.requested || got.Required != c.required || (got.Text != "") != c.required {
				t.Errorf("%+v", got)
			}
			if c.auth == tls.RequireAndVerifyClientCert {
				if len(got.AcceptableCAs) != 1 || string(got.AcceptableCAs[0]) != string(leaf.Issuer.Issuer.Cert.RawSubject) {
					t.Errorf("acceptable CAs %q", got.AcceptableCAs)
				}
			}
			if ep.Failure != nil || len(ep.Sent) != 2 || ep.TLS == nil || ep.TLS.Version != c.version {
				t.Errorf("failure %v, %d certificates, %+v", ep.Failure, len(ep.Sent), ep.TLS)
			}
		})
	}
}

// Who has not proved that the key is his own may hold someone else's chain: with
// RSA key exchange a refusal comes before that proof.
func TestClientCertificateWithoutProof(t *testing.T) {
	leaf := rsaLeaf(t)
	conf := leaf.Config()
	conf.MaxVersion, conf.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
	conf.ClientAuth = tls.RequireAnyClientCert
	ep := probeAt(t, secure(conf, answer(okAnswer))).Endpoints[0]
	if ep.Failure == nil || ep.ClientAuth.Required || ep.Reachable() {
		t.Errorf("failure %v, %+v", ep.Failure, ep.ClientAuth)
	}
}

// Such a server works with every engine, so its chain must be seen; how it
// answers is not known.
func TestHTTP2Only(t *testing.T) {
	conf := labLeaf(t).Config()
	strict := conf.Clone() // crypto/tls itself would let HTTP/1.1 pass
	strict.NextProtos = []string{"grpc-exp"}
	conf.NextProtos = []string{"h2"}
	conf.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(hello.SupportedProtos, "h2") {
			return nil, nil
		}
		return strict, nil
	}
	ep := probeAt(t, secure(conf, func(c *tls.Conn) { hang(c) })).Endpoints[0]
	if ep.Failure != nil || ep.Unanswered != nil || ep.HTTP != nil || len(ep.Sent) != 2 || ep.TLS.ALPN != "h2" {
		t.Errorf("failure %v, unanswered %v, %d certificates, %+v", ep.Failure, ep.Unanswered, len(ep.Sent), ep.TLS)
	}
}

func TestEndpoint(t *testing.T) {
	n := &network{at: map[string]string{labAddress: serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))}}
	p := &Prober{Dial: n.dial, Proxy: Direct}
	if ep := p.Endpoint(t.Context(), trust.RoleMirror, labAddress); ep.Role != trust.RoleMirror || ep.HTTP == nil || !ep.HTTP.Registry {
		t.Errorf("mirror: %+v, failure %v", ep, ep.Failure)
	}
	if ep := p.Endpoint(t.Context(), trust.RoleDaemon, labAddress); ep.HTTP != nil || len(ep.Sent) != 2 {
		t.Errorf("daemon: %+v, failure %v", ep, ep.Failure)
	}
	for _, bad := range []string{"", "reg.example", ":443", "a b:443", "../../etc:443", "[::1:443", "\u202ereg:443"} {
		if ep := p.Endpoint(t.Context(), trust.RoleMirror, bad); ep.Failure == nil {
			t.Errorf("%q: %+v", bad, ep)
		}
	}
	if got := n.dialled(); len(got) != 2 {
		t.Errorf("dialled %q", got)
	}
}
