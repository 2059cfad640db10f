package platform

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

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
