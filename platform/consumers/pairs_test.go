package consumers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// TestPairPlaces: each reader's own place for a key, on every system.
func TestPairPlaces(t *testing.T) {
	alice := world.User{Name: "alice", UID: 1000, GID: 1000, Home: "/home/alice"}
	root := world.User{Name: "root", Home: "/root"}
	const dockers, containers = "/etc/docker/certs.d/reg.example:5000", "/etc/containers/certs.d/reg.example:5000"
	const own = "/home/alice/.config/containers/certs.d/reg.example:5000"
	there := tree{dockers + "/ca.crt": "x"}
	both := tree{dockers + "/ca.crt": "x", containers + "/ca.crt": "x"}
	mine := tree{dockers + "/ca.crt": "x", own + "/ca.crt": "x"}
	desktop := engine.Docker{Host: "unix:///x", Desktop: true}
	colima := engine.Docker{Host: "unix:///Users/alice/.colima/default/docker.sock", Remote: true} // as its answer says
	for _, c := range []struct {
		name       string
		os         string
		user       world.User
		files      tree
		party      trust.Party
		daemon     engine.Docker
		dir, hides string
		restart    string
	}{
		{"root's docker", "linux", alice, there, trust.Docker, engine.Docker{Host: "unix:///run/docker.sock"}, dockers, "", ""},
		{"rootless docker", "linux", alice, there, trust.Docker, engine.Docker{Host: "unix:///run/user/1000/docker.sock", Rootless: true}, "/home/alice/.config/docker/certs.d/reg.example:5000", "", ""},
		{"a user's podman", "linux", alice, nil, trust.Podman, engine.Docker{}, own, "", ""},
		{"a user's podman that reads docker's", "linux", alice, there, trust.Podman, engine.Docker{}, own, dockers, ""},
		{"a user's podman that reads the system's", "linux", alice, both, trust.Podman, engine.Docker{}, own, containers, ""},
		{"a user's podman with a directory", "linux", alice, mine, trust.Podman, engine.Docker{}, own, "", ""},
		{"root's podman", "linux", root, nil, trust.Podman, engine.Docker{}, containers, "", ""},
		{"root's podman that reads docker's", "linux", root, there, trust.Podman, engine.Docker{}, dockers, "", ""},
		{"Docker Desktop on macOS", "darwin", world.User{Name: "alice", UID: 501, Home: "/Users/alice"}, nil, trust.Docker, desktop, "/Users/alice/.docker/certs.d/reg.example:5000", "", "Docker Desktop"},
		{"Docker Desktop on Windows", "windows", world.User{Name: "alice", Home: `C:\Users\alice`}, nil, trust.Docker, desktop, `C:\Users\alice\.docker\certs.d\reg.example5000`, "", "Docker Desktop"},
		{"Docker Desktop on Linux", "linux", alice, nil, trust.Docker, desktop, "/home/alice/.docker/certs.d/reg.example:5000", "", "Docker Desktop"},
		{"Colima", "darwin", world.User{Name: "alice", UID: 501, Home: "/Users/alice"}, nil, trust.Docker, colima, "/Users/alice/.docker/certs.d/reg.example:5000", "", "Colima"},
		{"the daemon on Windows", "windows", world.User{Name: "alice", Home: `C:\Users\alice`}, nil, trust.Docker, engine.Docker{Host: "npipe:////./pipe/docker_engine"}, `C:\ProgramData\docker\certs.d\reg.example5000`, "", ""},
	} {
		w := c.files.under(t)
		w.OS, w.User = c.os, c.user
		reader := Reader(podman{})
		if c.party == trust.Docker {
			c.daemon.Current = true
			reader = docker{dockersOf(c.daemon)}
		}
		consumers := reader.Consumers(t.Context(), w)
		p, ok := Member{reader, consumers[0]}.PairPlace(w, registry(t, "reg.example:5000"))
		if !ok || p.Dir != c.dir || p.Hides != c.hides || p.Restart.Name != c.restart {
			t.Errorf("%s: %v %+v", c.name, ok, p)
		}
	}
}

// TestHalves: pairs in the order of their names, and what is wrong with each.
func TestHalves(t *testing.T) {
	ca := trusttest.NewCA(t, "Client CA")
	alice, bob := ca.Client("alice"), ca.Client("bob")
	const dir = "/etc/docker/certs.d/reg.example"
	files := tree{
		dir + "/ca.crt":                     string(ca.PEM()),
		dir + "/b.cert":                     string(alice.PEM()),
		dir + "/b.key":                      string(alice.KeyPEM()),
		dir + "/a.key":                      string(alice.KeyPEM()),
		dir + "/c.cert":                     string(alice.PEM()),
		dir + "/d.cert":                     string(alice.PEM()),
		dir + "/d.key":                      string(bob.KeyPEM()),
		dir + "/e.cert":                     "nothing",
		dir + "/e.key":                      string(bob.KeyPEM()),
		dir + "/old.cert.mooring-20260101":  string(alice.PEM()),
		dir + "/old.key.mooring-20260101-2": string(alice.KeyPEM()),
		dir + "/elsewhere.pem":              string(alice.PEM()),
	}
	w := files.under(t)
	halves, err := Halves(w, dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range halves {
		got = append(got, fmt.Sprintf("%s %s %s", h.Cert, h.Key, h.Fault))
	}
	want := []string{" a.key key-without-cert", "b.cert b.key ", "c.cert  cert-without-key", "d.cert d.key key-mismatch", "e.cert e.key not-pem"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if halves, err := Halves(w, "/none"); err != nil || halves != nil {
		t.Errorf("%v, %v", halves, err)
	}
}

// TestSetAsideIsNoFault: what Mooring moved out of the way is not called misplaced;
// what only looks so is.
func TestSetAsideIsNoFault(t *testing.T) {
	alice := string(trusttest.NewCA(t, "Client CA").Client("alice").PEM())
	const dir = "/etc/docker/certs.d/reg.example:5000"
	for name, want := range map[string]bool{
		"client.cert.mooring-20260101": false, "client.cert.mooring-20260101-12": false,
		"client.cert.mooring": true, "client.cert.old": true, "client.cert.mooring-2026": true,
	} {
		w := tree{dir + "/" + name: alice}.under(t)
		p := podman{}.Policy(w, trust.Consumer{Party: trust.Podman}, Query{Registry: registry(t, "reg.example:5000"), Host: "reg.example:5000", System: &SystemStore{}})
		got := slices.ContainsFunc(p.Notes, func(n trust.Note) bool { return n.Code == trust.WrongExtension && strings.HasSuffix(n.Path, name) })
		if got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
