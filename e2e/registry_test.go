//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"mooring.dev/mooring/trust/trusttest"
)

const (
	account  = "alice"
	secret   = "correct horse"
	image1   = reg + "/team/app:1"
	rootName = "Corp Root CA"
)

// startRegistry runs a real registry at reg until the test ends: a private root,
// an intermediate, a server certificate, all of them sent; accounts; one image.
func startRegistry(t testing.TB, s *session) (root *trusttest.Cert) {
	t.Helper()
	root = trusttest.NewCA(t, rootName, trusttest.Organization("Example Corp"))
	issuing := root.Intermediate("Corp Issuing CA 3", trusttest.Organization("Example Corp"))
	leaf := issuing.Leaf(trusttest.Names(regHost), trusttest.Organization("Example Corp"))

	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, b, 0o644))
		return path
	}
	passwords, err := s.user.Command("htpasswd", "-Bbn", account, secret).Output()
	must(t, err)
	config := put("registry.yml", fmt.Appendf(nil, `version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: %s}}
http:
  addr: %s:5000
  tls: {certificate: %s, key: %s}
auth: {htpasswd: {realm: lab, path: %s}}
`, filepath.Join(dir, "images"), regIP,
		put("server.crt", trusttest.PEM(append(leaf.Sent(), root.Cert)...)), put("server.key", leaf.KeyPEM()), put("htpasswd", passwords)))
	s.registry = s.start("registry", rootCommand("docker-registry", "serve", config))
	s.wait("the registry", func() bool {
		c, err := net.Dial("tcp", regIP+":5000")
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	push(t, root)
	return root
}

// push puts an image without layers into the registry, as any client does.
func push(t testing.TB, root *trusttest.Cert) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(root.Cert)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	send := func(method, url, kind string, body []byte) string {
		req, err := http.NewRequest(method, url, bytes.NewReader(body))
		must(t, err)
		req.SetBasicAuth(account, secret)
		req.Header.Set("Content-Type", kind)
		resp, err := client.Do(req)
		must(t, err)
		defer resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			t.Fatalf("%s %s: %s", method, url, resp.Status)
		}
		return resp.Header.Get("Location")
	}
	const manifest, base = "application/vnd.oci.image.manifest.v1+json", "https://" + reg + "/v2/team/app/"
	config := fmt.Appendf(nil, `{"architecture":%q,"os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}`, runtime.GOARCH)
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256(config))
	upload := send("POST", base+"blobs/uploads/", "", nil)
	send("PUT", upload+"&digest="+digest, "application/octet-stream", config)
	send("PUT", base+"manifests/1", manifest, fmt.Appendf(nil,
		`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[]}`,
		manifest, digest, len(config)))
}

// verifies reports whether a fresh TLS client that trusts the CA files of dir,
// and nothing else, accepts the registry.
func verifies(t testing.TB, dir string) error {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.crt"))
	must(t, err)
	pool := x509.NewCertPool()
	for _, f := range files {
		b, err := os.ReadFile(f)
		must(t, err)
		pool.AppendCertsFromPEM(b)
	}
	c, err := tls.Dial("tcp", reg, &tls.Config{RootCAs: pool})
	if err != nil {
		return err
	}
	return c.Close()
}
