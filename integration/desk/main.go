//go:build integration || e2e

// Package desk is a desktop machine for tests: ordinary users, a real polkit on a
// system bus of its own, Mooring's helper installed as `make install-helper` does
// it, and a network of its own. It lives in namespaces; the machine is not
// touched.
//
// A test package calls [Main] from TestMain. That builds what the tests need,
// where there is a network, and runs them inside.
package desk

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/integration/namespace"
)

// What the desk is found by inside.
const (
	insideVar    = "MOORING_DESK"       // the desk's own directory
	builtVar     = "MOORING_DESK_BUILT" // programs, built outside
	artefactsVar = "ARTEFACTS"
)

// Places on the desk.
const (
	SearchPath = namespace.SearchPath
	HelperDir  = "/usr/libexec/mooring"
	HelperPath = HelperDir + "/mooring-helper-registry" // for the narrow action
	PersonPath = "/run/lab/person"                      // this test binary, where a user can start it
	Password   = "correct horse"                        // of the user "admin"
)

// Options are what one test package wants of its desk.
type Options struct {
	Set      string                 // of scripts/deps.sh, which installs Programs
	Programs []string               // needed beside those of the desk itself
	Build    func(dir string) error // builds more programs into dir, outside
	Hosts    string                 // lines for /etc/hosts
	// Person is what this binary does when a user starts it as PersonPath.
	Person func(args []string) int
	// Bare: Mooring is not there yet, and what the tests install all over /usr is gone
	// with the desk.
	Bare bool
	// Artefacts is where results are kept when $ARTEFACTS names no place.
	Artefacts string
}

// programs are what the desk itself runs.
var programs = []string{"go", "ip", "mount", "useradd", "chpasswd", "dbus-daemon", "dbus-send", "pkexec"}

// Main runs the tests of m on the desk and returns the exit status.
func Main(m *testing.M, o Options) int {
	if os.Args[0] == PersonPath && o.Person != nil {
		return o.Person(os.Args[1:])
	}
	if dir := os.Getenv(insideVar); dir != "" {
		if err := furnish(dir, o); err != nil {
			return failed(err)
		}
		return m.Run()
	}
	if err := namespace.Ready(o.Set, append(programs, o.Programs...)...); err != nil {
		return namespace.Skip(err)
	}
	code, err := outside(o)
	if err != nil {
		return failed(err)
	}
	return code
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "desk:", err)
	return 1
}

// outside builds the helper and what else is wanted, and runs the tests inside.
func outside(o Options) (int, error) {
	dir, err := os.MkdirTemp("", "mooring-desk-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	built, err := os.MkdirTemp("", "mooring-built-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(built)
	if err := os.Chmod(built, 0o755); err != nil { // users start programs there
		return 1, err
	}
	if err := Go([]string{"CGO_ENABLED=0"}, "build", "-tags", "nogui", "-ldflags", "-s -w",
		"-o", filepath.Join(built, "mooring-helper"), "mooring.dev/mooring"); err != nil {
		return 1, err
	}
	if o.Build != nil {
		if err := o.Build(built); err != nil {
			return 1, err
		}
	}
	artefacts, err := keep(o.Artefacts)
	if err != nil {
		return 1, err
	}
	return namespace.Run(insideVar+"="+dir, builtVar+"="+built, artefactsVar+"="+artefacts, "HOME=/root")
}

// keep returns the directory for results, which is there.
func keep(fallback string) (string, error) {
	dir := os.Getenv(artefactsVar)
	if dir == "" {
		dir = fallback
	}
	if dir == "" {
		return "", nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// Go runs the go command with env added to the environment.
func Go(env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %v: %w\n%s", args, err, out)
	}
	return nil
}

// Built is the path of a program that was built outside.
func Built(name string) string { return filepath.Join(os.Getenv(builtVar), name) }

// Artefacts is the directory of results as it is called outside; inside it may be
// covered by a mount, and is reached by [Artefact].
func Artefacts() string { return os.Getenv(artefactsVar) }

// Artefact is where to write a result.
func Artefact(name string) string { return filepath.Join(os.Getenv(insideVar), "artefacts", name) }
