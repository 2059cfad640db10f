package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *Demo {
	t.Helper()
	d, err := Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// tree lists a directory with every file's mode and content.
func tree(t *testing.T, root string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := e.Info()
		if err != nil {
			return err
		}
		line := i.Mode().String() + " " + path
		if i.Mode().IsRegular() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			line += " " + string(b)
		}
		out = append(out, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func check(t *testing.T, m platform.Service, d *Demo) trust.Report {
	t.Helper()
	var out []trust.Report
	err := m.Check(t.Context(), []trust.Registry{d.Registry}, platform.CheckOptions{}, func(r trust.Report) { out = append(out, r) })
	if err != nil || len(out) != 1 {
		t.Fatalf("%d reports, %v", len(out), err)
	}
	return out[0]
}

// The tour: red, trusted, green, undone, red again, with real handshakes judged
// by Mooring and made by a client that reads the same directory.
func TestFromRedToGreenAndBack(t *testing.T) {
	d := start(t)
	m := d.Machine()
	before := tree(t, filepath.Join(d.Root, "etc"))

	expect(t, d, m, trust.Refused)
	plan, err := m.PlanTrust(t.Context(), platform.TrustRequest{
		Registries: []trust.Registry{d.Registry}, Anchors: []trust.Anchor{d.CA},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range plan.Forecast {
		if f.InScope && f.After != trust.Trusted {
			t.Errorf("foretold for %s %s: %s (%s)", f.Party, f.Operation, f.After, f.Reason)
		}
	}
	receipt, err := m.Apply(t.Context(), plan, func(platform.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, d, m, trust.Trusted)
	if _, err := m.Undo(t.Context(), receipt.ID, func(platform.Progress) {}); err != nil {
		t.Fatal(err)
	}
	expect(t, d, m, trust.Refused)
	if after := tree(t, filepath.Join(d.Root, "etc")); !slices.Equal(before, after) {
		t.Errorf("undo left\n%s\nof\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// expect checks that Mooring's verdict is want and that a real client agrees.
func expect(t *testing.T, d *Demo, m platform.Service, want trust.State) {
	t.Helper()
	r := check(t, m, d)
	if got := r.Verdict(); got != want {
		for _, v := range r.Endpoints[0].Verdicts {
			t.Logf("%s %s %s: %s %s %s", v.Consumer.Party, v.Consumer.Operation, v.Consumer.Loader, v.State, v.Reason, v.Detail)
		}
		t.Errorf("verdict %s, want %s", got, want)
	}
	err := d.SignIn(t.Context())
	var unknown x509.UnknownAuthorityError
	if want == trust.Trusted && err != nil || want == trust.Refused && !errors.As(err, &unknown) {
		t.Errorf("%s, but signing in says %v", want, err)
	}
}

func TestChainNeedsThePrivateRootAndThePassword(t *testing.T) {
	d := start(t)
	var unknown x509.UnknownAuthorityError
	if err := d.SignIn(t.Context()); !errors.As(err, &unknown) {
		t.Fatalf("without the CA: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(d.CA.Cert)
	get := func(user, password string) *http.Response {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+d.Registry.Address()+"/v2/", nil)
		if user != "" {
			req.SetBasicAuth(user, password)
		}
		c := http.Client{Transport: &http.Transport{DialContext: d.Dial, TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	if r := get("", ""); r.StatusCode != 401 || !strings.HasPrefix(r.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("without a password: %s %v", r.Status, r.Header)
	}
	if r := get(d.User, "x"+d.Password); r.StatusCode != 401 {
		t.Errorf("with a wrong password: %s", r.Status)
	}
	if r := get(d.User, d.Password); r.StatusCode != 200 || len(r.TLS.PeerCertificates) != 3 || len(r.TLS.VerifiedChains[0]) != 3 {
		t.Errorf("with the password: %s", r.Status)
	}
}

func TestDialsNothingElse(t *testing.T) {
	d := start(t)
	for _, address := range []string{"127.0.0.1:80", "registry.demo.example:1", "example.com:443"} {
		if c, err := d.Dial(t.Context(), "tcp", address); err == nil {
			c.Close()
			t.Errorf("dialled %s", address)
		}
	}
}

func TestFolderIsGoneAfterwards(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	d, err := Start(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{d.CAFile, filepath.Join(d.Root, "etc/docker/daemon.json")} {
		if !strings.HasPrefix(path, dir) {
			t.Errorf("%s is outside of %s", path, dir)
		}
	}
	cancel()
	if err := d.Close(); err != nil { // waits for what the context began
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := d.Dial(t.Context(), "tcp", d.Registry.Address()); err == nil {
		t.Error("the registry still answers")
	}
	if _, err := Start(t.Context(), filepath.Join(dir, "nowhere")); err == nil {
		t.Error("started in a directory that is not there")
	}
}

// A root that escapes its folder is of no use for any other name.
func TestRootSignsForNobodyElse(t *testing.T) {
	d := start(t)
	if !d.CA.Cert.PermittedDNSDomainsCritical || !slices.Equal(d.CA.Cert.PermittedDNSDomains, []string{"demo.example"}) {
		t.Errorf("the root may sign for %v", d.CA.Cert.PermittedDNSDomains)
	}
}
