//go:build integration

package wine

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/namespace"
)

// The tests of these packages, and the helper, built for Windows.
const (
	handoverTests = "handover.test.exe"
	elevateTests  = "elevate.test.exe"
	privileged    = "privileged" // the directory of the helper's two files
)

// buildPrivileged builds them with wine's one user as an administrator: wine gives every
// file to that user, and the helper wants its own to belong to administrators.
func buildPrivileged(dir string) error {
	root, err := namespace.ModuleRoot()
	if err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"test", "-c", "-o", filepath.Join(dir, handoverTests), "./platform/handover"},
		{"test", "-c", "-o", filepath.Join(dir, elevateTests), "./platform/elevate"},
		{"build", "-ldflags", "-s -w", "-o", filepath.Join(dir, privileged, "mooring-cli.exe"), "."},
	} {
		cmd := exec.Command("go", append([]string{argv[0], "-tags", "nogui,mooring_wine"}, argv[1:]...)...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=windows", "GOARCH=amd64")
		if err := run(cmd); err != nil {
			return err
		}
	}
	return run(exec.Command(filepath.Join(root, "scripts/winres.sh"), filepath.Join(dir, privileged), "1.2.3"))
}

// TestHandover: two processes and a pipe between them, a stranger that connects first, a
// second one, another listener.
func TestHandover(t *testing.T) {
	windowsTests(t, handoverTests, "TestTwoProcesses", "TestStrangers", "TestAnotherListens")
}

// TestHelper: Windows' shell starts the installed helper with the verb that asks the
// person, a plan and its undo go through the pipe, and hostile ones are refused. (wine
// asks nobody.)
func TestHelper(t *testing.T) {
	dir := filepath.Join(drive(), "Program Files", "Mooring")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mooring-helper-registry.exe", "mooring-helper-computer.exe"} {
		program, err := os.ReadFile(filepath.Join(os.Getenv(built), privileged, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), program, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("MOORING_TEST_INSTALLED", "yes")
	windowsTests(t, elevateTests, "TestInstalledHelper", "TestInstalledHelperAndTheComputersRoots", "TestInstalledHelperSaysWhatItIsFor", "TestByShellExecute", "TestNoHelperToExecute")
}

// windowsTests runs a test binary on wine, which must pass these tests.
func windowsTests(t *testing.T, binary string, names ...string) {
	t.Helper()
	out, err := output(command("wine", filepath.Join(os.Getenv(built), binary), "-test.v", "-test.timeout=5m", "-test.run=^("+strings.Join(names, "|")+")$"))
	out = ofWine.ReplaceAll(bytes.ReplaceAll(out, []byte("\r\n"), []byte("\n")), nil)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^--- PASS: ` + name + ` `).Match(out) {
			t.Errorf("%s did not pass:\n%s", name, out)
		}
	}
}
