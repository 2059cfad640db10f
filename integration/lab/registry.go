//go:build integration

package lab

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust/trusttest"
)

// The person's account at registries that ask for one.
const (
	User     = "alice"
	Password = "correct horse"
)

// backendAddr is where the one docker-registry behind all fronts listens, in
// plain HTTP.
const backendAddr = "10.77.0.1:5001"

// Backend starts the registry that all others share their images with.
func (l *Lab) Backend(t *testing.T) {
	t.Helper()
	if l.backend != "" {
		return
	}
	l.distribution(t, "backend", backendAddr, "", "") // for all tests
	l.backend = backendAddr
}

// BackendAddress is where the images of all registries can be had, in plain HTTP.
func (l *Lab) BackendAddress() string { return backendAddr }

// Registry runs a real registry over TLS at h:port until the test ends. It asks for
// an account and holds the images of the backend.
func (l *Lab) Registry(t *testing.T, h Host, port string, leaf *trusttest.Cert) {
	t.Helper()
	l.RegistryFor(t, h, port, leaf, User, Password)
}

// RegistryFor is Registry with an account of the test's own. The password is in no
// argument and in no file but as bcrypt.
func (l *Lab) RegistryFor(t *testing.T, h Host, port string, leaf *trusttest.Cert, user, password string) {
	t.Helper()
	passwords := filepath.Join(l.Dir, "registry-"+h.Name+".htpasswd")
	account := l.Feed(nil, password, "htpasswd", "-Bin", user)
	if !account.OK() {
		t.Fatalf("htpasswd: %s", account.Text())
	}
	l.put(t, passwords, account.Stdout)
	l.RegistryWith(t, h, port, leaf, "htpasswd: {realm: lab, path: "+passwords+"}")
}

// RegistryWith is Registry with another way of signing in: a line of
// distribution's configuration, "" for none.
func (l *Lab) RegistryWith(t *testing.T, h Host, port string, leaf *trusttest.Cert, auth string) {
	t.Helper()
	l.Backend(t)
	name := "registry-" + h.Name
	cert, key := filepath.Join(l.Dir, name+".crt"), filepath.Join(l.Dir, name+".key")
	l.put(t, cert, string(trusttest.PEM(leaf.Sent()...)))
	l.put(t, key, string(leaf.KeyPEM()))
	if auth != "" {
		auth = "auth: {" + auth + "}\n"
	}
	p := l.distribution(t, name, net.JoinHostPort(h.IP, port), "  tls: {certificate: "+cert+", key: "+key+"}\n", auth)
	t.Cleanup(func() { p.stop(t) })
}

// distribution runs docker-registry with the images that all of them share.
func (l *Lab) distribution(t *testing.T, name, addr, transport, auth string) *process {
	t.Helper()
	config := filepath.Join(l.Dir, name+".yml")
	l.put(t, config, fmt.Sprintf(`version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: %s}}
http:
  addr: %s
%s%s`, filepath.Join(l.Dir, "images"), addr, transport, auth))
	p := &process{
		name: name, argv: []string{"docker-registry", "serve", config},
		up: func() bool { return accepts(addr) },
	}
	p.start(t, l)
	return p
}

// accepts reports whether somebody listens at addr.
func accepts(addr string) bool {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// Proxy passes requests on to the backend.
func (l *Lab) Proxy() http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: backendAddr})
			r.Out.Host = r.In.Host
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// Serve answers at addr with handler, over TLS unless config is nil, until the
// test ends.
func (l *Lab) Serve(t *testing.T, addr string, config *tls.Config, handler http.Handler) {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(ln) }() // ends with Close
	t.Cleanup(func() { server.Close() })
}

// Listen hands every connection at addr to handle, until the test ends.
func (l *Lab) Listen(t *testing.T, addr string, handle func(net.Conn)) {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return // the test ended
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
}

// Nginx runs nginx at addr in front of the backend, with directives for its
// server block and OpenSSL at its lowest security level.
func (l *Lab) Nginx(t *testing.T, addr string, leaf *trusttest.Cert, directives ...string) {
	t.Helper()
	name := "nginx-" + strings.ReplaceAll(addr, ":", "-")
	at := func(suffix string) string { return filepath.Join(l.Dir, name+suffix) }
	l.put(t, at(".crt"), string(trusttest.PEM(leaf.Sent()...)))
	l.put(t, at(".key"), string(leaf.KeyPEM()))
	l.put(t, at(".cnf"), `openssl_conf = lab
[lab]
ssl_conf = ssl
[ssl]
system_default = any
[any]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
`)
	l.put(t, at(".conf"), fmt.Sprintf(`daemon off;
pid %s;
error_log %s;
events {}
http {
  access_log off;
  client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s; uwsgi_temp_path %s; scgi_temp_path %s;
  server {
    listen %s ssl;
    ssl_certificate %s;
    ssl_certificate_key %s;
    %s
    location / { proxy_pass http://%s; proxy_set_header Host $http_host; }
  }
}
`, at(".pid"), at(".err"), at("-1"), at("-2"), at("-3"), at("-4"), at("-5"), addr, at(".crt"), at(".key"),
		strings.Join(directives, "\n    "), backendAddr))
	p := &process{
		name: name, argv: []string{"nginx", "-c", at(".conf"), "-e", at(".err")},
		env: []string{"OPENSSL_CONF=" + at(".cnf")},
		up:  func() bool { return accepts(addr) },
	}
	p.start(t, l)
	t.Cleanup(func() { p.stop(t) })
}
