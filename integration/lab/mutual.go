//go:build integration

package lab

import (
	"net"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/trust/trusttest"
)

// everyAddress answers for all of the lab's names: a directory of certificates is
// one registry's, and a server need not be.
const everyAddress = "0.0.0.0"

// MutualRegistry runs docker-registry at every address, on port, for clients of
// clients alone (http.tls.clientcas), until the test ends.
func (l *Lab) MutualRegistry(t *testing.T, port string, leaf, clients *trusttest.Cert) {
	t.Helper()
	l.Backend(t)
	at := func(suffix string) string { return filepath.Join(l.Dir, "mutual-"+port+suffix) }
	l.put(t, at(".crt"), string(trusttest.PEM(leaf.Sent()...)))
	l.put(t, at(".key"), string(leaf.KeyPEM()))
	l.put(t, at("-clients.crt"), string(clients.PEM()))
	p := l.distribution(t, "mutual-"+port, net.JoinHostPort(everyAddress, port),
		"  tls: {certificate: "+at(".crt")+", key: "+at(".key")+", clientcas: ["+at("-clients.crt")+"]}\n", "")
	t.Cleanup(func() { p.stop(t) })
}

// MutualNginx runs nginx at every address, on port, for clients of clients alone,
// with one version of TLS ("TLSv1.2").
func (l *Lab) MutualNginx(t *testing.T, port string, leaf, clients *trusttest.Cert, version string) {
	t.Helper()
	l.Backend(t)
	ca := filepath.Join(l.Dir, "mutual-"+port+"-clients.crt")
	l.put(t, ca, string(clients.PEM()))
	l.Nginx(t, net.JoinHostPort(everyAddress, port), leaf,
		"ssl_protocols "+version+";", "ssl_client_certificate "+ca+";", "ssl_verify_client on;")
}

// Logs is where the lab's servers and engines write theirs.
func (l *Lab) Logs() string { return filepath.Join(l.Dir, "*.log") }
