package platform_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const (
	regDir    = "etc/docker/certs.d/" + regName + "/"
	otherDir  = "etc/docker/certs.d/other.example/"
	daemonCfg = "etc/docker/daemon.json"
)

// ail is an ailment in one line; a star says that there is a plan.
func ail(a platform.Ailment) string {
	line := strings.Join(strings.Fields(string(a.Code)+" "+a.Path+" "+a.Registry.String()+" "+a.Name+" "+a.Other+" "+strings.Join(a.Repair, " ")), " ")
	if a.Plan {
		line += " *"
	}
	return line
}

func (s *site) link(target, name string) {
	s.Helper()
	if err := os.Symlink(target, filepath.Join(s.root, name)); err != nil {
		s.Fatal(err)
	}
}

func (s *site) ailments() []platform.Ailment {
	s.Helper()
	all, err := s.machine.Examine(s.Context(), nil)
	if err != nil {
		s.Fatal(err)
	}
	return all
}

// Each ailment is found where it is, and not where only something like it is.
func TestStale(t *testing.T) {
	old := trusttest.NewCA(t, "Old CA", trusttest.NotBefore(time.Now().Add(-1000*24*time.Hour)), trusttest.NotAfter(time.Now().Add(-24*time.Hour)))
	other := trusttest.NewCA(t, "Other CA")
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		prepare func(s *site)
		later   time.Duration // that the machine's clock is ahead of the files
		want    []string
	}{
		"nothing":   {func(s *site) {}, 0, nil},
		"a good CA": {func(s *site) { s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644) }, 0, nil},
		"expired":   {func(s *site) { s.write(regDir+"old.crt", string(old.PEM()), 0o644) }, 0, []string{"expired-anchor /" + regDir + "old.crt " + regName + " Old CA *"}},
		"expired in a file with others": {
			func(s *site) { s.write(regDir+"ca.crt", string(s.ca.PEM())+string(old.PEM()), 0o644) }, 0,
			[]string{"expired-anchor /" + regDir + "ca.crt " + regName + " Old CA"},
		},
		"expired in the store": {
			func(s *site) { s.debian(map[string][]byte{storeDir + "old.crt": old.PEM()}) }, 0,
			[]string{"expired-anchor /" + storeDir + "old.crt Old CA *"},
		},
		"expired, of the distribution": {
			func(s *site) {
				s.debian(nil)
				s.write("usr/share/ca-certificates/mozilla/Old.crt", string(old.PEM()), 0o644)
			}, 0, nil,
		},
		"twice in a directory": {
			func(s *site) {
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
				s.write(regDir+"a.crt", string(s.ca.PEM()), 0o644)
			}, 0, []string{"duplicate /" + regDir + "a.crt " + regName + " Corp Root CA /" + regDir + "ca.crt *"},
		},
		"once, and a link to it": {
			func(s *site) {
				s.write(regDir+"corp.crt", string(s.ca.PEM()), 0o644)
				s.link("corp.crt", regDir+"ca.crt")
			}, 0, nil,
		},
		"once, and a link to it from the store": {
			func(s *site) {
				s.debian(nil)
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
				s.link("/"+regDir+"ca.crt", storeDir+"corp.crt")
			}, 0, nil,
		},
		"twice, and a link to one": {
			func(s *site) {
				s.write(regDir+"a.crt", string(s.ca.PEM()), 0o644)
				s.write(regDir+"corp.crt", string(s.ca.PEM()), 0o644)
				s.link("corp.crt", regDir+"ca.crt")
			}, 0, []string{"duplicate /" + regDir + "a.crt " + regName + " Corp Root CA /" + regDir + "ca.crt *"},
		},
		"in two directories": {
			func(s *site) {
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
				s.write("etc/containers/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
			}, 0, nil,
		},
		"a bundle that holds more": {
			func(s *site) {
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
				s.write(regDir+"z.crt", string(s.ca.PEM())+string(other.PEM()), 0o644)
			}, 0, nil,
		},
		"twice in the store": {
			func(s *site) {
				s.debian(map[string][]byte{storeDir + "a.crt": s.ca.PEM(), storeDir + "corp/a.crt": s.ca.PEM()})
			}, 0, []string{"duplicate /" + storeDir + "corp/a.crt Corp Root CA /" + storeDir + "a.crt *"},
		},
		"in the store and in a directory": {
			func(s *site) {
				s.debian(map[string][]byte{mkcert: s.ca.PEM()})
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
			}, 0, []string{"also-in-store /" + regDir + "ca.crt Corp Root CA /" + mkcert + " *"},
		},
		"a public root in a directory": {
			func(s *site) {
				s.debian(nil)
				public, err := os.ReadFile(filepath.Join(s.root, "usr/share/ca-certificates/mozilla/Public_Root.crt"))
				if err != nil {
					s.Fatal(err)
				}
				s.write(regDir+"ca.crt", string(public), 0o644)
			}, 0, nil,
		},
		"a key in a CA file": {
			func(s *site) { s.write(regDir+"ca.crt", string(s.ca.PEM())+string(s.ca.KeyPEM()), 0o644) }, 0,
			[]string{"key-in-ca /" + regDir + "ca.crt " + regName + " Corp Root CA *"},
		},
		"a key in a file with two CAs": {
			func(s *site) {
				s.write(regDir+"corp.crt", string(other.PEM())+string(s.ca.KeyPEM())+string(s.ca.PEM()), 0o640)
			}, 0, []string{"key-in-ca /" + regDir + "corp.crt " + regName + " Other CA *"},
		},
		"a key in a CA file that no loader reads": {
			func(s *site) { s.write(regDir+"notes.pem", string(s.ca.PEM())+string(s.ca.KeyPEM()), 0o644) }, 0,
			[]string{"key-in-ca /" + regDir + "notes.pem " + regName + " Corp Root CA"},
		},
		"a key in a CA file that is a link": {
			func(s *site) {
				s.write("etc/mixed", string(s.ca.PEM())+string(s.ca.KeyPEM()), 0o600)
				s.write(regDir+"x/y", "", 0o600)
				s.link("../../../mixed", regDir+"ca.crt")
			}, 0, []string{"key-in-ca /" + regDir + "ca.crt " + regName + " Corp Root CA"},
		},
		"a key in the store": {
			func(s *site) { s.debian(map[string][]byte{mkcert: append(s.ca.PEM(), s.ca.KeyPEM()...)}) }, 0,
			[]string{"key-in-ca /" + mkcert + " Corp Root CA"},
		},
		"a pair that hosts.toml names": {
			func(s *site) {
				s.write("etc/containerd/certs.d/"+regName+"/pair.pem", string(other.PEM())+string(other.KeyPEM()), 0o600)
				s.write("etc/containerd/certs.d/"+regName+"/hosts.toml", "client = \"pair.pem\"\n", 0o644)
			}, 0, nil,
		},
		"a key that all may read": {
			func(s *site) { s.write(regDir+"client.key", string(other.KeyPEM()), 0o644) }, 0,
			[]string{"open-key /" + regDir + "client.key " + regName + " *"},
		},
		"a key that all may only read": {
			func(s *site) { s.write(regDir+"client.key", string(other.KeyPEM()), 0o444) }, 0,
			[]string{"open-key /" + regDir + "client.key " + regName + " *"},
		},
		"a key that is none": {
			func(s *site) { s.write(regDir+"client.key", "see the wiki", 0o644) }, 0,
			[]string{"open-key /" + regDir + "client.key " + regName},
		},
		"a key that its owner may read": {func(s *site) { s.write(regDir+"client.key", string(other.KeyPEM()), 0o600) }, 0, nil},
		"unused": {
			func(s *site) {
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
				s.write(regDir+"other.crt", string(other.PEM()), 0o644)
			}, 100 * day, []string{"unused /" + regDir + "other.crt " + regName + " Other CA *"},
		},
		"new, and not used yet":        {func(s *site) { s.write(regDir+"other.crt", string(other.PEM()), 0o644) }, 0, nil},
		"of a registry that is silent": {func(s *site) { s.write(otherDir+"ca.crt", string(other.PEM()), 0o644) }, 100 * day, nil},
		"unused in the store": {
			func(s *site) {
				s.know(regName)
				s.debian(map[string][]byte{mkcert: other.PEM()})
			}, 0, []string{"unused-in-store /" + mkcert + " Other CA *"},
		},
		"unused in the store, as far as is known": {
			func(s *site) {
				s.know(regName)
				s.know("silent.example")
				s.debian(map[string][]byte{mkcert: other.PEM()})
			}, 0, nil,
		},
		"used in the store": {
			func(s *site) {
				s.know(regName)
				s.debian(map[string][]byte{mkcert: s.ca.PEM()})
			}, 0, nil,
		},
		"no registry known": {func(s *site) { s.debian(map[string][]byte{mkcert: other.PEM()}) }, 0, nil},
		"insecure, and trusted by what is there": {
			func(s *site) {
				s.docker(`{"insecure-registries": ["` + regName + `"]}`)
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
			}, 0, []string{"needlessly-insecure /" + daemonCfg + " " + regName + " /" + daemonCfg},
		},
		"insecure, in a range": {
			func(s *site) {
				s.docker(`{"insecure-registries": ["127.0.0.0/8"]}`)
				s.know(regName)
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
			}, 0, []string{"needlessly-insecure /" + daemonCfg + " " + regName + " /" + daemonCfg},
		},
		"insecure, and could be trusted": {
			func(s *site) {
				s.docker(`{"insecure-registries": ["` + regName + `"]}`)
				s.write("usr/local/share/ca-certificates/corp.crt", string(s.ca.PEM()), 0o644) // never taken into the store
			}, 0, []string{"insecure /" + daemonCfg + " " + regName + " /" + daemonCfg + " trust " + regName},
		},
		"insecure, and its intermediate could be trusted": {
			func(s *site) { s.docker(`{"insecure-registries": ["` + regName + `"]}`) }, 0,
			[]string{"insecure /" + daemonCfg + " " + regName + " /" + daemonCfg + " trust " + regName},
		},
		"insecure, and not there": {func(s *site) { s.docker(`{"insecure-registries": ["silent.example:5000"]}`) }, 0, nil},
		"insecure, without the tool": {
			func(s *site) {
				s.write(daemonCfg, `{"insecure-registries": ["`+regName+`"]}`, 0o644)
				s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
			}, 0, nil,
		},
		"insecure for podman": {
			func(s *site) {
				s.write("usr/bin/podman", "", 0o755)
				s.write("etc/containers/registries.conf", "[[registry]]\nlocation = \""+regName+"\"\ninsecure = true\n", 0o644)
				s.write("etc/containers/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
			}, 0, []string{"needlessly-insecure /etc/containers/registries.conf " + regName + " /etc/containers/registries.conf"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			c.prepare(s)
			now := time.Now().Add(c.later)
			s.machine.World.Now = func() time.Time { return now }
			all := s.ailments()
			var got []string
			for _, a := range all {
				got = append(got, ail(a))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Fatal(diff)
			}
			for _, a := range all {
				s.mended(a)
			}
		})
	}
}

// docker installs Docker with a configuration.
func (s *site) docker(config string) {
	s.Helper()
	s.write("usr/bin/dockerd", "", 0o755)
	s.write("usr/bin/docker", "", 0o755)
	s.write(daemonCfg, config, 0o644)
}

// mended carries out the plan for an ailment, after which it is gone, and undoes it.
// One without a plan is told from that.
func (s *site) mended(a platform.Ailment) {
	s.Helper()
	plan, err := s.machine.PlanRepair(s.Context(), a)
	var by *platform.NoRepairError
	if !a.Plan {
		if !errors.As(err, &by) || len(plan.Changes) > 0 {
			s.Errorf("%s: %v", a.Code, err)
		}
		return
	}
	if err != nil {
		s.Fatal(err)
	}
	receipt, err := s.machine.Apply(s.Context(), plan, nil)
	if err != nil {
		s.Fatal(err)
	}
	same := func(b platform.Ailment) bool { return a.ID() == b.ID() }
	if slices.ContainsFunc(s.ailments(), same) {
		s.Errorf("%s is still there", a.Code)
	}
	if _, err := s.machine.PlanRepair(s.Context(), a); !errors.Is(err, platform.ErrHealed) {
		s.Errorf("a second plan: %v", err)
	}
	if _, err := s.machine.Undo(s.Context(), receipt.ID, nil); err != nil {
		s.Fatal(err)
	}
	if !slices.ContainsFunc(s.ailments(), same) {
		s.Errorf("%s is not back after undo", a.Code)
	}
}

// What Mooring itself put into both places was meant.
func TestOwnAnchorsAreNoDuplicates(t *testing.T) {
	s := newSite(t, nil)
	s.debian(nil)
	plan, err := s.plan(trust.Docker, trust.System)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.machine.Apply(t.Context(), plan, nil); err != nil {
		t.Fatal(err)
	}
	if all := s.ailments(); len(all) > 0 {
		t.Errorf("%+v", all)
	}
}

// A file that changed since the examination is not taken for what was seen.
func TestRepairOfWhatChanged(t *testing.T) {
	s := newSite(t, nil)
	s.write(regDir+"ca.crt", string(s.ca.PEM()), 0o644)
	s.write(regDir+"copy.crt", string(s.ca.PEM()), 0o644)
	all := s.ailments()
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	s.write(regDir+"copy.crt", string(trusttest.NewCA(t, "New CA").PEM()), 0o644)
	if plan, err := s.machine.PlanRepair(t.Context(), all[0]); !errors.Is(err, platform.ErrHealed) {
		t.Errorf("%v, %+v", err, plan.Changes)
	}
}

// Examining a large machine takes no time that a person would mind: 1,000
// directories, a bundle of 200 certificates in each twentieth.
func BenchmarkAilments(b *testing.B) {
	root := b.TempDir()
	var bundle []byte
	ca := trusttest.NewCA(b, "Corp Root CA")
	for i := range 200 {
		bundle = append(bundle, trusttest.NewCA(b, fmt.Sprint("CA ", i)).PEM()...)
	}
	for i := range 1000 {
		dir := filepath.Join(root, "etc/docker/certs.d", fmt.Sprintf("reg%d.example:5000", i))
		content := ca.PEM()
		if i%20 == 0 {
			content = bundle
		}
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "ca.crt"), content, 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	m := platform.New(world.Under(root, "linux"))
	for b.Loop() {
		if all, err := m.Ailments(b.Context()); err != nil || len(all) > 0 {
			b.Fatal(all, err)
		}
	}
}
