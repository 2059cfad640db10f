//go:build integration

package integration

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/store/guest"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// doors stands in for the programs that lead into another Linux, and lets the lab be
// that Linux: wsl.exe hands its words to a program, `podman machine ssh` to a shell.
type doors struct{ ran []string }

func (*doors) Look(name string) (string, error) { return name, nil }

func (d *doors) Run(ctx context.Context, c world.Command) (world.Result, error) {
	line := strings.Join(c.Argv, " ")
	d.ran = append(d.ran, line)
	argv := c.Argv
	switch {
	case line == "wsl.exe --list --running --quiet":
		return world.Result{Stdout: []byte("L\x00a\x00b\x00\r\x00\n\x00")}, nil
	case line == "podman machine list --format json":
		return world.Result{Stdout: []byte(`[{"Name":"lab","Running":true}]`)}, nil
	case strings.HasPrefix(line, "wsl.exe -d Lab -u root --exec "):
		argv = argv[6:]
	case strings.HasPrefix(line, "podman machine ssh --username root lab "):
		argv = []string{"sh", "-c", strings.Join(argv[6:], " ")}
	default:
		return world.Result{}, fmt.Errorf("no such door: %s", line)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
	return world.RunCmd(cmd, c.Stdin)
}

// TestGuests runs what is run inside a distribution of WSL and inside a machine of
// podman's with the real commands of a Linux: ls, find, a shell, the command of its
// trust store. The real curl and podman say whether it counts.
func TestGuests(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	c := newCorp(t, l)
	l.Must(t, "update-ca-certificates", "--fresh")
	l.MakeDir(t, "/etc/containers/certs.d") // of the package containers-common in a machine
	reg, _, err := trust.ParseRegistry(c.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []struct {
		kind  store.Kind
		os    string
		id    trust.StoreID
		judge string
		not   string // whom this does not reach
	}{
		{guest.WSL{}, "windows", "wsl:Lab", lab.Curl, ""},
		{guest.PodmanMachine{}, "darwin", "podman-machine:lab", lab.Podman, lab.Curl},
	} {
		t.Run(g.kind.Name(), func(t *testing.T) {
			d := &doors{}
			w := world.World{OS: g.os, FS: world.Disk{}, Run: d, Now: world.Here().Now}
			infos, err := g.kind.Find(t.Context(), w)
			if err != nil || len(infos) != 1 || infos[0].ID != g.id {
				t.Fatalf("%+v, %v", infos, err)
			}
			s, err := g.kind.Open(w, g.id.Name())
			if err != nil {
				t.Fatal(err)
			}
			places := []string{"/etc/containers", "/usr/local/share/ca-certificates", "/etc/ssl"}
			before := l.Snapshot(t, places...)
			was, err := s.Get(t.Context(), c.root.Cert)
			if err != nil || was.Held {
				t.Fatalf("held before: %+v, %v", was, err)
			}
			c.expect(t, l, "before", false, g.judge)
			want := infos[0].Holding(was, c.root.Cert, []trust.Registry{reg})
			if err := s.Set(t.Context(), c.root.Cert, want); err != nil {
				t.Fatal(err)
			}
			if now, err := s.Get(t.Context(), c.root.Cert); err != nil || now != want {
				t.Errorf("after: %+v, %v", now, err)
			}
			c.expect(t, l, "after", true, g.judge)
			if g.not != "" {
				c.expect(t, l, "after", false, g.not) // least reach
			}
			for _, line := range infos[0].Commands(c.root.Cert, want) {
				shown := strings.TrimSuffix(line, " < FILE")
				if !slices.ContainsFunc(d.ran, func(ran string) bool { return strings.HasPrefix(ran, shown) }) {
					t.Errorf("shown in the preview and not run: %s", line)
				}
			}
			if err := s.Set(t.Context(), c.root.Cert, was); err != nil {
				t.Fatal(err)
			}
			c.expect(t, l, "taken out", false, g.judge)
			lab.SameAs(t, before, l.Snapshot(t, places...))
		})
	}
	// A command inside that is not there is told, and changes nothing.
	broken := world.World{OS: "windows", FS: world.Disk{}, Run: noDoor{}}
	s, err := guest.WSL{}.Open(broken, "Lab")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Set(t.Context(), c.root.Cert, trust.Membership{Held: true}); err == nil {
		t.Error("nothing was run, and that is a success")
	}
	if found, _ := filepath.Glob("/usr/local/share/ca-certificates/mooring-*"); len(found) > 0 {
		t.Errorf("left: %v", found)
	}
}

// noDoor is a machine on which wsl.exe cannot be started.
type noDoor struct{}

func (noDoor) Look(string) (string, error) { return "", exec.ErrNotFound }
func (noDoor) Run(context.Context, world.Command) (world.Result, error) {
	return world.Result{}, errors.New("cannot be started")
}
