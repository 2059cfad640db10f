//go:build integration

package integration

import (
	"encoding/base64"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// corp is a registry as companies run them: a private root, an issuing CA, and a
// leaf, with an account to sign in to.
type corp struct {
	host     lab.Host
	registry string
	image    string
	root     *trusttest.Cert
}

func newCorp(t *testing.T, l *lab.Lab) corp {
	t.Helper()
	h := l.Host(t)
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Intermediate("Corp Issuing CA").Leaf(trusttest.Names(h.Name))
	c := corp{host: h, registry: h.At("5000"), root: root, image: l.Seed(t)}
	l.Registry(t, h, "5000", leaf)
	signIn(t, l, c.registry)
	return c
}

// signIn writes the account where docker, podman and skopeo find it.
func signIn(t *testing.T, l *lab.Lab, registry string) {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(lab.User + ":" + lab.Password))
	config, err := json.Marshal(map[string]any{"auths": map[string]any{registry: map[string]string{"auth": auth}}})
	if err != nil {
		t.Fatal(err)
	}
	l.Write(t, filepath.Join(l.Home, ".docker/config.json"), config, 0o600)
}

// TestEngines shows that the lab's engines are the real thing: each refuses a
// private CA in its own words, and pulls once the CA is where it looks.
func TestEngines(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	c := newCorp(t, l)
	judges := lab.Without(lab.Curl) // has no directory of one registry
	for judge, out := range l.Pulls(c.registry, c.image, judges...) {
		if out.OK() || !strings.Contains(out.Text(), "x509: certificate signed by unknown authority") {
			t.Errorf("%s without the CA: exit status %d\n%s", judge, out.Code, out.Text())
		}
	}
	l.Write(t, "/etc/docker/certs.d/"+c.registry+"/ca.crt", c.root.PEM(), 0o644)
	for judge, out := range l.Pulls(c.registry, c.image, judges...) {
		if !out.OK() {
			t.Errorf("%s with the CA: exit status %d\n%s", judge, out.Code, out.Text())
		}
	}
}

// TestCRIDefault: containerd 2.1 to 2.4 hand the two directories of CRI's default
// to the transfer service as one name, which is that of no directory.
func TestCRIDefault(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	c := newCorp(t, l)
	l.CRIDirectory(t, "")
	l.Write(t, "/etc/docker/certs.d/"+c.registry+"/ca.crt", c.root.PEM(), 0o644)
	l.Write(t, "/etc/containerd/certs.d/"+c.registry+"/ca.crt", c.root.PEM(), 0o644)
	c.foretells(t, l, "with the root in both directories", trust.Refused, "", lab.CRI)
	c.expect(t, l, "with the root in both directories", false, lab.CRI)
}
