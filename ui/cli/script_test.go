package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust/trusttest"
)

// The scripts in testdata run the real main of the command line, each command in
// a process of its own, over a fake machine. FAKE_TTY makes all three streams
// count as terminals; FAKE_FAIL is the code with which changes fail.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mooring": mooring, "mooring-real": realMooring})
}

func mooring() {
	std := Stdio()
	if os.Getenv("FAKE_TTY") != "" {
		std.InTTY, std.OutTTY, std.ErrTTY = true, true, true
	}
	os.Exit(Main(context.Background(), os.Args[1:], std, Wiring{
		Version: "1.2.3",
		Open:    fakeWindow(), Examine: fakeExamine(),
		Service: func(Globals) (platform.Service, error) { return openFake(os.Getenv("WORK"), os.Getenv("FAKE_FAIL")) },
		Helper: func(_ context.Context, args []string, _ io.Reader, out, _ io.Writer) int {
			fmt.Fprintln(out, "helper", args)
			return 7
		},
	}))
}

func TestScripts(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	next := trusttest.NewCA(t, "Corp Root CA 2")
	leaf := root.Leaf(trusttest.Names("reg.example"))
	files := map[string][]byte{
		"ca.pem": root.PEM(), "leaf.pem": leaf.PEM(), "leaf.key": leaf.KeyPEM(), "ca.der": root.Cert.Raw,
		"both.pem": append(root.PEM(), next.PEM()...), "empty.pem": nil,
		"with space.PEM": root.PEM(), "keyed.pem": append(root.PEM(), root.KeyPEM()...), "leaf.key.pem": leaf.KeyPEM(),
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/fake", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("WORK", env.WorkDir)
			env.Setenv("LANG", "C")
			env.Setenv("SHA256", fingerprintOf(root))
			for name, content := range files {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), content, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": cmdStatus, "nowhere": cmdNowhere},
	})
}

// status N CMD… runs a command that must end with exit status N.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = fmt.Sprint(exitCode(err))
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s\n%s%s", got, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

func exitCode(err error) int {
	type coder interface{ ExitCode() int }
	if e, ok := err.(coder); ok {
		return e.ExitCode()
	}
	return -1
}

func fingerprintOf(c *trusttest.Cert) string { return fmt.Sprintf("%x", sha(c.Cert.Raw)) }
