//go:build integration

package mtls

import (
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust/trusttest"
)

// The ports of the servers: each answers under every name.
const (
	registry = "7000" // docker-registry itself
	nginx12  = "7012"
	nginx13  = "7013"
	nameless = "7001" // names no CA, and takes those of clients
	picky    = "7002" // takes any in the handshake, and answers 403 to all but one
)

// stage is what all tests share: a root for the servers, a CA for clients, and
// servers that demand one.
type stage struct {
	l       *lab.Lab
	root    *trusttest.Cert
	clients *trusttest.Cert
	other   *trusttest.Cert
	image   string
}

// engines are the judges that have a directory for one registry.
var engines = lab.Without(lab.Curl)

func newStage(t *testing.T, ports ...string) *stage {
	t.Helper()
	s := &stage{
		l: lab.Start(t), root: trusttest.NewCA(t, "Corp Root CA"), clients: trusttest.NewCA(t, "Client CA"), other: trusttest.NewCA(t, "Other CA"),
	}
	s.l.Ready(t)
	s.image = s.l.Seed(t)
	leaf := s.root.Leaf(trusttest.Names("*.lab.test"))
	for _, port := range ports {
		switch port {
		case registry:
			s.l.MutualRegistry(t, port, leaf, s.clients)
		case nginx12:
			s.l.MutualNginx(t, port, leaf, s.clients, "TLSv1.2")
		case nginx13:
			s.l.MutualNginx(t, port, leaf, s.clients, "TLSv1.3")
		case nameless:
			s.serve(t, port, leaf, tls.RequireAnyClientCert, s.verified)
		case picky:
			s.serve(t, port, leaf, tls.RequestClientCert, s.onlyAlice)
		}
	}
	return s
}

// serve answers with the backend's images if ok says so of the client.
func (s *stage) serve(t *testing.T, port string, leaf *trusttest.Cert, auth tls.ClientAuthType, ok func(*tls.ConnectionState) bool) {
	config := leaf.Config()
	config.ClientAuth = auth
	images := s.l.Proxy()
	s.l.Serve(t, net.JoinHostPort("0.0.0.0", port), config, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ok(r.TLS) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		images.ServeHTTP(w, r)
	}))
}

func (s *stage) verified(c *tls.ConnectionState) bool {
	return len(c.PeerCertificates) > 0 && c.PeerCertificates[0].CheckSignatureFrom(s.clients.Cert) == nil
}

func (s *stage) onlyAlice(c *tls.ConnectionState) bool {
	return len(c.PeerCertificates) > 0 && c.PeerCertificates[0].Subject.CommonName == "alice"
}

// spot is one registry's name with its directory.
type spot struct {
	*stage
	t        *testing.T
	registry string
}

// spot takes a name at one of the servers, with the server's root in place.
func (s *stage) spot(t *testing.T, port string) spot {
	t.Helper()
	p := spot{s, t, s.l.Host(t).At(port)}
	p.put("ca.crt", s.root.PEM(), 0o644)
	return p
}

func (p spot) dir() string { return filepath.Join("/etc/docker/certs.d", p.registry) }

func (p spot) put(name string, content []byte, mode os.FileMode) {
	p.t.Helper()
	p.l.Write(p.t, filepath.Join(p.dir(), name), content, mode)
}

// pair puts a certificate and key under one name.
func (p spot) pair(base string, cert, key []byte) {
	p.t.Helper()
	if cert != nil {
		p.put(base+".cert", cert, 0o644)
	}
	if key != nil {
		p.put(base+".key", key, 0o600)
	}
}

// locked is a key under a passphrase, made by OpenSSL.
func (p spot) locked(key []byte) []byte {
	p.t.Helper()
	plain, locked := filepath.Join(p.l.Dir, "plain.key"), filepath.Join(p.l.Dir, "locked.key")
	p.l.Write(p.t, plain, key, 0o600)
	p.l.Must(p.t, "openssl", "pkcs8", "-topk8", "-in", plain, "-v2", "aes-256-cbc", "-passout", "pass:correct horse", "-out", locked)
	b, err := os.ReadFile(locked)
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}
