package consumers

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// A check on a Mac asks the keychains once, and says by which of them a chain is
// trusted.
func TestMac(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	leaf := root.Leaf(trusttest.Names("reg.example", "other.example"))
	mac := keychaintest.New("/Users/alice")
	mac.Hold(mac.Login(), root.Cert)
	mac.Say(keychaintest.UserDomain, root.Cert, keychaintest.Rule("ssl", "reg.example", 0))
	set := &Set{World: mac.World(t.TempDir())}
	set.System = ReadSystem(set.World)
	for _, c := range (system{}).Consumers(t.Context(), set.World) {
		set.Members = append(set.Members, Member{system{}, c})
	}
	judge := func(host string) trust.Verdict {
		reg := registry(t, host)
		ep := trust.Endpoint{Role: trust.RoleRegistry, Host: host, Address: host + ":443", Sent: []*x509.Certificate{leaf.Cert}}
		j := set.Judge(trust.Probe{Registry: reg, Endpoints: []trust.Endpoint{ep}}, ep, nil, time.Now())
		if len(j.Verdicts) != 1 {
			t.Fatalf("%d verdicts", len(j.Verdicts))
		}
		return j.Verdicts[0]
	}
	v := judge("reg.example")
	if v.State != trust.Trusted || v.Consumer.Instance != "macos" || v.Path[len(v.Path)-1].Source != "store:keychain:user" {
		t.Errorf("%+v", v)
	}
	if !slices.ContainsFunc(v.Looked, func(l trust.Look) bool { return l.Path == mac.Login() && l.Found }) {
		t.Errorf("looked %+v", v.Looked)
	}
	if v := judge("other.example"); v.State != trust.Refused || v.Reason != trust.UnknownAuthority {
		t.Errorf("a host that is not meant: %s %s", v.State, v.Reason)
	}
	// As it would be with a plan that trusts it for the computer.
	over := set.Over(set.World.FS, Shift{Added: []trust.Anchor{{Cert: root.Cert, Source: "store:keychain:admin"}}})
	set = over
	if v := judge("other.example"); v.State != trust.Trusted {
		t.Errorf("with the plan: %s", v.State)
	}
}

func TestMacUnreadable(t *testing.T) {
	mac := keychaintest.New("/Users/alice")
	mac.Say(keychaintest.AdminDomain, trusttest.NewCA(t, "CA").Cert)
	w := mac.World(t.TempDir())
	w.User.Home = "/Users/bob"
	mac.Home = "/Users/bob" // who has no keychain yet: that is not an error
	if s := ReadSystem(w); s.Unknown != "" {
		t.Errorf("no login keychain: %s", s.Unknown)
	}
	w.Run = world.Exec{} // no /usr/bin/security here
	if s := ReadSystem(w); !strings.Contains(s.Unknown, "keychains cannot be read") || s.Anchors.Len() > 0 {
		t.Errorf("%+v", s)
	}
}

// The engines of a Mac run in virtual machines that copy the person's certs.d when
// they start. What is in the machine nobody sees from here.
func TestMachinesOnAMac(t *testing.T) {
	const home = "/Users/alice"
	for name, tt := range map[string]struct {
		daemon        engine.Docker
		config        string // DOCKER_CONFIG
		dir           string // "" for no place
		restart, says string
	}{
		"Docker Desktop": {
			engine.Docker{Host: "unix://" + home + "/.docker/run/docker.sock", Desktop: true},
			"/Users/alice/elsewhere",
			home + "/.docker/certs.d/reg.example:5000", "docker desktop restart", "Docker Desktop",
		},
		"Colima": {
			engine.Docker{Host: "unix://" + home + "/.colima/default/docker.sock", Remote: true},
			"",
			home + "/.docker/certs.d/reg.example:5000", "colima restart", "Colima",
		},
		"Colima with another configuration": {
			engine.Docker{Host: "unix://" + home + "/.config/colima/default/docker.sock", Remote: true},
			"/Users/alice/elsewhere",
			"/Users/alice/elsewhere/certs.d/reg.example:5000", "colima restart", "Colima",
		},
		"another machine": {engine.Docker{Host: "ssh://build.example", Remote: true}, "", "", "", "another machine"},
	} {
		t.Run(name, func(t *testing.T) {
			w := keychaintest.New(home).World(t.TempDir())
			w.Env = func(v string) string { return map[string]string{"DOCKER_CONFIG": tt.config}[v] }
			tt.daemon.Current = true
			reader := docker{dockersOf(tt.daemon)}
			for _, c := range reader.Consumers(t.Context(), w) {
				p, ok := reader.Place(w, c, registry(t, "reg.example:5000"))
				if ok != (tt.dir != "") || p.Dir != tt.dir || ok && !p.UserWritable || p.Restart.Command != tt.restart {
					t.Errorf("%s: %v %+v", c.Operation, ok, p)
				}
				if _, hub := reader.Place(w, c, registry(t, "docker.io")); hub {
					t.Error("a place for Docker Hub")
				}
				if v := reader.Policy(w, c, Query{Registry: registry(t, "reg.example:5000"), Host: "reg.example:5000"}); !strings.Contains(v.Unknown, tt.says) {
					t.Errorf("%s: unknown %q", c.Operation, v.Unknown)
				}
			}
		})
	}
}

// The token of a build is fetched by the command line, which asks macOS.
func TestTokenOnAMac(t *testing.T) {
	w := keychaintest.New("/Users/alice").World(t.TempDir())
	reader := dockerBuild{dockersOf(engine.Docker{Host: "unix:///Users/alice/.docker/run/docker.sock", Desktop: true, Current: true})}
	c := reader.Consumers(t.Context(), w)[0]
	p := reader.Policy(w, c, Query{Registry: registry(t, "reg.example"), Role: trust.RoleToken, Host: "auth.example", System: ReadSystem(w)})
	if p.Dialect != trust.DialectApple || p.Unknown != "" {
		t.Errorf("%s, unknown %q", p.Dialect, p.Unknown)
	}
}
