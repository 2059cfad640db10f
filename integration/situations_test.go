//go:build integration

package integration

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"strings"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust/trusttest"
)

// situation is one way in which things are, or went wrong, on a machine. What it
// leads to is not written down here: the real tools are asked.
type situation struct {
	name    string
	prepare func(*site)
}

const day = 24 * time.Hour

// served are faults of the server's certificate, with its root in place.
var served = []situation{
	{"nothing installed", func(s *site) { s.serve(s.leaf()) }},
	{"root in place", func(s *site) { s.serve(s.leaf()); s.trustRoot() }},
	{"missing intermediate", func(s *site) { s.trustRoot(); l := s.leaf(); s.serve(l, l) }},
	{"missing intermediate, installed", func(s *site) {
		l := s.leaf()
		s.serve(l, l)
		s.trustRoot()
		s.certsd("issuing.crt", s.issuing.PEM())
	}},
	{"root sent too", func(s *site) { l := s.leaf(); s.serve(l, l, s.issuing, s.root); s.trustRoot() }},
	{"wrong order", func(s *site) { l := s.leaf(); s.serve(l, s.root, s.issuing); s.trustRoot() }},
	{"unrelated certificate sent", func(s *site) {
		l := s.leaf()
		s.serve(l, l, trusttest.NewCA(s.t, "Other CA"), s.issuing)
		s.trustRoot()
	}},
	{"a hundred certificates sent", func(s *site) {
		l := s.leaf()
		s.serve(l, append([]*trusttest.Cert{l, s.issuing}, s.others(98)...)...)
		s.trustRoot()
	}},
	{"self-signed leaf", func(s *site) { s.serve(trusttest.SelfSigned(s.t, trusttest.Names(s.host.Name))) }},
	{"expired leaf", func(s *site) { s.serve(s.leaf(trusttest.NotAfter(time.Now().Add(-day)))); s.trustRoot() }},
	{"expired leaf of unknown CA", func(s *site) { s.serve(s.leaf(trusttest.NotAfter(time.Now().Add(-day)))) }},
	{"leaf not yet valid", func(s *site) { s.serve(s.leaf(trusttest.NotBefore(time.Now().Add(day)))); s.trustRoot() }},
	{"expired intermediate", func(s *site) {
		s.issuing = s.root.Intermediate("Old Issuing CA", trusttest.NotAfter(time.Now().Add(-day)))
		s.serve(s.leaf())
		s.trustRoot()
	}},
	{"expired root", func(s *site) {
		s.root = trusttest.NewCA(s.t, "Old Root CA", trusttest.NotAfter(time.Now().Add(-day)))
		s.issuing = s.root.Intermediate("Issuing CA")
		s.serve(s.leaf())
		s.trustRoot()
	}},
	{"wrong name", func(s *site) { s.serve(s.issuing.Leaf(trusttest.Names("other.lab.test"))); s.trustRoot() }},
	{"wildcard name", func(s *site) { s.serve(s.issuing.Leaf(trusttest.Names("*.lab.test"))); s.trustRoot() }},
	{"common name only", func(s *site) { s.serve(s.issuing.Leaf(trusttest.CommonName(s.host.Name))); s.trustRoot() }},
	{"address with its SAN", func(s *site) { s.atIP(); s.serve(s.leaf(trusttest.IP(s.host.IP))); s.trustRoot() }},
	{"address without SAN", func(s *site) { s.atIP(); s.serve(s.leaf()); s.trustRoot() }},
	{"address as a DNS name", func(s *site) { s.atIP(); s.serve(s.issuing.Leaf(trusttest.Names(s.host.IP))); s.trustRoot() }},
	{"for clients only", func(s *site) { s.serve(s.leaf(trusttest.Usage(x509.ExtKeyUsageClientAuth))); s.trustRoot() }},
	{"no extended usage", func(s *site) { s.serve(s.leaf(trusttest.Usage())); s.trustRoot() }},
	{"name constraint broken", func(s *site) {
		s.issuing = s.root.Intermediate("Narrow CA", trusttest.PermittedDNS("elsewhere.test"))
		s.serve(s.leaf())
		s.trustRoot()
	}},
	{"name constraint kept", func(s *site) {
		s.issuing = s.root.Intermediate("Narrow CA", trusttest.PermittedDNS("lab.test"))
		s.serve(s.leaf())
		s.trustRoot()
	}},
	{"path too long", func(s *site) {
		s.root = trusttest.NewCA(s.t, "Short Root CA", trusttest.PathLen(0))
		s.issuing = s.root.Intermediate("Issuing CA")
		s.serve(s.leaf())
		s.trustRoot()
	}},
	{"issuer is no CA", func(s *site) {
		s.issuing = s.root.Intermediate("No CA", trusttest.NotCA())
		s.serve(s.leaf())
		s.trustRoot()
	}},
	{"unknown critical extension", func(s *site) { s.serve(s.leaf(trusttest.CriticalExtension())); s.trustRoot() }},
	{"signed with SHA-1", func(s *site) {
		s.root = trusttest.NewCA(s.t, "RSA Root CA", trusttest.RSA(2048))
		s.issuing = s.root.Intermediate("RSA Issuing CA", trusttest.RSA(2048))
		s.serve(s.leaf(trusttest.Signature(x509.SHA1WithRSA)))
		s.trustRoot()
	}},
	{"RSA key of 1024 bits", func(s *site) { s.serve(s.leaf(trusttest.RSA(1024))); s.trustRoot() }},
}

// others are certificates that have nothing to do with the site.
func (s *site) others(n int) []*trusttest.Cert {
	var out []*trusttest.Cert
	for range n {
		out = append(out, trusttest.NewCA(s.t, "Other CA"))
	}
	return out
}

// installed are faults of the files on this machine, with a proper server.
var installed = []situation{
	{"extension pem", func(s *site) { s.serve(s.leaf()); s.certsd("ca.pem", s.root.PEM()) }},
	{"extension CRT", func(s *site) { s.serve(s.leaf()); s.certsd("CA.CRT", s.root.PEM()) }},
	{"extension cert", func(s *site) { s.serve(s.leaf()); s.certsd("ca.cert", s.root.PEM()) }},
	{"some name ending in crt", func(s *site) { s.serve(s.leaf()); s.certsd("mooring-0123.crt", s.root.PEM()) }},
	{"port 443, plain directory", func(s *site) { s.at443(); s.serve(s.leaf()); s.trustRoot() }},
	{"port 443, directory with port", func(s *site) {
		s.at443()
		s.serve(s.leaf())
		s.file("/etc/docker/certs.d/"+s.host.Name+":443/ca.crt", s.root.PEM())
	}},
	{"port 443 written, plain directory", func(s *site) {
		s.at443()
		s.registry = s.host.At("443")
		s.serve(s.leaf())
		s.file("/etc/docker/certs.d/"+s.host.Name+"/ca.crt", s.root.PEM())
	}},
	{"directory without the port", func(s *site) {
		s.serve(s.leaf())
		s.file("/etc/docker/certs.d/"+s.host.Name+"/ca.crt", s.root.PEM())
	}},
	{"intermediate as anchor", func(s *site) { s.serve(s.leaf()); s.certsd("ca.crt", s.issuing.PEM()) }},
	{"leaf as anchor", func(s *site) { l := s.leaf(); s.serve(l); s.certsd("ca.crt", l.PEM()) }},
	{"self-signed leaf as anchor", func(s *site) {
		l := trusttest.SelfSigned(s.t, trusttest.Names(s.host.Name))
		s.serve(l)
		s.certsd("ca.crt", l.PEM())
	}},
	{"two CAs in one file", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", append(trusttest.NewCA(s.t, "Other CA").PEM(), s.root.PEM()...))
	}},
	{"byte order mark", func(s *site) { s.serve(s.leaf()); s.certsd("ca.crt", append([]byte("\xef\xbb\xbf"), s.root.PEM()...)) }},
	{"byte order mark, then a second CA", func(s *site) {
		s.serve(s.leaf())
		other := trusttest.NewCA(s.t, "Other CA").PEM()
		s.certsd("ca.crt", append(append([]byte("\xef\xbb\xbf"), other...), s.root.PEM()...))
	}},
	{"DER", func(s *site) { s.serve(s.leaf()); s.certsd("ca.crt", s.root.Cert.Raw) }},
	{"CRLF", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", bytes.ReplaceAll(s.root.PEM(), []byte("\n"), []byte("\r\n")))
	}},
	{"text before the PEM", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", append([]byte("Certificate:\n    Data:\n"), s.root.PEM()...))
	}},
	{"PEM headers", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", pem.EncodeToMemory(&pem.Block{
			Type: "CERTIFICATE", Headers: map[string]string{"Friendly": "root"}, Bytes: s.root.Cert.Raw,
		}))
	}},
	{"trusted certificate", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: s.root.Cert.Raw}))
	}},
	{"HTML page saved as CA", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", []byte("<!doctype html><title>Sign in</title>\n"))
	}},
	{"broken base64", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", []byte(strings.Replace(string(s.root.PEM()), "MII", "M!I", 1)))
	}},
	{"broken DER in PEM", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.root.Cert.Raw[:100]}))
	}},
	{"broken DER before the root", func(s *site) {
		s.serve(s.leaf())
		broken := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.root.Cert.Raw[:100]})
		s.certsd("ca.crt", append(broken, s.root.PEM()...))
	}},
	{"empty file", func(s *site) { s.serve(s.leaf()); s.certsd("ca.crt", nil) }},
	{"empty file beside the root", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.certsd("empty.crt", nil) }},
	{"garbage beside the root", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.certsd("other.crt", []byte("garbage\n")) }},
	{"directory as CA", func(s *site) { s.serve(s.leaf()); s.dir("/etc/docker/certs.d/" + s.registry + "/ca.crt") }},
	{"directory beside the root", func(s *site) {
		s.serve(s.leaf())
		s.trustRoot()
		s.dir("/etc/docker/certs.d/" + s.registry + "/old.crt")
	}},
	{"dangling link", func(s *site) {
		s.serve(s.leaf())
		s.link("/nowhere/ca.crt", "/etc/docker/certs.d/"+s.registry+"/ca.crt")
	}},
	{"link to the root", func(s *site) {
		s.serve(s.leaf())
		s.file("/etc/docker/roots/"+s.host.Name, s.root.PEM())
		s.link("/etc/docker/roots/"+s.host.Name, "/etc/docker/certs.d/"+s.registry+"/ca.crt")
	}},
	{"linked directory", func(s *site) {
		s.serve(s.leaf())
		s.file("/etc/docker/roots.d/"+s.host.Name+"/ca.crt", s.root.PEM())
		s.link("/etc/docker/roots.d/"+s.host.Name, "/etc/docker/certs.d/"+s.registry)
	}},
	{"file in place of the directory", func(s *site) { s.serve(s.leaf()); s.file("/etc/docker/certs.d/"+s.registry, s.root.PEM()) }},
	{"private key in the CA file", func(s *site) { s.serve(s.leaf()); s.certsd("ca.crt", append(s.root.KeyPEM(), s.root.PEM()...)) }},
	{"stale CA of the same name", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", trusttest.NewCA(s.t, "Corp Root CA").PEM())
	}},
	{"stale and current CA", func(s *site) {
		s.serve(s.leaf())
		s.certsd("ca.crt", trusttest.NewCA(s.t, "Corp Root CA").PEM())
		s.certsd("new.crt", s.root.PEM())
	}},
	{"upper case in the reference", func(s *site) {
		s.serve(s.leaf())
		s.trustRoot()
		s.registry = strings.ToUpper(s.registry)
	}},
	{"upper case in both", func(s *site) { s.registry = strings.ToUpper(s.registry); s.serve(s.leaf()); s.trustRoot() }},
}

// directories are about which directory wins.
var directories = []situation{
	{"empty system directory of podman", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.dir("/etc/containers/certs.d/" + s.registry) }},
	{"other CA in podman's directory", func(s *site) {
		s.serve(s.leaf())
		s.trustRoot()
		s.file("/etc/containers/certs.d/"+s.registry+"/ca.crt", trusttest.NewCA(s.t, "Other CA").PEM())
	}},
	{"root in podman's directory only", func(s *site) {
		s.serve(s.leaf())
		s.file("/etc/containers/certs.d/"+s.registry+"/ca.crt", s.root.PEM())
	}},
	{"empty directory of the person", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.dir(s.userDir()) }},
	{"root in the person's directory only", func(s *site) { s.serve(s.leaf()); s.file(s.userDir()+"/ca.crt", s.root.PEM()) }},
	{"empty underscored directory", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.dir(s.underscored()) }},
	{"root in the underscored directory", func(s *site) { s.serve(s.leaf()); s.file(s.underscored()+"/ca.crt", s.root.PEM()) }},
	{"hosts.toml naming the root", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.hosts(`ca = "ca.crt"`) }},
	{"hosts.toml naming the root's path", func(s *site) {
		s.serve(s.leaf())
		s.certsd("root.pem", s.root.PEM())
		s.hosts(`ca = ["/etc/docker/certs.d/` + s.registry + `/root.pem"]`)
	}},
	{"hosts.toml without a CA", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.hosts("") }},
	{"hosts.toml naming a missing file", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.hosts(`ca = "none.crt"`) }},
	{"hosts.toml that skips verification", func(s *site) { s.serve(s.leaf()); s.hosts(`skip_verify = true`) }},
	{"hosts.toml with the CA under the host", func(s *site) {
		s.serve(s.leaf())
		s.trustRoot()
		s.hosts("[host.\"https://" + s.registry + "\"]\n  ca = \"ca.crt\"\n")
	}},
	{"hosts.toml that skips for the host", func(s *site) {
		s.serve(s.leaf())
		s.hosts("[host.\"https://" + s.registry + "\"]\n  skip_verify = true\n")
	}},
	{"hosts.toml that is invalid", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.certsd("hosts.toml", []byte("server = [\n")) }},
	{"hosts.toml that is empty", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.certsd("hosts.toml", nil) }},
	{"hosts.toml of comments", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.certsd("hosts.toml", []byte("# later\n")) }},
}

func (s *site) hosts(rest string) {
	s.certsd("hosts.toml", []byte("server = \"https://"+s.registry+"\"\n"+rest+"\n"))
}

// insecure are those in which somebody is told not to verify.
var insecure = []situation{
	{"plain HTTP", func(s *site) { s.servePlain(); s.trustRoot() }},
	{"plain HTTP, podman told so", func(s *site) { s.servePlain(); s.podmanInsecure() }},
	{"unknown CA, podman told not to verify", func(s *site) { s.serve(s.leaf()); s.podmanInsecure() }},
	{"root in place, podman told not to verify", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.podmanInsecure() }},
	{"insecure in daemon.json", func(s *site) { s.at(lab.InsecureHost, "5000"); s.serve(s.leaf()) }},
	{"insecure in daemon.json, other port", func(s *site) { s.at(lab.InsecureHost, "5002"); s.serve(s.leaf()) }},
	{"insecure network in daemon.json", func(s *site) { s.at(lab.InsecureNet, "5000"); s.serve(s.leaf()) }},
	{"insecure network, plain HTTP", func(s *site) { s.at(lab.InsecureNet, "5002"); s.servePlain() }},
	{"insecure network, root in place", func(s *site) { s.at(lab.InsecureNet, "5003"); s.serve(s.leaf()); s.trustRoot() }},
	{"name that resolves to loopback", func(s *site) { s.at(lab.Loopback, "5010"); s.serve(s.leaf()) }},
	{"loopback, root in place", func(s *site) { s.at(lab.Loopback, "5011"); s.serve(s.leaf()); s.trustRoot() }},
	{"localhost", func(s *site) { s.at(lab.Host{Name: "localhost", IP: "127.0.0.1"}, "5012"); s.serve(s.leaf()) }},
	{"loopback address", func(s *site) { s.at(lab.Host{Name: "127.0.0.1", IP: "127.0.0.1"}, "5013"); s.serve(s.leaf()) }},
	{"localhost, plain HTTP", func(s *site) { s.at(lab.Host{Name: "localhost", IP: "127.0.0.1"}, "5014"); s.servePlain() }},
}

// clients are about client certificates.
var clients = []situation{
	{"client certificate demanded", func(s *site) { s.demand(); s.trustRoot() }},
	{"client certificate given", func(s *site) {
		c := s.demand().Client("alice")
		s.trustRoot()
		s.certsd("client.cert", c.PEM())
		s.certsd("client.key", c.KeyPEM())
	}},
	{"client certificate of another CA", func(s *site) {
		s.demand()
		c := trusttest.NewCA(s.t, "Other CA").Client("mallory")
		s.trustRoot()
		s.certsd("client.cert", c.PEM())
		s.certsd("client.key", c.KeyPEM())
	}},
	{"client certificate optional", func(s *site) {
		config := s.leaf().Config()
		config.ClientAuth = tls.RequestClientCert
		s.serveConfig(config, s.l.Proxy())
		s.trustRoot()
	}},
	{"client certificate demanded by nginx", func(s *site) {
		ca := trusttest.NewCA(s.t, "Client CA")
		s.nginxDemand(ca)
		s.trustRoot()
	}},
	{"client certificate given to nginx", func(s *site) {
		ca := trusttest.NewCA(s.t, "Client CA")
		s.nginxDemand(ca)
		c := ca.Client("alice")
		s.trustRoot()
		s.certsd("client.cert", c.PEM())
		s.certsd("client.key", c.KeyPEM())
	}},
	{"key without certificate", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.certsd("client.key", s.root.KeyPEM()) }},
	{"certificate without key", func(s *site) { s.serve(s.leaf()); s.trustRoot(); s.certsd("client.cert", s.root.PEM()) }},
	{"client certificate as crt", func(s *site) {
		c := s.demand().Client("alice")
		s.trustRoot()
		s.certsd("client.crt", c.PEM())
		s.certsd("client.key", c.KeyPEM())
	}},
	{"key of another certificate", func(s *site) {
		s.serve(s.leaf())
		s.trustRoot()
		s.certsd("client.cert", s.root.Client("alice").PEM())
		s.certsd("client.key", s.root.Client("bob").KeyPEM())
	}},
	{"certificate and key in one file", func(s *site) {
		c := s.demand().Client("alice")
		s.trustRoot()
		s.certsd("client.cert", append(c.PEM(), c.KeyPEM()...))
	}},
}

// demand makes the server want a client certificate and returns the CA that may
// issue it.
func (s *site) demand() *trusttest.Cert {
	ca := trusttest.NewCA(s.t, "Client CA")
	config := s.leaf().Config()
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, ca.Pool()
	s.serveConfig(config, s.l.Proxy())
	return ca
}

func (s *site) nginxDemand(ca *trusttest.Cert) {
	file := s.l.Dir + "/" + s.host.Name + "-clients.pem"
	s.file(file, ca.PEM())
	s.nginx(s.leaf(), "ssl_client_certificate "+file+";", "ssl_verify_client on;")
}

// servers are odd servers, and those that send elsewhere.
var servers = []situation{
	{"TLS 1.2 at most", func(s *site) {
		config := s.leaf().Config()
		config.MaxVersion = tls.VersionTLS12
		s.serveConfig(config, s.l.Proxy())
		s.trustRoot()
	}},
	{"TLS 1.1 at most", func(s *site) {
		s.nginx(s.leaf(), "ssl_protocols TLSv1 TLSv1.1;", "ssl_ciphers ALL:@SECLEVEL=0;")
		s.trustRoot()
	}},
	{"CBC suites only", func(s *site) {
		s.nginx(s.leaf(trusttest.RSA(2048)), "ssl_protocols TLSv1.2;", "ssl_ciphers ECDHE-RSA-AES128-SHA;")
		s.trustRoot()
	}},
	{"RSA key exchange only", func(s *site) {
		s.nginx(s.leaf(trusttest.RSA(2048)), "ssl_protocols TLSv1.2;", "ssl_ciphers AES128-GCM-SHA256;")
		s.trustRoot()
	}},
	{"hangs in the handshake", func(s *site) {
		s.trustRoot()
		s.l.Listen(s.t, net.JoinHostPort(s.host.IP, s.port), func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	}},
	{"closes at once", func(s *site) {
		s.trustRoot()
		s.l.Listen(s.t, net.JoinHostPort(s.host.IP, s.port), func(net.Conn) {})
	}},
	{"nobody listens", func(s *site) { s.trustRoot() }},
	{"no such name", func(s *site) { s.host.Name = "nowhere.lab.test"; s.registry = s.host.At(s.port); s.trustRoot() }},
	{"token server of the same CA", func(s *site) {
		s.serveConfig(s.leaf().Config(), s.tokenServer(func(h lab.Host) *trusttest.Cert { return s.issuing.Leaf(trusttest.Names(h.Name)) }))
		s.trustRoot()
	}},
	{"token server of another CA", func(s *site) {
		other := trusttest.NewCA(s.t, "Token CA")
		s.serveConfig(s.leaf().Config(), s.tokenServer(func(h lab.Host) *trusttest.Cert { return other.Leaf(trusttest.Names(h.Name)) }))
		s.trustRoot()
	}},
	{"token server's CA in the registry's directory", func(s *site) {
		other := trusttest.NewCA(s.t, "Token CA")
		s.serveConfig(s.leaf().Config(), s.tokenServer(func(h lab.Host) *trusttest.Cert { return other.Leaf(trusttest.Names(h.Name)) }))
		s.trustRoot()
		s.certsd("token.crt", other.PEM())
	}},
	{"token server's CA in its own directory", func(s *site) {
		other := trusttest.NewCA(s.t, "Token CA")
		s.serveConfig(s.leaf().Config(), s.tokenServer(func(h lab.Host) *trusttest.Cert {
			s.file("/etc/docker/certs.d/"+h.At("5000")+"/ca.crt", other.PEM())
			return other.Leaf(trusttest.Names(h.Name))
		}))
		s.trustRoot()
	}},
	{"layers elsewhere, same CA", func(s *site) {
		s.serveConfig(s.leaf().Config(), s.blobServer(func(h lab.Host) *trusttest.Cert { return s.issuing.Leaf(trusttest.Names(h.Name)) }))
		s.trustRoot()
	}},
	{"layers elsewhere, another CA in the registry's directory", func(s *site) {
		other := trusttest.NewCA(s.t, "Storage CA")
		s.serveConfig(s.leaf().Config(), s.blobServer(func(h lab.Host) *trusttest.Cert { return other.Leaf(trusttest.Names(h.Name)) }))
		s.trustRoot()
		s.certsd("storage.crt", other.PEM())
	}},
}
