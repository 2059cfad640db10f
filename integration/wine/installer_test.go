//go:build integration

package wine

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/integration/namespace"
)

const (
	installDir  = `C:\Program Files\Mooring`
	environment = `HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment`
	uninstalls  = `HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\Mooring`
)

// buildInstaller packs the command line alone: the window is another section of CI.
func buildInstaller(dir string) error {
	root, err := namespace.ModuleRoot()
	if err != nil {
		return err
	}
	programs := filepath.Join(dir, "programs")
	if err := os.Mkdir(programs, 0o755); err != nil {
		return err
	}
	if err := os.Link(filepath.Join(dir, "docker-credential-mooring.exe"), filepath.Join(programs, "mooring-cli.exe")); err != nil {
		return err
	}
	for _, argv := range [][]string{
		{"make", "--no-print-directory", "share"},
		{"scripts/nsis.sh", "--no-window", programs, filepath.Join(dir, "mooring-setup.exe")},
	} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = root
		if err := run(cmd); err != nil {
			return err
		}
	}
	return nil
}

// registry reads a value, "" for none.
func registry(t *testing.T, key, value string) string {
	t.Helper()
	out, err := output(command("wine", "reg", "query", key, "/v", value, "/reg:64"))
	var code *exec.ExitError
	if errors.As(err, &code) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		if fields := strings.SplitN(strings.TrimSpace(line), "    ", 3); len(fields) == 3 && strings.EqualFold(fields[0], value) {
			return fields[2]
		}
	}
	return ""
}

// wineRun runs a program that has to succeed.
func wineRun(t *testing.T, argv ...string) {
	t.Helper()
	if err := run(command("wine", argv...)); err != nil {
		t.Fatal(err)
	}
}

// TestInstaller: silently in and out again, twice in a row, and Path is as before.
func TestInstaller(t *testing.T) {
	dir := filepath.Join(drive(), "Program Files/Mooring")
	before := registry(t, environment, "Path")
	if before == "" {
		t.Fatal("there is no Path to compare with")
	}
	for range 2 { // installing over an installation changes nothing
		wineRun(t, filepath.Join(os.Getenv(built), "mooring-setup.exe"), "/S")
		if got := registry(t, environment, "Path"); got != before+";"+installDir {
			t.Errorf("Path is %q, was %q", got, before)
		}
	}
	for _, name := range []string{"mooring-cli", "docker-credential-mooring", "mooring-helper-registry", "mooring-helper-computer", "uninstall"} {
		if _, err := os.Stat(filepath.Join(dir, name+".exe")); err != nil {
			t.Error(err)
		}
	}
	if got := registry(t, uninstalls, "InstallLocation"); got != installDir {
		t.Errorf("it is listed as installed in %q", got)
	}
	// As docker finds it: by the new Path alone.
	if out, err := output(command("wine", "cmd", "/c", "docker-credential-mooring.exe", "version")); err != nil || !strings.Contains(string(out), "docker-credential-mooring") {
		t.Errorf("the credential helper says %q, %v", out, err)
	}

	// The uninstaller goes on as a copy of itself, and removes its directory last.
	wineRun(t, installDir+`\uninstall.exe`, "/S")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		left, err := os.ReadDir(dir)
		if os.IsNotExist(err) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is left with %v, %v", dir, left, err)
		}
	}
	if got := registry(t, environment, "Path"); got != before {
		t.Errorf("Path is %q, was %q", got, before)
	}
	if got := registry(t, uninstalls, "DisplayName"); got != "" {
		t.Errorf("still listed: %q", got)
	}
}
