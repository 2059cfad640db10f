package planner

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/trust/trusttest"
)

// onWindows is what a path of Windows looks like that a plan may name: below a drive,
// with one kind of separator, and no name that Windows takes for something else. Wine
// takes a colon anywhere, so only this test says no to it.
var onWindows = regexp.MustCompile(`^[A-Z]:(\\[^\\/:*?"<>|\x00-\x1f]*[^\\/:*?"<>|\x00-\x1f. ])+$`)

var device = regexp.MustCompile(`(?i)\\(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.[^\\]*)?(\\|$)`)

// No plan for Windows, of any kind, for any registry, on any tree, has a path that
// Windows would not take as it is written.
func TestPathsOfWindows(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	ca := trusttest.NewCA(t, "Corp CA")
	client := ca.Client("alice")
	plans, paths := 0, 0
	for range 150 {
		root := windowsTree(t, draw, ca)
		name := someRegistry(draw)
		reg := parse(t, name)
		set := consumers.Gather(t.Context(), world.Under(root, "windows"))
		probe := trust.Probe{Registry: reg, Endpoints: []trust.Endpoint{{Role: trust.RoleRegistry, Address: reg.Address(), Sent: ca.Leaf().Sent()}}}
		in := Input{
			Set: set, Probes: []trust.Probe{probe}, Anchors: []trust.Anchor{{Cert: ca.Cert, Source: "given"}},
			Writable: func(string) bool { return draw.IntN(2) == 0 },
			Scope: func(trust.Registry) []trust.Party {
				return []trust.Party{trust.Docker, trust.DockerBuild, trust.Podman, trust.Containerd}
			},
		}
		pair := clientcert.Pair{Cert: client.Cert, Key: trust.NewSecret(string(client.KeyPEM()))}
		for what, make := range map[string]func() (trust.Plan, error){
			"trust": func() (trust.Plan, error) { return Trust(in) },
			"untrust": func() (trust.Plan, error) {
				return Untrust(Removal{Set: set, Probes: in.Probes, Scope: in.Scope, Writable: in.Writable})
			},
			"client": func() (trust.Plan, error) {
				return ClientCert(ClientInput{Set: set, Probe: probe, Pair: pair, Scope: in.Scope(reg), Writable: in.Writable})
			},
		} {
			plan, err := make()
			if err != nil {
				continue // there may be nothing to do
			}
			plans++
			for _, c := range plan.Changes {
				for _, p := range []string{c.Path, c.To, c.Via} {
					if p == "" {
						continue
					}
					paths++
					if !onWindows.MatchString(p) || device.MatchString(p) {
						t.Errorf("%s %s: %q", what, name, p)
					}
				}
			}
		}
	}
	if plans < 200 || paths < 400 {
		t.Errorf("only %d plans with %d paths were looked at", plans, paths)
	}
}

// someRegistry is a name with what is awkward on Windows.
func someRegistry(draw *rand.Rand) string {
	hosts := []string{"reg.example", "REG.Example", "10.0.0.1", "[::1]", "[2001:db8::1]", "localhost", "aux.example", "com1.corp.example", "a-b.c"}
	name := hosts[draw.IntN(len(hosts))]
	switch draw.IntN(4) {
	case 0:
		return name
	case 1:
		return name + ":443"
	default:
		return fmt.Sprintf("%s:%d", name, 1024+draw.IntN(60000))
	}
}

// windowsTree is a disk of Windows with some tools, and directories in both spellings
// that hold this or that.
func windowsTree(t *testing.T, draw *rand.Rand, ca *trusttest.Cert) string {
	t.Helper()
	root := t.TempDir()
	put := func(name, content string) {
		at := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, program := range []string{"Docker/dockerd.exe", "Docker/docker.exe", "containerd/bin/containerd.exe", "containerd/bin/nerdctl.exe"} {
		if draw.IntN(2) == 0 {
			put("Program Files/"+program, "")
		}
	}
	spell := strings.NewReplacer(":", "")
	for range draw.IntN(3) {
		name := someRegistry(draw)
		dir := "ProgramData/docker/certs.d/" + spell.Replace(name)
		if host, port, ok := strings.Cut(name, ":"); ok && draw.IntN(2) == 0 {
			dir = "ProgramData/docker/certs.d/" + spell.Replace(host) + "_" + spell.Replace(port) + "_"
		}
		put(dir+[]string{"/ca.crt", "/client.cert", "/other.crt"}[draw.IntN(3)], string(certfile.Normalize(ca.Cert)))
	}
	return root
}
