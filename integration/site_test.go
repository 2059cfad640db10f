//go:build integration

package integration

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust/trusttest"
)

// site is one registry with what this machine has for it: the stage of one
// situation.
type site struct {
	t    *testing.T
	l    *lab.Lab
	host lab.Host
	port string
	// registry is host[:port] as written in references to it.
	registry string
	image    string
	root     *trusttest.Cert
	issuing  *trusttest.Cert
	// plain: it speaks HTTP, so that whoever pulls from it verified nothing.
	plain bool
	// impostor makes the address answer with a certificate that nobody may accept.
	impostor atomic.Bool
}

// newSite takes a host for a registry on port 5000 and makes a private CA.
func newSite(t *testing.T, l *lab.Lab, image string) *site {
	s := &site{t: t, l: l, image: image}
	s.root = trusttest.NewCA(t, "Corp Root CA")
	s.issuing = s.root.Intermediate("Corp Issuing CA")
	s.at(l.Host(t), "5000")
	return s
}

// at moves the site.
func (s *site) at(h lab.Host, port string) {
	s.host, s.port, s.registry = h, port, h.At(port)
}

// at443 makes references name the host alone.
func (s *site) at443() { s.port, s.registry = "443", s.host.Name }

// atIP makes references name the address.
func (s *site) atIP() { s.registry = net.JoinHostPort(s.host.IP, s.port) }

// leaf is a proper certificate for the site.
func (s *site) leaf(o ...trusttest.Option) *trusttest.Cert {
	return s.issuing.Leaf(append([]trusttest.Option{trusttest.Names(s.host.Name)}, o...)...)
}

// serve answers over TLS with the backend's images; sent replaces the chain.
func (s *site) serve(leaf *trusttest.Cert, sent ...*trusttest.Cert) {
	s.serveConfig(leaf.Config(sent...), s.l.Proxy())
}

// addresses are those of the switch and of the server behind it.
func (s *site) addresses() (front, back string) {
	return net.JoinHostPort(s.host.IP, s.port), net.JoinHostPort(s.host.IP, "1"+s.port)
}

func (s *site) serveConfig(config *tls.Config, handler http.Handler) {
	front, back := s.addresses()
	s.l.Serve(s.t, back, config, handler)
	s.front(front, back)
}

// servePlain answers in HTTP.
func (s *site) servePlain() {
	s.plain = true
	s.serveConfig(nil, s.l.Proxy())
}

// nginx answers through nginx.
func (s *site) nginx(leaf *trusttest.Cert, directives ...string) {
	front, back := s.addresses()
	s.l.Nginx(s.t, back, leaf, directives...)
	s.front(front, back)
}

// front passes connections on to back, or to the impostor.
func (s *site) front(front, back string) {
	fake := net.JoinHostPort(s.host.IP, "2"+s.port)
	cert := trusttest.SelfSigned(s.t, trusttest.Names("impostor.invalid"))
	s.l.Serve(s.t, fake, cert.Config(), s.l.Proxy())
	s.l.Listen(s.t, front, func(c net.Conn) {
		to := back
		if s.impostor.Load() {
			to = fake
		}
		splice(c, to)
	})
}

func splice(c net.Conn, to string) {
	d, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer d.Close()
	go func() {
		_, _ = io.Copy(d, c) // ends with either side
		d.Close()
	}()
	_, _ = io.Copy(c, d)
}

// certsd writes a file into Docker's directory of this registry.
func (s *site) certsd(name string, content []byte) {
	s.file(filepath.Join("/etc/docker/certs.d", s.registry, name), content)
}

// trustRoot puts the root where it belongs.
func (s *site) trustRoot() { s.certsd("ca.crt", s.root.PEM()) }

func (s *site) file(path string, content []byte) { s.l.Write(s.t, path, content, 0o644) }

func (s *site) dir(path string) { s.l.MakeDir(s.t, path) }

func (s *site) link(target, path string) {
	s.dir(filepath.Dir(path))
	if err := os.Symlink(target, path); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { os.Remove(path) })
}

// underscored is containerd's own spelling of the registry's directory.
func (s *site) underscored() string {
	return filepath.Join("/etc/docker/certs.d", s.host.Name+"_"+s.port+"_")
}

// userDir is the person's own directory for podman.
func (s *site) userDir() string {
	return filepath.Join(s.l.Home, ".config/containers/certs.d", s.registry)
}

// podmanInsecure tells podman not to verify the registry.
func (s *site) podmanInsecure() {
	s.file("/etc/containers/registries.conf.d/"+s.host.Name+".conf",
		fmt.Appendf(nil, "[[registry]]\nlocation = %q\ninsecure = true\n", s.registry))
}

// tokenServer makes another host hand out tokens and returns the handler of a
// registry that wants them.
func (s *site) tokenServer(leaf func(lab.Host) *trusttest.Cert) http.Handler {
	h := s.l.Host(s.t)
	s.l.Serve(s.t, net.JoinHostPort(h.IP, "5000"), leaf(h).Config(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"token": "lab", "access_token": "lab", "expires_in": 300})
	}))
	images := s.l.Proxy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
			images.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/token",service="lab"`, h.At("5000")))
		w.WriteHeader(http.StatusUnauthorized)
	})
}

// blobServer makes another host keep the layers and returns the handler of a
// registry that sends there for them. The image is one that no engine has yet.
func (s *site) blobServer(leaf func(lab.Host) *trusttest.Cert) http.Handler {
	s.image = s.l.Seed(s.t)
	h := s.l.Host(s.t)
	images := s.l.Proxy()
	s.l.Serve(s.t, net.JoinHostPort(h.IP, "5000"), leaf(h).Config(), images)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/blobs/sha256:") {
			http.Redirect(w, r, "https://"+h.At("5000")+r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		images.ServeHTTP(w, r)
	})
}
