//go:build integration

package stores

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/integration/namespace"
	"mooring.dev/mooring/trust/trusttest"
)

const registry = "reg.lab:5000"

// lab is a registry under a CA of its own, and a person with an empty home.
type lab struct {
	t    *testing.T
	ca   *trusttest.Cert
	file string // the CA's certificate
	home string
	env  []string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, ca: trusttest.NewCA(t, "Lab Root"), home: t.TempDir()}
	l.file = filepath.Join(l.home, "ca.pem")
	must(t, os.WriteFile(l.file, l.ca.PEM(), 0o644))
	leaf := l.ca.Leaf(trusttest.Names("reg.lab"))
	listener, err := tls.Listen("tcp", "10.77.0.10:5000", &tls.Config{Certificates: []tls.Certificate{leaf.TLS()}})
	must(t, err)
	crl, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour), Issuer: pkix.Name{},
	}, l.ca.Cert, l.ca.Key)
	must(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/crl" {
			_, _ = w.Write(crl)
			return
		}
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		_, _ = io.WriteString(w, "{}")
	}), ErrorLog: quiet()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() { server.Close(); <-done })
	return l
}

// write makes a file in the person's home.
func (l *lab) write(name string, content []byte) string {
	l.t.Helper()
	name = filepath.Join(l.home, name)
	must(l.t, os.WriteFile(name, content, 0o600))
	return name
}

// run runs a program as the person would.
func (l *lab) run(argv ...string) (string, error) {
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append([]string{"PATH=" + namespace.SearchPath, "HOME=" + l.home, "LANG=C.UTF-8", "TMPDIR=" + os.Getenv("TMPDIR")}, l.env...)
	cmd.Dir = l.home
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (l *lab) must(argv ...string) string {
	l.t.Helper()
	out, err := l.run(argv...)
	if err != nil {
		l.t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return out
}

func (l *lab) trust(party string) {
	l.t.Helper()
	l.must(program("mooring"), "trust", registry, "--ca", l.file, "--for", party, "--yes")
}

func (l *lab) undo() {
	l.t.Helper()
	l.must(program("mooring"), "undo", "--yes")
}

// verdicts is what a check makes of a party's consumers, by instance.
func (l *lab) verdicts(party string) map[string]string {
	l.t.Helper()
	out, _ := l.run(program("mooring"), "check", registry, "--party", party, "--json")
	var answer struct {
		Registries []struct {
			Endpoints []struct {
				Parties []struct{ Party, Instance, Verdict string }
			}
		}
	}
	if err := json.Unmarshal([]byte(out[strings.Index(out, "{"):]), &answer); err != nil {
		l.t.Fatalf("%v\n%s", err, out)
	}
	verdicts := map[string]string{}
	for _, p := range answer.Registries[0].Endpoints[0].Parties {
		if p.Party == party {
			verdicts[p.Instance] = p.Verdict
		}
	}
	return verdicts
}

// expect compares Mooring's verdict with what the client itself says.
func (l *lab) expect(party, instance string, trusts bool, client func() bool) {
	l.t.Helper()
	want := map[bool]string{true: "trusted", false: "refused"}[trusts]
	if got := l.verdicts(party)[instance]; got != want {
		l.t.Errorf("mooring: %s %s is %q, want %q", party, instance, got, want)
	}
	if got := client(); got != trusts {
		l.t.Errorf("%s %s itself trusts it: %v, want %v", party, instance, got, trusts)
	}
}

// tstclnt makes a TLS connection as NSS does with a database.
func (l *lab) tstclnt(dir string) func() bool {
	return func() bool {
		l.t.Helper()
		out, err := l.run("tstclnt", "-h", "reg.lab", "-p", "5000", "-d", "sql:"+dir, "-Q")
		if err != nil && !strings.Contains(out, "SEC_ERROR_UNKNOWN_ISSUER") && !strings.Contains(out, "SEC_ERROR_UNTRUSTED_ISSUER") {
			l.t.Fatalf("tstclnt: %v\n%s", err, out)
		}
		return err == nil
	}
}

// TestNSS puts the CA into each database of a person's, shared and Firefox's, and
// takes it out: certutil sees it, and connections succeed and fail with it.
func TestNSS(t *testing.T) {
	l := newLab(t)
	shared, profile := filepath.Join(l.home, ".local/share/pki/nssdb"), filepath.Join(l.home, ".mozilla/firefox/x.default")
	for _, dir := range []string{shared, profile} {
		must(t, os.MkdirAll(dir, 0o700))
		l.must("certutil", "-N", "-d", "sql:"+dir, "--empty-password")
	}
	ini := "[Profile0]\nName=default\nIsRelative=1\nPath=x.default\nDefault=1\n"
	must(t, os.WriteFile(filepath.Join(l.home, ".mozilla/firefox/profiles.ini"), []byte(ini), 0o600))
	other := trusttest.NewCA(t, "Lab Root") // of the same name
	theirs := l.write("other.pem", other.PEM())
	l.must("certutil", "-A", "-d", "sql:"+profile, "-n", "theirs", "-t", "CT,C,C", "-i", theirs)
	before := l.must("certutil", "-L", "-d", "sql:"+profile)
	expect := func(trusts bool) {
		t.Helper()
		for _, dir := range []string{shared, profile} {
			l.expect("nss", dir, trusts, l.tstclnt(dir))
		}
	}
	expect(false)
	l.trust("nss")
	expect(true)
	if out := l.must("certutil", "-L", "-d", "sql:"+profile); !strings.Contains(out, "mooring-") || !strings.Contains(out, "theirs") {
		t.Errorf("certutil lists\n%s", out)
	}
	l.undo()
	expect(false)
	unchanged := func() {
		t.Helper()
		if after := l.must("certutil", "-L", "-d", "sql:"+profile); after != before {
			t.Errorf("certutil lists\n%s\nbefore\n%s", after, before)
		}
	}
	unchanged()
	// What another tool added ceases to be trusted, too, and nothing of others'.
	l.must("certutil", "-A", "-d", "sql:"+profile, "-n", "by hand", "-t", "C,,", "-i", l.file)
	l.trust("nss")
	expect(true)
	l.must(program("mooring"), "untrust", registry, "--yes")
	expect(false)
	unchanged()
	l.undo()
	if out := l.must("certutil", "-L", "-d", "sql:"+profile); !strings.Contains(out, "by hand") {
		t.Errorf("certutil lists\n%s", out)
	}
	expect(true)
}

// TestNSSPassword: a database under a password cannot be changed, which is said, and
// nothing is left of the plan anywhere.
func TestNSSPassword(t *testing.T) {
	l := newLab(t)
	shared, profile := filepath.Join(l.home, ".pki/nssdb"), filepath.Join(l.home, ".mozilla/firefox/x.default")
	password := l.write("password", []byte("secret\n"))
	for dir, args := range map[string][]string{shared: {"-f", password}, profile: {"--empty-password"}} {
		must(t, os.MkdirAll(dir, 0o700))
		l.must(append([]string{"certutil", "-N", "-d", "sql:" + dir}, args...)...)
	}
	must(t, os.WriteFile(filepath.Join(l.home, ".mozilla/firefox/profiles.ini"), []byte("[Profile0]\nIsRelative=1\nPath=x.default\n"), 0o600))
	out, err := l.run(program("mooring"), "trust", registry, "--ca", l.file, "--for", "nss", "--yes")
	if err == nil || !strings.Contains(out, "has a password") {
		t.Errorf("%v: %s", err, out)
	}
	for _, dir := range []string{shared, profile} {
		if out := l.must("certutil", "-L", "-d", "sql:"+dir); strings.Contains(out, "mooring-") {
			t.Errorf("left in %s:\n%s", dir, out)
		}
	}
}

// quiet: the handshakes that clients break off are what the tests are about.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
