//go:build integration

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/integration/namespace"
)

// inside is set, to the lab's directory, in the process that runs the tests.
const inside = "MOORING_LAB"

// Main runs the tests of m in the lab and returns the exit status.
func Main(m *testing.M) int {
	if dir := os.Getenv(inside); dir != "" {
		if err := furnish(dir); err != nil {
			fmt.Fprintln(os.Stderr, "lab:", err)
			return 1
		}
		return m.Run()
	}
	if err := ready(); err != nil {
		return namespace.Skip(err)
	}
	code, err := outside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		return 1
	}
	return code
}

// outside builds what the tests need, where there is a network, and runs them.
func outside() (code int, err error) {
	engines, err := buildEngines()
	if err != nil {
		return 1, err
	}
	product, err := os.MkdirTemp("", "mooring-built-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(product)
	if err := os.Chmod(product, 0o755); err != nil { // for tests as another user
		return 1, err
	}
	if err := buildMooring(product); err != nil {
		return 1, err
	}
	return reexec(engines, product)
}

// ready says what this machine lacks for the lab.
func ready() error {
	return namespace.Ready("lab", "dockerd", "docker", "containerd", "ctr", "podman", "skopeo", "docker-registry",
		"htpasswd", "nginx", "curl", "openssl", "ip", "mount", "update-ca-certificates",
		"dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool")
}

// reexec runs this test binary again in new namespaces and returns its status.
func reexec(engines, product string) (int, error) {
	dir, err := os.MkdirTemp("", "mooring-lab-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	return namespace.Run(
		inside+"="+dir, "MOORING_LAB_TOOLS="+engines, "MOORING_LAB_PRODUCT="+product,
		"HOME="+filepath.Join(dir, "home"), "TMPDIR="+filepath.Join(dir, "tmp"), "ARTEFACTS="+os.Getenv("ARTEFACTS"))
}

// furnish mounts the lab and brings its network up.
func furnish(dir string) error {
	err := namespace.Furnish(dir, []namespace.Mount{
		{Kind: "proc", At: "/proc"},
		{Kind: "tmpfs", At: dir},
		{Kind: "overlay", At: "/etc"},
		{Kind: "overlay", At: "/var"},
		{Kind: "overlay", At: "/usr/local/share/ca-certificates"},
		{Kind: "tmpfs", At: "/run"},
		// Hooks of other packages; Java's keystore differs each time it is written.
		{Kind: "tmpfs", At: "/etc/ca-certificates/update.d"},
		// Engines keep layers as overlays of their own, which cannot lie on one.
		{Kind: "tmpfs", At: "/var/lib/docker", Mode: "1777"},
		{Kind: "tmpfs", At: "/var/lib/containerd", Mode: "1777"},
		{Kind: "tmpfs", At: "/var/lib/containers", Mode: "1777"},
	})
	if err != nil {
		return err
	}
	for _, d := range []string{"home", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return err
		}
	}
	return namespace.Network(hostsFile())
}
