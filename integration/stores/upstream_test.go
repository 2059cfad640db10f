//go:build integration

package stores

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/trust/trusttest"
)

// What docs/truststore.md says of smallstep/truststore v0.13.0 is seen here, so that
// the page is looked at again when a release mends it.

// upstream runs truststore's own code.
func (l *lab) upstream(args ...string) (string, error) {
	return l.run(append([]string{program("upstream")}, args...)...)
}

// TestUpstreamFileName: the file that root writes is named by the certificate.
func TestUpstreamFileName(t *testing.T) {
	f := families()["debian"]
	r := f.root(t)
	r.put("/etc/victim/", "")
	r.put("/usr/local/share/ca-certificates/x/", "") // "x" in the name must be a directory
	ca := trusttest.NewCA(t, "x/../../../../../etc/victim/y", trusttest.Serial(7))
	r.put("/tmp/ca.pem", string(ca.PEM()))
	r.put("/usr/bin/sudo", "#!/bin/sh\nshift\nexec \"$@\"\n")
	if out, err := r.inRoot(program("upstream"), "install", "system", "/tmp/ca.pem"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !r.has("/etc/victim/y_7.crt") {
		t.Error("truststore keeps to its directory now")
	}
}

// databases makes those of a person's, each with these arguments.
func (l *lab) databases(of map[string][]string) {
	l.t.Helper()
	for dir, args := range of {
		must(l.t, os.MkdirAll(dir, 0o700))
		l.must(append([]string{"certutil", "-N", "-d", "sql:" + dir}, args...)...)
	}
}

// TestUpstreamNSSHalf: all databases that it knows get a certificate, and when one of
// them fails the others stay changed.
func TestUpstreamNSSHalf(t *testing.T) {
	l := newLab(t)
	locked, newer, profile := filepath.Join(l.home, ".pki/nssdb"), filepath.Join(l.home, ".local/share/pki/nssdb"), filepath.Join(l.home, ".mozilla/firefox/x.default")
	l.databases(map[string][]string{
		locked: {"-f", l.write("password", []byte("secret\n"))}, newer: {"--empty-password"}, profile: {"--empty-password"},
	})
	file := l.write("one.pem", trusttest.NewCA(t, "Twin", trusttest.Serial(7)).PEM())
	if out, err := l.upstream("install", "nss", file); err == nil {
		t.Errorf("installed: %s", out)
	}
	for dir, want := range map[string][2]bool{locked: {true, false}, newer: {}, profile: {true, true}} {
		list := l.must("certutil", "-L", "-d", "sql:"+dir)
		if got := [2]bool{strings.Contains(list, "Twin 7"), strings.Contains(list, "C,,")}; got != want {
			t.Errorf("%s: held and trusted %v, want %v", dir, got, want)
		}
	}
}

// TestUpstreamNSSTwins: a certificate is known by its name and serial number.
func TestUpstreamNSSTwins(t *testing.T) {
	l := newLab(t)
	l.databases(map[string][]string{filepath.Join(l.home, ".pki/nssdb"): {"--empty-password"}})
	first := l.write("one.pem", trusttest.NewCA(t, "Twin", trusttest.Serial(7)).PEM())
	second := l.write("two.pem", trusttest.NewCA(t, "Twin", trusttest.Serial(7)).PEM())
	if out, err := l.upstream("install", "nss", first); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := l.upstream("exists", "nss", second); err != nil || strings.TrimSpace(out) != "true" {
		t.Errorf("told apart: %q, %v", out, err)
	}
	if out, err := l.upstream("uninstall", "nss", second); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := l.upstream("exists", "nss", first); err != nil || strings.TrimSpace(out) != "false" {
		t.Errorf("told apart: %q, %v", out, err)
	}
}

// TestUpstreamJava: it asks for JAVA_HOME alone, sees a certificate by fingerprint,
// and removes by name and serial number.
func TestUpstreamJava(t *testing.T) {
	r := newRuntime(t)
	r.own("jks")
	one, two := trusttest.NewCA(t, "Twin", trusttest.Serial(7)), trusttest.NewCA(t, "Twin", trusttest.Serial(7))
	first, second := r.write("one.pem", one.PEM()), r.write("two.pem", two.PEM())
	if out, err := r.upstream("exists", "java", first); err == nil {
		t.Errorf("a runtime is found without JAVA_HOME: %s", out)
	}
	r.env = []string{"JAVA_HOME=" + r.dir}
	if out, err := r.upstream("install", "java", first); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for file, want := range map[string]string{first: "true", second: "false"} {
		if out, err := r.upstream("exists", "java", file); err != nil || strings.TrimSpace(out) != want {
			t.Errorf("%s exists: %q, %v", file, out, err)
		}
	}
	if out, err := r.upstream("install", "java", second); err == nil {
		t.Errorf("two of one name: %s", out)
	}
	if out, err := r.upstream("uninstall", "java", second); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := r.upstream("exists", "java", first); err != nil || strings.TrimSpace(out) != "false" {
		t.Errorf("the other certificate was told apart: %q, %v", out, err)
	}
}
