//go:build integration

// Package wine runs Mooring for Windows on wine, whose Credential Manager takes and
// refuses what Windows' does, and whose certificate stores keep what they are given.
// What it cannot show is a person who refuses or lacks rights: every process is an
// administrator there, and nobody is asked. Those are injected in
// platform/store/winstore.
package wine

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
	inside = "MOORING_WINE"       // the directory for wine's own files
	built  = "MOORING_WINE_BUILT" // programs for Windows, built outside
)

const compiler = "x86_64-w64-mingw32-gcc"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inside); dir != "" {
		os.Exit(within(m, dir))
	}
	if err := namespace.Ready("wine", "go", "ip", "wine", "wineboot", "wineserver", "makensis", "make", compiler); err != nil {
		os.Exit(namespace.Skip(err))
	}
	code, err := outside()
	if err != nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
	}
	os.Exit(code)
}

// outside builds the programs, where there is a network, and runs the tests in
// namespaces of their own: wine's servers end with them.
func outside() (code int, err error) {
	dir, err := os.MkdirTemp("", "mooring-wine-")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	programs := filepath.Join(dir, "built")
	if err := os.Mkdir(programs, 0o755); err != nil {
		return 1, err
	}
	for _, build := range []func(string) error{buildPrograms, buildPrng, buildPrivileged, buildInstaller} {
		if err := build(programs); err != nil {
			return 1, err
		}
	}
	return namespace.Run(inside+"="+dir, built+"="+programs, "HOME="+dir, "TMPDIR="+dir)
}

// The programs that the tests of every file here use: Mooring, somebody else, and the
// tests of what is Windows' own code.
const (
	mooringProgram = "mooring.exe"
	clientProgram  = "client.exe"
	winstoreTests  = "winstore.test.exe"
	changeTests    = "change.test.exe"
)

// buildPrograms builds Mooring so that it takes wine's one user, whom every file belongs
// to, for an administrator (platform/helper/acl_wine.go): each of its processes has the
// rights of one, and so a journal that nobody else may change.
func buildPrograms(dir string) error {
	root, err := namespace.ModuleRoot()
	if err != nil {
		return err
	}
	mooring := filepath.Join(dir, mooringProgram)
	for _, args := range [][]string{
		{"build", "-tags", "nogui,mooring_wine", "-ldflags", "-s -w", "-o", mooring, "."},
		{"build", "-o", filepath.Join(dir, clientProgram), "./integration/wine/client"},
		{"test", "-tags", "nogui", "-c", "-o", filepath.Join(dir, winstoreTests), "./platform/store/winstore"},
		{"test", "-tags", "nogui", "-c", "-o", filepath.Join(dir, changeTests), "./platform/change"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=windows", "GOARCH=amd64")
		if err := run(cmd); err != nil {
			return err
		}
	}
	return os.Link(mooring, filepath.Join(dir, "docker-credential-mooring.exe"))
}

// buildPrng makes the library that Go has taken random numbers from since 1.21, and
// that wine 8 lacks.
func buildPrng(dir string) error {
	source := filepath.Join(dir, "prng.c")
	err := os.WriteFile(source, []byte(`#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID buffer, ULONG size);
BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T size) { return SystemFunction036(buffer, (ULONG)size); }
`), 0o644)
	if err != nil {
		return err
	}
	return run(exec.Command(compiler, "-shared", "-o", filepath.Join(dir, "bcryptprimitives.dll"), source, "-ladvapi32"))
}

// run runs a command that has to succeed.
func run(cmd *exec.Cmd) error {
	if out, err := output(cmd); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd.Path, err, out)
	}
	return nil
}

// output runs a command and returns what it says. That goes through a file: what
// wine starts beside a program, and leaves running, would hold a pipe open.
func output(cmd *exec.Cmd) ([]byte, error) {
	said, err := os.CreateTemp("", "said-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	err = cmd.Run()
	out, readErr := os.ReadFile(said.Name())
	return out, errors.Join(err, readErr)
}

func within(m *testing.M, dir string) int {
	layers := filepath.Join(dir, "layers")
	err := namespace.Furnish(layers, []namespace.Mount{
		{Kind: "proc", At: "/proc"}, {Kind: "tmpfs", At: "/run"}, {Kind: "tmpfs", At: layers}, {Kind: "overlay", At: "/etc"},
	})
	if err == nil {
		err = namespace.Network("127.0.0.1 localhost\n10.77.0.1 reg.example up.example\n")
	}
	if err == nil {
		err = boot()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
		return 1
	}
	return m.Run()
}

// boot makes a Windows, which stays up between the commands.
func boot() error {
	if err := os.Mkdir(prefix(), 0o700); err != nil {
		return err
	}
	for _, cmd := range []*exec.Cmd{command("wineserver", "-p"), command("wineboot", "-i")} {
		if err := run(cmd); err != nil {
			return err
		}
	}
	library, err := os.ReadFile(filepath.Join(os.Getenv(built), "bcryptprimitives.dll"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(drive(), "windows/system32/bcryptprimitives.dll"), library, 0o644)
}

func prefix() string { return filepath.Join(os.Getenv(inside), "prefix") }
func drive() string  { return filepath.Join(prefix(), "drive_c") }

// command runs a program of wine's, without Mono and a browser.
func command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "WINEPREFIX="+prefix(), "WINEARCH=win64", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree=d;mshtml=d")
	return cmd
}
