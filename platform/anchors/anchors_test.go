package anchors

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// tree makes a root with files; names that end in a slash are directories.
func tree(t *testing.T, names ...string) world.World {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		p := filepath.Join(root, name)
		dir := filepath.Dir(p)
		if strings.HasSuffix(name, "/") {
			dir = p
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir != p {
			if err := os.WriteFile(p, nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return world.Under(root, "linux")
}

func TestDetect(t *testing.T) {
	const debianDir, debianCommand = "/usr/local/share/ca-certificates/", "/usr/sbin/update-ca-certificates"
	for _, c := range []struct {
		want  string
		files []string
	}{
		{"debian", []string{debianDir, debianCommand}},
		{"alpine", []string{debianDir, debianCommand, "/etc/alpine-release"}},
		{"gentoo", []string{debianDir, debianCommand, "/etc/gentoo-release"}},
		{"void", []string{debianDir, "/usr/bin/update-ca-certificates", "/usr/bin/xbps-install"}},
		{"fedora", []string{"/etc/pki/ca-trust/source/anchors/", "/usr/bin/update-ca-trust"}},
		{"arch", []string{"/etc/ca-certificates/trust-source/anchors/", "/usr/bin/update-ca-trust"}},
		{"suse", []string{"/etc/pki/trust/anchors/", debianCommand}},
		// A stale directory of another family, without its command, misleads nobody.
		{"debian", []string{debianDir, debianCommand, "/etc/pki/ca-trust/source/anchors/"}},
		{"fedora", []string{"/etc/pki/ca-trust/source/anchors/", "/usr/bin/update-ca-trust", debianDir}},
		{"", []string{debianDir}},
		{"", []string{debianCommand}},
		{"", []string{debianDir, debianCommand + "/"}},
		{"", nil},
		{"nixos", []string{"/etc/NIXOS", debianDir, debianCommand}},
	} {
		f, ok := Detect(tree(t, c.files...))
		if f.Name != c.want || ok != (c.want != "") {
			t.Errorf("%v: %q, %v", c.files, f.Name, ok)
		}
		if ok && (f.Command == "") != (f.Name == "nixos") {
			t.Errorf("%s: command %q", f.Name, f.Command)
		}
		if f.Command != "" && (f.Shown == "" || f.ShownUndo == "" || f.Ext != ".crt" || len(f.Bundles) == 0) {
			t.Errorf("%s is incomplete: %+v", f.Name, f)
		}
		if f.Name == "nixos" && f.Snippet == "" {
			t.Error("nothing to print for NixOS")
		}
	}
	for _, system := range []string{"windows", "darwin"} {
		w := tree(t, debianDir, debianCommand)
		w.OS = system
		if _, ok := Detect(w); ok {
			t.Errorf("a family on %s", system)
		}
	}
}

// recorder runs nothing and remembers what it was asked.
type recorder struct {
	ran  []world.Command
	code int
}

func (r *recorder) Run(_ context.Context, c world.Command) (world.Result, error) {
	r.ran = append(r.ran, c)
	return world.Result{Code: r.code, Stdout: []byte("first\n"), Stderr: []byte("the reason\n")}, nil
}

func (r *recorder) Look(string) (string, error) { panic("PATH must not be asked") }

func TestRun(t *testing.T) {
	w := tree(t, "/usr/local/share/ca-certificates/", "/usr/sbin/update-ca-certificates", "/usr/bin/update-ca-trust")
	w.FS = world.Disk{Root: w.Root}
	r := &recorder{}
	live := w
	live.Root, live.Run = "", r // its files stay those of the tree
	for _, c := range []struct {
		key  string
		undo bool
		want []string
	}{
		{updateCACertificates, false, []string{"/usr/sbin/update-ca-certificates"}},
		{updateCACertificates, true, []string{"/usr/sbin/update-ca-certificates", "--fresh"}},
		{updateCASUSE, true, []string{"/usr/sbin/update-ca-certificates"}},
		{updateCATrust, false, []string{"/usr/bin/update-ca-trust", "extract"}},
	} {
		output, ran, err := Table{live}.Run(t.Context(), c.key, c.undo)
		if err != nil || !ran || output != "first\nthe reason\n" {
			t.Errorf("%s: %q, %v, %v", c.key, output, ran, err)
		}
		last := r.ran[len(r.ran)-1]
		if !slices.Equal(last.Argv, c.want) || len(last.Env) != 2 {
			t.Errorf("%s: ran %+v", c.key, last)
		}
	}
	r.code = 3
	if _, _, err := (Table{live}).Run(t.Context(), updateCATrust, false); err == nil || !strings.Contains(err.Error(), "the reason") {
		t.Errorf("a failure: %v", err)
	}
	n := len(r.ran)
	for _, key := range []string{"", "sh", "../update-ca-trust", "/bin/sh"} {
		if _, ran, err := (Table{live}).Run(t.Context(), key, false); err == nil || ran {
			t.Errorf("%q was run", key)
		}
	}
	if _, ran, err := (Table{w}).Run(t.Context(), updateCATrust, false); err != nil || ran {
		t.Errorf("below --root: %v, %v", ran, err)
	}
	if len(r.ran) != n {
		t.Errorf("ran %v", r.ran[n:])
	}
}

// After a removal Debian's hook for Java is run once more, with the links that are
// gone: the script tells it nothing of them.
func TestJavaHook(t *testing.T) {
	w := tree(t, "/usr/local/share/ca-certificates/", "/usr/sbin/update-ca-certificates", javaHook, "/etc/ssl/certs/there.pem")
	for name, target := range map[string]string{
		"mooring-1.pem": "/usr/local/share/ca-certificates/mooring-1.crt", "kept.pem": "/etc/ssl/certs/there.pem", "0a1b2c3d.0": "mooring-1.pem",
	} {
		if err := os.Symlink(target, filepath.Join(w.Root, debianDir, name)); err != nil {
			t.Fatal(err)
		}
	}
	r := &recorder{}
	live := w
	live.FS, live.Root, live.Run = world.Disk{Root: w.Root}, "", r
	for undo, want := range map[bool]string{false: "", true: "-/etc/ssl/certs/mooring-1.pem\n"} {
		r.ran = nil
		if _, ran, err := (Table{live}).Run(t.Context(), updateCACertificates, undo); err != nil || !ran {
			t.Fatal(err)
		}
		if len(r.ran) > 1 != undo {
			t.Fatalf("ran %+v", r.ran)
		}
		if undo && (!slices.Equal(r.ran[1].Argv, []string{javaHook, "--fresh"}) || string(r.ran[1].Stdin) != want) {
			t.Errorf("ran %+v", r.ran[1])
		}
	}
}

// What is left is told of every derived store.
func TestLeft(t *testing.T) {
	a, b := trusttest.NewCA(t, "A"), trusttest.NewCA(t, "B")
	w := tree(t, "/usr/local/share/ca-certificates/", "/usr/sbin/update-ca-certificates", "/etc/ssl/certs/java/cacerts", "/etc/ssl/certs/ca-certificates.crt")
	fps := []string{trust.FingerprintOf(a.Cert).String(), trust.FingerprintOf(b.Cert).String()}
	for _, c := range []struct {
		bundle, java []byte
		want         []string
	}{
		{nil, nil, nil}, {a.PEM(), nil, fps[:1]}, {nil, trusttest.Keystore(b), fps[1:]}, {a.PEM(), trusttest.Keystore(a, b), fps},
	} {
		for name, data := range map[string][]byte{"ca-certificates.crt": c.bundle, "java/cacerts": c.java} {
			if err := os.WriteFile(filepath.Join(w.Root, debianDir, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if left, err := (Table{w}).Left(updateCACertificates, fps); err != nil || !slices.Equal(left, c.want) {
			t.Errorf("left %v, %v, want %v", left, err, c.want)
		}
	}
}

func TestHolds(t *testing.T) {
	a, b := trusttest.NewCA(t, "A"), trusttest.NewCA(t, "B")
	w := tree(t, "/usr/local/share/ca-certificates/", "/usr/sbin/update-ca-certificates", "/etc/ssl/certs/ca-certificates.crt")
	fps := []string{trust.FingerprintOf(a.Cert).String(), trust.FingerprintOf(b.Cert).String()}
	held, err := Table{w}.Holds(updateCACertificates, fps)
	if err != nil || held != nil {
		t.Errorf("an empty bundle holds %v, %v", held, err)
	}
	content := append([]byte("# A comment\n"), a.PEM()...)
	if err := os.WriteFile(filepath.Join(w.Root, "etc/ssl/certs/ca-certificates.crt"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	if held, err = (Table{w}).Holds(updateCACertificates, fps); err != nil || !slices.Equal(held, fps[:1]) {
		t.Errorf("held %v, %v", held, err)
	}
	if _, err := (Table{w}).Holds(updateCATrust, fps); err == nil {
		t.Error("a store of another family was read")
	}
}
