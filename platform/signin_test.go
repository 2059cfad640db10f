package platform

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/probe"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/trust/trusttest"
)

// guarded is a registry with a password and a machine on which a test says who
// trusts it.
type guarded struct {
	*testing.T
	root    string
	ca      *trusttest.Cert
	reg     trust.Registry
	machine *Machine
	server  *httptest.Server
	shown   string // common name of the client certificate that was shown
	headers int    // requests with a credential
}

func newGuarded(t *testing.T, config func(*tls.Config)) *guarded {
	s := &guarded{T: t, root: t.TempDir(), ca: trusttest.NewCA(t, "Corp Root CA")}
	s.reg, _, _ = trust.ParseRegistry("reg.example:5000")
	s.server = httptest.NewUnstartedServer(http.HandlerFunc(s.answer))
	s.server.TLS = s.ca.Leaf(trusttest.Names("reg.example")).Config()
	if config != nil {
		config(s.server.TLS)
	}
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	s.machine = New(world.Under(s.root, "linux"))
	s.machine.Prober.Proxy = probe.Direct
	s.machine.Prober.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, s.server.Listener.Addr().String())
	}
	s.write("etc/docker/daemon.json", `{"insecure-registries": []}`)
	return s
}

func (s *guarded) answer(w http.ResponseWriter, r *http.Request) {
	if len(r.TLS.PeerCertificates) > 0 {
		s.shown = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	_, password, sent := r.BasicAuth()
	if sent {
		s.headers++
	}
	if password != "correct horse" {
		w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprint(w, "{}")
}

func (s *guarded) write(name, content string) {
	s.Helper()
	path := filepath.Join(s.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (s *guarded) trust() {
	s.write("etc/docker/certs.d/reg.example:5000/ca.crt", string(s.ca.PEM()))
}

func (s *guarded) prove(password string) (signin.Outcome, error) {
	return s.machine.prove(s.Context(), SignInRequest{
		Registry: s.reg, Credential: trust.Credential{User: "alice", Secret: trust.NewSecret(password)},
	})
}

func (s *guarded) refused(err error) *signin.Refusal {
	s.Helper()
	var r *signin.Refusal
	if !errors.As(err, &r) {
		s.Fatalf("not refused: %v", err)
	}
	return r
}

// Nothing is sent before somebody in scope trusts the registry.
func TestSignInNeedsTrust(t *testing.T) {
	s := newGuarded(t, nil)
	_, err := s.prove("correct horse")
	if r := s.refused(err); r.Why != signin.Unverified || r.Endpoint != "reg.example:5000" || r.Reason != trust.UnknownAuthority {
		t.Errorf("%+v", r)
	}
	if _, err := s.machine.SignInMethod(t.Context(), s.reg); s.refused(err).Why != signin.Unverified {
		t.Error(err)
	}
	if err := s.machine.Repositories(t.Context(), s.reg, func(catalog.Page) {}); s.refused(err).Why != signin.Unverified {
		t.Error(err)
	}
	if s.headers != 0 {
		t.Errorf("%d requests with a credential", s.headers)
	}
	s.trust()
	out, err := s.prove("correct horse")
	if err != nil || out.Keep.User != "alice" || out.Method.Scheme != signin.Basic {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := s.prove("wrong"); s.refused(err).Why != signin.WrongPassword {
		t.Error(err)
	}
	s.write("etc/docker/daemon.json", `{"insecure-registries": ["reg.example:5000"]}`)
	sent := s.headers
	if _, err := s.prove("correct horse"); s.refused(err).Why != signin.Unverified || s.refused(err).Party != trust.Docker || s.headers != sent {
		t.Error(err)
	}
}

// What a tool has to show to the registry is shown, if the person may read it.
func TestSignInWithClientCertificate(t *testing.T) {
	clients := trusttest.NewCA(t, "Client CA")
	s := newGuarded(t, func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, clients.Pool() })
	s.trust()
	_, err := s.prove("correct horse")
	if r := s.refused(err); r.Why != signin.Unverified || r.Reason != trust.ClientCertificateRequired {
		t.Errorf("%+v", r)
	}
	pair := clients.Client("alice")
	dir := "etc/docker/certs.d/reg.example:5000/"
	s.write(dir+"client.cert", string(pair.PEM()))
	s.write(dir+"client.key", string(pair.KeyPEM()))
	if _, err := s.prove("correct horse"); err != nil || s.shown != "alice" {
		t.Errorf("showed %q: %v", s.shown, err)
	}
}

// A registry that answers nobody without a client certificate names its token
// server only then.
func TestTokenServerBehindClientCertificate(t *testing.T) {
	clients := trusttest.NewCA(t, "Client CA")
	s := newGuarded(t, func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, clients.Pool() })
	var shown int
	token := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown += len(r.TLS.PeerCertificates)
		if _, p, _ := r.BasicAuth(); p != "correct horse" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"token":"good"}`)
	}))
	token.TLS = s.ca.Leaf(trusttest.Names("auth.example")).Config()
	token.TLS.ClientAuth = tls.RequestClientCert
	token.StartTLS()
	defer token.Close()
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer good" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.example/token",service="reg"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s.machine.Prober.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		to := s.server.Listener.Addr().String()
		if address == "auth.example:443" {
			to = token.Listener.Addr().String()
		}
		return new(net.Dialer).DialContext(ctx, network, to)
	}
	s.trust()
	pair := clients.Client("alice")
	dir := "etc/docker/certs.d/reg.example:5000/"
	s.write(dir+"client.cert", string(pair.PEM()))
	s.write(dir+"client.key", string(pair.KeyPEM()))
	if _, err := s.prove("correct horse"); err != nil || shown != 0 {
		t.Errorf("%v; the token server was shown %d certificates", err, shown)
	}
}

// A name that is none reaches no server.
func TestCatalogChecksNames(t *testing.T) {
	s := newGuarded(t, nil)
	s.trust()
	var bad catalog.NameError
	if err := s.machine.Tags(t.Context(), s.reg, "../x", func(catalog.Sized) {}); !errors.As(err, &bad) {
		t.Error(err)
	}
	if _, err := s.machine.Rights(t.Context(), s.reg, "A"); !errors.As(err, &bad) {
		t.Error(err)
	}
}

// A credential that is proved and cannot be kept is said to be both; nothing of it
// is in a file.
func TestSignInWithoutKeyring(t *testing.T) {
	s := newGuarded(t, nil)
	s.trust()
	out, err := s.machine.SignIn(t.Context(), SignInRequest{
		Registry: s.reg, Credential: trust.Credential{User: "alice", Secret: trust.NewSecret("correct horse")},
	})
	var notKept *keyring.Error
	if !errors.As(err, &notKept) || out.Keep.User != "alice" {
		t.Errorf("%+v, %v", out, err)
	}
	walked := filepath.WalkDir(s.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("correct horse")) {
			t.Errorf("%s holds the password", path)
		}
		return err
	})
	if walked != nil {
		t.Error(walked)
	}
}

// Behind a proxy nobody can say where a token server is, so a check does not go
// there. Signing in does, once the registry that names it is verified.
func TestSignInThroughAProxy(t *testing.T) {
	s := newGuarded(t, nil)
	token := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, p, _ := r.BasicAuth(); p != "correct horse" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{"token":"good"}`)
	}))
	token.TLS = s.ca.Leaf(trusttest.Names("auth.example")).Config()
	token.StartTLS()
	defer token.Close()
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer good" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.example/token",service="reg"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	var mu sync.Mutex
	asked := map[string]int{}
	tunnels := func(host string) int {
		mu.Lock()
		defer mu.Unlock()
		return asked[host]
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked[r.Host]++
		mu.Unlock()
		to := map[string]string{"reg.example:5000": s.server.Listener.Addr().String(), "auth.example:443": token.Listener.Addr().String()}[r.Host]
		tunnel(t, w, to)
	}))
	defer proxy.Close()
	s.machine.Prober.Dial = nil
	s.machine.Prober.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(proxy.URL) }

	if _, err := s.prove("correct horse"); s.refused(err).Why != signin.Unverified || tunnels("auth.example:443") > 0 {
		t.Errorf("before the registry is trusted: %v", err)
	}
	s.trust()
	if _, err := s.prove("correct horse"); err != nil || tunnels("auth.example:443") == 0 {
		t.Errorf("through a proxy: %v", err)
	}
	if _, err := s.prove("wrong"); s.refused(err).Why != signin.WrongPassword {
		t.Error(err)
	}
}

// tunnel connects a CONNECT request to an address.
func tunnel(t *testing.T, w http.ResponseWriter, to string) {
	up, err := net.Dial("tcp", to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	down, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		io.Copy(up, down)
		up.Close()
	}()
	io.Copy(down, up)
	down.Close()
}
