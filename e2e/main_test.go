//go:build e2e

// Package e2e drives the real window as a person does, with mouse and keyboard,
// as an ordinary user on a virtual display; polkit, registry and files are real.
package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/integration/namespace"
)

// reg is the registry of the tests.
const (
	regHost = "reg.corp.example"
	reg     = regHost + ":5000"
	regIP   = "10.77.0.2"
)

func TestMain(m *testing.M) {
	os.Exit(desk.Main(m, desk.Options{
		Set: "e2e",
		Programs: []string{
			"Xvfb", "openbox", "xdotool", "import", "dbus-run-session", "pkttyagent",
			"docker", "docker-registry", "htpasswd", "podman", "skopeo", "gnome-keyring-daemon", "secret-tool",
			"lxqt-panel",
		},
		Build: build, Hosts: regIP + " " + regHost + "\n", Artefacts: "../artefacts",
	}))
}

// build puts Mooring as make built it, and the programs it is compared with and
// photographed in, into dir.
func build(dir string) error {
	root, err := namespace.ModuleRoot()
	if err != nil {
		return err
	}
	product, err := os.ReadFile(filepath.Join(root, "bin", "mooring"))
	switch {
	case os.IsNotExist(err):
		err = compile("", filepath.Join(dir, "mooring"), "mooring.dev/mooring")
	case err == nil:
		err = os.WriteFile(filepath.Join(dir, "mooring"), product, 0o755)
	}
	if err != nil {
		return err
	}
	// The desk's helper is the build without a window; the two lie side by side, as
	// they are installed.
	if err := os.Link(filepath.Join(dir, "mooring-helper"), filepath.Join(dir, "mooring-cli")); err != nil {
		return err
	}
	return compile(",e2e", dir+"/", "mooring.dev/mooring/e2e/hello", "mooring.dev/mooring/e2e/gallery")
}

// compile builds programs with a window by the Makefile's flags, so that its
// build cache serves.
func compile(tags, out string, packages ...string) error {
	args := append([]string{"build", "-tags", "migrated_fynedo" + tags, "-o", out}, packages...)
	return desk.Go([]string{"CGO_ENABLED=1", "CGO_CFLAGS=-O0"}, args...)
}
