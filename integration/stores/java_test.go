//go:build integration

package stores

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/javahome"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const derivedStore = "/etc/ssl/certs/java/cacerts"

// javaRuntime is the Java that the tests use, alone on this machine.
type javaRuntime struct {
	*lab
	dir, cacerts string
}

// newRuntime leaves the runtime of "keytool" and no other; /usr/lib/jvm is the
// test's own.
func newRuntime(t *testing.T) *javaRuntime {
	t.Helper()
	l := newLab(t)
	keytool, err := filepath.EvalSymlinks("/usr/bin/keytool")
	must(t, err)
	r := &javaRuntime{lab: l, dir: filepath.Dir(filepath.Dir(keytool))}
	r.cacerts = filepath.Join(r.dir, "lib/security/cacerts")
	entries, err := os.ReadDir("/usr/lib/jvm")
	must(t, err)
	for _, e := range entries {
		if name := filepath.Join("/usr/lib/jvm", e.Name()); name != r.dir {
			must(t, os.RemoveAll(name))
		}
	}
	return r
}

// own gives the runtime a keystore of its own instead of the distribution's.
func (r *javaRuntime) own(format string) {
	r.t.Helper()
	made := filepath.Join(r.home, "cacerts")
	r.must("keytool", "-J-Dkeystore.pkcs12.macAlgorithm=NONE", "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE",
		"-importkeystore", "-noprompt", "-srckeystore", derivedStore, "-srcstorepass", "changeit",
		"-destkeystore", made, "-deststoretype", format, "-deststorepass", "changeit")
	data, err := os.ReadFile(made)
	must(r.t, err)
	must(r.t, os.Remove(r.cacerts))
	must(r.t, os.WriteFile(r.cacerts, data, 0o644))
	r.t.Cleanup(func() {
		must(r.t, os.Remove(r.cacerts))
		must(r.t, os.Symlink(derivedStore, r.cacerts))
	})
}

// trusts makes a TLS connection as Java does: for a revocation list, which keytool
// then prints.
func (r *javaRuntime) trusts() bool {
	r.t.Helper()
	out, err := r.run("keytool", "-printcrl", "-file", "https://"+registry+"/crl")
	if err != nil && !strings.Contains(out, "PKIX path building failed") && !strings.Contains(out, "PKIX path validation failed") {
		r.t.Fatalf("keytool: %v\n%s", err, out)
	}
	return err == nil
}

// TestJava puts the CA into a runtime's own keystore, in both formats, and takes it
// out: keytool lists it, and connections succeed and fail with it.
func TestJava(t *testing.T) {
	for _, format := range []string{"jks", "pkcs12"} {
		t.Run(format, func(t *testing.T) {
			r := newRuntime(t)
			r.own(format)
			before, err := os.ReadFile(r.cacerts)
			must(t, err)
			r.expect("java", r.dir, false, r.trusts)
			r.trust("java")
			r.expect("java", r.dir, true, r.trusts)
			alias := "mooring-" + trust.FingerprintOf(r.ca.Cert).Short()
			if out := r.must("keytool", "-list", "-keystore", r.cacerts, "-storepass", "changeit", "-alias", alias); !strings.Contains(out, "trustedCertEntry") {
				t.Errorf("keytool lists %s", out)
			}
			r.undo()
			r.expect("java", r.dir, false, r.trusts)
			if after, err := os.ReadFile(r.cacerts); err != nil || !bytes.Equal(before, after) {
				t.Errorf("not as it was, %v", err)
			}
			// keytool goes on with what Mooring wrote, and Mooring with what keytool wrote.
			r.trust("java")
			r.must("keytool", "-importcert", "-noprompt", "-keystore", r.cacerts, "-storepass", "changeit", "-alias", "theirs", "-file", r.other())
			r.undo()
			r.expect("java", r.dir, false, r.trusts)
			r.must("keytool", "-list", "-keystore", r.cacerts, "-storepass", "changeit", "-alias", "theirs")
		})
	}
}

// other is the file of another CA.
func (r *javaRuntime) other() string {
	r.t.Helper()
	name := filepath.Join(r.home, "other.pem")
	must(r.t, os.WriteFile(name, trusttest.NewCA(r.t, "Lab Root").PEM(), 0o644))
	return name
}

// TestJavaDerived: a keystore that Debian's hook makes from the trust store gets the
// CA by way of that, and loses it with it.
func TestJavaDerived(t *testing.T) {
	r := newRuntime(t)
	homes := javahome.Find(world.Here())
	if len(homes) != 1 || !homes[0].Derived {
		t.Fatalf("runtimes %+v", homes)
	}
	r.expect("java", r.dir, false, r.trusts)
	r.trust("java")
	r.expect("java", r.dir, true, r.trusts)
	r.undo()
	r.expect("java", r.dir, false, r.trusts)
}
