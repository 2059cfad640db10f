package cli

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust/probe"
	"mooring.dev/mooring/trust/trusttest"
)

// realMooring is the command line over a real machine, which in these scripts is
// always a tree under --root.
func realMooring() {
	os.Exit(Main(context.Background(), os.Args[1:], Stdio(), Wiring{
		Version: "1.2.3",
		Service: func(g Globals) (platform.Service, error) {
			if g.Root == "" {
				return nil, fmt.Errorf("a test without --root would touch this machine")
			}
			target := g.OS
			if target == "" {
				target = "linux"
			}
			m := platform.New(world.Under(g.Root, target))
			m.Prober.Dial, m.Prober.Proxy = toLab, probe.Direct
			return m, nil
		},
	}))
}

// toLab leads every name to the same port of loopback. The scripts' registry has
// an ordinary name: several engines do not verify "localhost" and 127.0.0.1.
func toLab(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
}

// TestMachineScripts runs the scripts in testdata/machine: real handshakes with a
// registry on loopback, judged and changed in the script's own tree.
func TestMachineScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the trees are Linux', with colons in their directory names")
	}
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Intermediate("Corp Issuing CA").Leaf(trusttest.Names("reg.test"))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Docker-Distribution-API-Version", "registry/2.0")
		w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	server.TLS = leaf.Config()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close) // the scripts run in parallel, after this function

	clients := serveClients(t, root)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/machine", RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "C")
			env.Setenv("REG", strings.Replace(server.URL, "https://127.0.0.1", "reg.test", 1))
			env.Setenv("SHA256", fingerprintOf(root))
			env.Setenv("MTLS", clients.registry)
			for name, content := range clients.files {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), content, 0o600); err != nil {
					return err
				}
			}
			strays := append(trusttest.NewCA(t, "Stray Root 1").PEM(), trusttest.NewCA(t, "Stray Root 2").PEM()...)
			for name, content := range map[string][]byte{
				"ca.pem": root.PEM(), "strays.pem": strays, "mixed.pem": append(strays, root.PEM()...), "keyed.pem": append(root.PEM(), root.KeyPEM()...),
			} {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), content, 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": cmdStatus, "snapshot": cmdSnapshot, "answer": cmdAnswer},
	})
}

// snapshot DIR FILE writes every path under DIR with its mode and content to
// FILE; Mooring's own state is left out.
func cmdSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: snapshot dir file")
	}
	dir := ts.MkAbs(args[0])
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := e.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		fmt.Fprintln(&out, i.Mode(), rel)
		if i.Mode().IsRegular() {
			out.WriteString(ts.ReadFile(path))
		}
		return nil
	})
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o600))
}

// A reader that goes away must not keep the tour from removing its folder.
func TestTourOutlivesItsReader(t *testing.T) {
	dir := t.TempDir()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = []string{"mooring-real", "demo", "--dir", dir} // TestMain goes by the name
	cmd.Stdout = w
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
