//go:build integration

// Package stores changes the trust stores of Linux for real: those of all families of
// distributions, each in a root of its own with its own command, NSS databases by
// certutil, and Java's keystores; each is then asked by a client of its own whether
// it trusts a server.
package stores

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/integration/namespace"
)

// What the tests are told by.
const (
	inside = "MOORING_STORES"       // the directory of the tests
	built  = "MOORING_STORES_BUILT" // programs, built outside
)

const hosts = "127.0.0.1 localhost\n10.77.0.10 reg.lab\n"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inside); dir != "" {
		os.Exit(within(m, dir))
	}
	if err := namespace.Ready("lab", "go", "certutil", "tstclnt", "keytool", "trust", "openssl", "update-ca-certificates", "ip"); err != nil {
		os.Exit(namespace.Skip(err))
	}
	code, err := outside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "stores:", err)
	}
	os.Exit(code)
}

// outside builds the programs, where there is a network.
func outside() (code int, err error) {
	dir, err := os.MkdirTemp("", "mooring-stores-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	programs, lab := filepath.Join(dir, "built"), filepath.Join(dir, "lab")
	if err := errors.Join(os.Mkdir(programs, 0o755), os.Mkdir(lab, 0o755)); err != nil {
		return 1, err
	}
	root, err := namespace.ModuleRoot()
	if err != nil {
		return 1, err
	}
	for name, args := range map[string][]string{
		"mooring":  {"-tags", "nogui", "."},
		"upstream": {"-tags", "integration", "./integration/stores/upstream"},
	} {
		cmd := exec.Command("go", append([]string{"build", "-o", filepath.Join(programs, name)}, args...)...)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return namespace.Run(inside+"="+lab, built+"="+programs, "HOME="+lab, "TMPDIR="+lab)
}

// within furnishes the namespaces and runs the tests.
func within(m *testing.M, dir string) int {
	err := namespace.Furnish(dir, []namespace.Mount{
		{Kind: "tmpfs", At: dir},
		{Kind: "proc", At: "/proc"},
		{Kind: "overlay", At: "/etc"},
		{Kind: "overlay", At: "/var"},
		{Kind: "overlay", At: "/usr/local"},
		{Kind: "overlay", At: "/usr/lib/jvm"},
	})
	if err == nil {
		err = namespace.Network(hosts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stores:", err)
		return 1
	}
	return m.Run()
}

func program(name string) string { return filepath.Join(os.Getenv(built), name) }
