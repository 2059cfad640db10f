//go:build integration

package stores

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/javastore"
	"mooring.dev/mooring/trust/trusttest"
)

// family is one family of distributions: what its root has, and what Mooring must
// do there. Debian's script is the real one of this machine, and so is p11-kit's
// trust; of the others' own scripts, which Debian does not have, stand-ins do the
// same steps.
type family struct {
	files     map[string]string
	dir       string // where anchors go
	add, undo string // the commands
	bundle    string
	java      string // the keystore that is derived, "" for none
	hashed    string // the directory with OpenSSL's hash links, "" for none
	upstream  [2]string
}

const (
	debianScript = "/usr/sbin/update-ca-certificates"
	localDir     = "/usr/local/share/ca-certificates"
	debianBundle = "/etc/ssl/certs/ca-certificates.crt"
)

// debian is a root in which Debian's own script runs, which Gentoo
// (app-misc/ca-certificates) and Void (srcpkgs/ca-certificates) have taken over.
func debian(marker string) family {
	f := family{
		files: map[string]string{localDir + "/": "", "/etc/ca-certificates/update.d/": "", "/etc/ca-certificates.conf": "", "/etc/ssl/certs/": ""},
		dir:   localDir, add: debianScript, undo: debianScript + " --fresh", bundle: debianBundle, hashed: "/etc/ssl/certs",
		upstream: [2]string{localDir + "/%s.crt", "update-ca-certificates"},
	}
	if marker != "" {
		f.files[marker] = ""
	}
	return f
}

// p11kit says where p11-kit's module looks for anchors; distributions set that when
// they build it.
func p11kit(paths string) string {
	return "module: p11-kit-trust.so\npriority: 1\ntrust-policy: yes\nx-init-reserved: paths='" + paths + "'\n"
}

const p11config = "/etc/pkcs11/modules/p11-kit-trust.module"

func families() map[string]family {
	alpine := debian("/etc/alpine-release")
	// Alpine's program (gitlab.alpinelinux.org alpine/ca-certificates
	// update-ca-certificates.c) takes *.crt of the directory as it is, links each as
	// ca-cert-NAME.pem, and rehashes; it knows no options.
	alpine.files[debianScript] = `#!/bin/sh
set -e
cd /etc/ssl/certs
rm -f ca-cert-*.pem ca-certificates.crt.tmp
: > ca-certificates.crt.tmp
for f in /usr/local/share/ca-certificates/*.crt; do
	[ -e "$f" ] || continue
	ln -sf "$f" "ca-cert-$(basename "$f" .crt).pem"
	cat "$f" >> ca-certificates.crt.tmp
done
mv ca-certificates.crt.tmp ca-certificates.crt
openssl rehash . > /dev/null
`
	return map[string]family{
		"debian": debian(""), "gentoo": debian("/etc/gentoo-release"), "void": debian("/usr/bin/xbps-install"), "alpine": alpine,
		"fedora": {
			// src.fedoraproject.org/rpms/ca-certificates update-ca-trust
			files: map[string]string{
				"/etc/pki/ca-trust/source/anchors/": "", "/etc/pki/ca-trust/extracted/pem/": "", "/etc/pki/ca-trust/extracted/java/": "",
				p11config: p11kit("/etc/pki/ca-trust/source:/usr/share/pki/ca-trust-source"),
				"/usr/bin/update-ca-trust": `#!/bin/sh
set -e
[ "$1" = extract ]
DEST=/etc/pki/ca-trust/extracted
export P11_KIT_NO_USER_CONFIG=1
trust extract --format=pem-bundle --filter=ca-anchors --overwrite --comment --purpose server-auth $DEST/pem/tls-ca-bundle.pem
trust extract --format=java-cacerts --filter=ca-anchors --overwrite --purpose server-auth $DEST/java/cacerts
`,
				"/usr/libexec/p11-kit/trust-extract-compat": "#!/bin/sh\nexec /usr/bin/update-ca-trust extract\n",
				"/etc/pki/tls/certs/ca-bundle.crt":          "->/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
			},
			dir: "/etc/pki/ca-trust/source/anchors", add: "/usr/bin/update-ca-trust extract", undo: "/usr/bin/update-ca-trust extract",
			bundle: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", java: "/etc/pki/ca-trust/extracted/java/cacerts",
			upstream: [2]string{"/etc/pki/ca-trust/source/anchors/%s.pem", "update-ca-trust extract"},
		},
		"arch": {
			// gitlab.archlinux.org/archlinux/packaging/packages/ca-certificates update-ca-trust
			files: map[string]string{
				"/etc/ca-certificates/trust-source/anchors/": "", "/etc/ca-certificates/extracted/": "", "/etc/ssl/certs/java/": "",
				p11config: p11kit("/etc/ca-certificates/trust-source:/usr/share/ca-certificates/trust-source"),
				"/usr/bin/update-ca-trust": `#!/bin/sh
set -e
DEST=/etc/ca-certificates/extracted
trust extract --overwrite --format=pem-bundle --filter=ca-anchors --purpose server-auth --comment $DEST/tls-ca-bundle.pem
trust extract --overwrite --format=java-cacerts --filter=ca-anchors --purpose server-auth /etc/ssl/certs/java/cacerts
trust extract --overwrite --format=pem-directory-hash --filter=ca-anchors --purpose server-auth $DEST/cadir
ln -fs ../../ca-certificates/extracted/tls-ca-bundle.pem /etc/ssl/certs/ca-certificates.crt
`,
				"/usr/libexec/p11-kit/trust-extract-compat": "#!/bin/sh\nexec /usr/bin/update-ca-trust\n",
			},
			dir: "/etc/ca-certificates/trust-source/anchors", add: "/usr/bin/update-ca-trust extract", undo: "/usr/bin/update-ca-trust extract",
			bundle: "/etc/ca-certificates/extracted/tls-ca-bundle.pem", java: "/etc/ssl/certs/java/cacerts", hashed: "/etc/ca-certificates/extracted/cadir",
			upstream: [2]string{"/etc/ca-certificates/trust-source/anchors/%s.crt", "trust extract-compat"},
		},
		"suse": {
			// github.com/openSUSE/ca-certificates update-ca-certificates and *.run
			files: map[string]string{
				"/etc/pki/trust/anchors/": "", "/usr/share/pki/trust/anchors/": "", "/var/lib/ca-certificates/openssl/": "", "/etc/ssl/": "",
				p11config: p11kit("/etc/pki/trust:/usr/share/pki/trust"),
				debianScript: `#!/bin/sh
set -e
cd /var/lib/ca-certificates
trust extract --purpose=server-auth --filter=ca-anchors --format=pem-bundle --overwrite --comment ca-bundle.pem
trust extract --purpose=server-auth --filter=ca-anchors --format=java-cacerts --overwrite java-cacerts
trust extract --purpose=server-auth --filter=ca-anchors --format=pem-directory-hash --overwrite pem
`,
				"/etc/ssl/certs": "->/var/lib/ca-certificates/pem", "/etc/ssl/ca-bundle.pem": "->/var/lib/ca-certificates/ca-bundle.pem",
			},
			dir: "/etc/pki/trust/anchors", add: debianScript, undo: debianScript,
			bundle: "/var/lib/ca-certificates/ca-bundle.pem", java: "/var/lib/ca-certificates/java-cacerts", hashed: "/var/lib/ca-certificates/pem",
			upstream: [2]string{"/usr/share/pki/trust/anchors/%s.crt", "update-ca-certificates"},
		},
	}
}

// root is a root of the family, without what Debian alone has.
func (f family) root(t *testing.T) *root {
	t.Helper()
	r := newRoot(t, nil)
	if _, own := f.files[localDir+"/"]; !own {
		must(t, os.RemoveAll(r.at(localDir)))
	}
	if _, own := f.files[debianScript]; !own && f.add != debianScript {
		must(t, os.RemoveAll(r.at(debianScript)))
	}
	for name, content := range f.files {
		r.put(name, content)
	}
	return r
}

// plan is the plan to trust ca in the store of a root.
func plan(t *testing.T, r *root, ca *trusttest.Cert) trust.Plan {
	t.Helper()
	reg, _, err := trust.ParseRegistry("reg.lab:5000")
	must(t, err)
	w := r.world()
	w.Run, w.Root = nil, r.dir
	p, err := planner.Trust(planner.Input{
		Set:     consumers.Gather(t.Context(), w),
		Probes:  []trust.Probe{{Registry: reg, Endpoints: []trust.Endpoint{{Role: trust.RoleRegistry, Host: "reg.lab", Address: reg.Address(), Sent: ca.Leaf(trusttest.Names("reg.lab")).Sent()}}}},
		Anchors: []trust.Anchor{{Cert: ca.Cert, Source: "given"}}, Scope: func(trust.Registry) []trust.Party { return []trust.Party{trust.System} },
		Writable: func(string) bool { return true },
	})
	must(t, err)
	return p
}

func (r *root) engine() *change.Engine {
	return &change.Engine{Dir: r.at("/var/lib/mooring"), Root: r.dir, Commands: anchors.Table{World: r.world()}}
}

// holds reports in which of the derived stores of a family ca is a member.
func (f family) holds(t *testing.T, r *root, ca *trusttest.Cert) (bundle, java, hashed bool) {
	t.Helper()
	bundle = slices.Contains(anchors.Fingerprints(r.read(f.bundle)), trust.FingerprintOf(ca.Cert).String())
	if f.java != "" {
		k, err := javastore.Parse(r.read(f.java))
		must(t, err)
		java = len(k.Aliases(ca.Cert)) > 0
	}
	if f.hashed != "" {
		r.put("/tmp/leaf.pem", string(ca.Leaf().PEM()))
		_, err := r.inRoot("/usr/bin/openssl", "verify", "-no-CAfile", "-CApath", f.hashed, "/tmp/leaf.pem")
		hashed = err == nil
	}
	return bundle, java, hashed
}

// TestFamilies adds an anchor to the store of every family and takes it back: the
// file, the command with its arguments, and what each derived store then holds.
func TestFamilies(t *testing.T) {
	for name, f := range families() {
		t.Run(name, func(t *testing.T) {
			r := f.root(t)
			if got, ok := anchors.Detect(r.world()); !ok || got.Name != name {
				t.Fatalf("detected as %q", got.Name)
			}
			ca, other := trusttest.NewCA(t, "Lab Root"), trusttest.NewCA(t, "Somebody Else's")
			r.put(filepath.Join(f.dir, "theirs.crt"), string(other.PEM()))
			p := plan(t, r, ca)
			file := filepath.Join(f.dir, "mooring-"+trust.FingerprintOf(ca.Cert).Short()+".crt")
			if len(p.Changes) != 2 || p.Changes[0].Path != file || p.Changes[1].Kind != trust.RunCommand {
				t.Fatalf("changes %+v", p.Changes)
			}
			receipt, err := r.engine().Apply(t.Context(), p, nil)
			must(t, err)
			if !bytes.Equal(r.read(file), ca.PEM()) || !slices.Equal(r.ran, []string{f.add}) {
				t.Errorf("ran %q", r.ran)
			}
			f.check(t, r, ca, true)
			f.check(t, r, other, true)
			if _, held := consumers.ReadSystem(r.world()).Anchors.Find(ca.Cert); !held {
				t.Error("Go's programs do not read it")
			}
			if added := receipt.Changes[1].Added; !slices.Equal(added, []string{trust.FingerprintOf(ca.Cert).String()}) {
				t.Errorf("added %v", added)
			}
			r.ran = nil
			receipt, err = r.engine().Undo(t.Context(), receipt.ID, nil)
			must(t, err)
			if r.has(file) || !slices.Equal(r.ran, []string{f.undo}) || len(receipt.Changes[1].Remains) > 0 {
				t.Errorf("after undo: ran %q, %+v", r.ran, receipt.Changes)
			}
			f.check(t, r, ca, false)
			f.check(t, r, other, true)
		})
	}
}

func (f family) check(t *testing.T, r *root, ca *trusttest.Cert, want bool) {
	t.Helper()
	ran := r.ran
	bundle, java, hashed := f.holds(t, r, ca)
	r.ran = ran
	if bundle != want || f.java != "" && java != want || f.hashed != "" && hashed != want {
		t.Errorf("%s: in the bundle %v, in Java's keystore %v, by hash link %v; want %v", ca.Cert.Subject, bundle, java, hashed, want)
	}
}

// TestTrustAnchor: what p11-kit's own tool stores is seen as there, and stays when
// Mooring takes back what it did; of what Mooring stores, trust lists it.
func TestTrustAnchor(t *testing.T) {
	f := families()["fedora"]
	r := f.root(t)
	ca, theirs := trusttest.NewCA(t, "Lab Root"), trusttest.NewCA(t, "Stored By Trust")
	r.put("/tmp/theirs.pem", string(theirs.PEM()))
	if out, err := r.inRoot("/usr/bin/trust", "anchor", "--store", "/tmp/theirs.pem"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f.check(t, r, theirs, true)
	if p := plan(t, r, theirs); len(p.Pending()) != 0 {
		t.Errorf("planned %+v", p.Pending())
	}
	receipt, err := r.engine().Apply(t.Context(), plan(t, r, ca), nil)
	must(t, err)
	out, err := r.inRoot("/usr/bin/trust", "list", "--filter=ca-anchors")
	if err != nil || !strings.Contains(out, "label: Lab Root") {
		t.Errorf("trust lists %q, %v", out, err)
	}
	_, err = r.engine().Undo(t.Context(), receipt.ID, nil)
	must(t, err)
	f.check(t, r, ca, false)
	f.check(t, r, theirs, true)
	if out, err := r.inRoot("/usr/bin/trust", "anchor", "--remove", "/tmp/theirs.pem"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f.check(t, r, theirs, false)
}

// TestUpstreamTable sets smallstep/truststore's table beside Mooring's, row by row:
// docs/truststore.md says where they differ.
func TestUpstreamTable(t *testing.T) {
	for name, f := range families() {
		out, err := f.root(t).inRoot(program("upstream"), "table")
		must(t, err)
		if got := strings.Split(strings.TrimSpace(out), "\n"); !slices.Equal(got, f.upstream[:]) {
			t.Errorf("%s: truststore has %q, the page says %q", name, got, f.upstream)
		}
	}
}
