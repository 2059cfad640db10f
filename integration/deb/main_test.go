//go:build integration

// Package deb installs Mooring's package for Debian with the real dpkg, on a machine
// that has never had it, has an ordinary user use it through the real polkit, and
// takes it away again.
package deb

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/integration/namespace"
)

const (
	regHost = "reg.corp.example"
	reg     = regHost + ":5000"
	regIP   = "10.77.0.2"
)

func TestMain(m *testing.M) {
	os.Exit(desk.Main(m, desk.Options{
		Set: "lab", Bare: true, Build: build, Hosts: regIP + " " + regHost + "\n",
		Programs: []string{"make", "dpkg", "man", "desktop-file-validate", "xdg-mime", "bash", "runuser"},
	}))
}

// build makes the package, and what `make install` and `make uninstall` leave under
// a DESTDIR.
func build(dir string) error {
	root, err := namespace.ModuleRoot()
	if err != nil {
		return err
	}
	if err := makeIn(root, "deb"); err != nil {
		return err
	}
	packages, err := filepath.Glob(filepath.Join(root, "dist", "mooring_*_"+architecture()+".deb"))
	if err != nil || len(packages) != 1 {
		return fmt.Errorf("one package is expected in dist: %q, %v", packages, err)
	}
	b, err := os.ReadFile(packages[0])
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "mooring.deb"), b, 0o644); err != nil {
		return err
	}
	tree := filepath.Join(dir, "tree")
	for _, target := range []string{"install", "uninstall"} {
		if err := makeIn(root, target, "DESTDIR="+tree); err != nil {
			return err
		}
		listing, err := exec.Command("find", tree, "-not", "-type", "d", "-printf", "/%P\n", "-o", "-name", "mooring", "-printf", "/%P\n").Output()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "after-"+target), listing, 0o644); err != nil {
			return err
		}
	}
	return os.RemoveAll(tree)
}

func makeIn(root string, args ...string) error {
	cmd := exec.Command("make", append([]string{"--no-print-directory"}, args...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func architecture() string {
	out, _ := exec.Command("dpkg", "--print-architecture").Output()
	return strings.TrimSpace(string(out))
}

// built reads the lines of what build left.
func built(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(desk.Built(name))
	must(t, err)
	return strings.Fields(string(b))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
