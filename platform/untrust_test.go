package platform_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const (
	storeDir = "usr/local/share/ca-certificates/"
	bundle   = "etc/ssl/certs/ca-certificates.crt"
	mkcert   = storeDir + "mkcert_development_CA_123456789.crt"
)

// debian makes the site's machine one of Debian's family, with these anchors in its
// store as update-ca-certificates leaves it: the bundle, and a link beside it.
func (s *site) debian(anchors map[string][]byte) {
	s.Helper()
	s.write("usr/sbin/update-ca-certificates", "#!/bin/sh\n", 0o755)
	s.write(storeDir+".keep", "", 0o644)
	public := trusttest.NewCA(s.T, "Public Root").PEM()
	s.write("usr/share/ca-certificates/mozilla/Public_Root.crt", string(public), 0o644)
	all := string(public)
	for name, content := range anchors {
		s.write(name, string(content), 0o644)
		all += string(content)
	}
	s.write(bundle, all, 0o644)
}

// told is a plan in lines: what goes and what is run, then what is said.
func told(p trust.Plan) []string {
	var out []string
	for _, c := range p.Changes {
		out = append(out, strings.TrimSpace(string(c.Kind)+" "+c.Path+c.Shown))
	}
	for _, c := range p.Consequences {
		out = append(out, strings.Join(strings.Fields("! "+string(c.Code)+" "+c.Path+" "+c.Registry+" "+c.Name), " "))
	}
	return out
}

func (s *site) removal(q platform.UntrustRequest) trust.Plan {
	s.Helper()
	if q.Registries == nil && q.Certificates == nil {
		q.Registries = []trust.Registry{s.reg}
	}
	plan, err := s.machine.PlanRemoval(s.Context(), q)
	if err != nil {
		s.Fatal(err)
	}
	return plan
}

// Whoever put a file into the registry's directories, it goes if it holds nothing
// but certificates; what stays is named with the reason.
func TestUntrustFilesOfOthers(t *testing.T) {
	const dir = "/etc/docker/certs.d/" + regName
	other := trusttest.NewCA(t, "Other CA")
	gone := func(path string) string { return "remove-file " + path }
	for name, c := range map[string]struct {
		files func(s *site) map[string]string
		want  []string
	}{
		"by another name": {
			func(s *site) map[string]string { return map[string]string{dir + "/reg.crt": string(s.ca.PEM())} }, []string{gone(dir + "/reg.crt")},
		},
		"with CRLF": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/reg.crt": strings.ReplaceAll(string(s.ca.PEM()), "\n", "\r\n")}
			}, []string{gone(dir + "/reg.crt")},
		},
		"a bundle": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/bundle.crt": string(s.ca.PEM()) + string(other.PEM())}
			}, []string{gone(dir + "/bundle.crt")},
		},
		"DER": {
			func(s *site) map[string]string { return map[string]string{dir + "/corp.cer": string(s.ca.Cert.Raw)} }, []string{gone(dir + "/corp.cer")},
		},
		"containerd's spelling, and a name with a space": {
			func(s *site) map[string]string {
				return map[string]string{"/etc/containerd/certs.d/reg.example_5000_/Corp Root.crt": string(s.ca.PEM())}
			}, []string{gone("/etc/containerd/certs.d/reg.example_5000_/Corp Root.crt")},
		},
		"all directories": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/ca.crt": string(s.ca.PEM()), "/root/.config/containers/certs.d/" + regName + "/a.crt": string(s.ca.PEM())}
			}, []string{gone(dir + "/ca.crt"), gone("/root/.config/containers/certs.d/" + regName + "/a.crt")},
		},
		"with a key": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/ca.crt": string(s.ca.PEM()) + string(s.ca.KeyPEM())}
			}, []string{"! left-key " + dir + "/ca.crt Corp Root CA"},
		},
		"with a comment": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/ca.crt": "# ours\n" + string(s.ca.PEM())}
			}, []string{"! left-other " + dir + "/ca.crt Corp Root CA"},
		},
		"a hidden name": {
			func(s *site) map[string]string { return map[string]string{dir + "/.ca.crt": string(s.ca.PEM())} },
			[]string{"! left-other " + dir + "/.ca.crt Corp Root CA"},
		},
		"a link": {
			func(s *site) map[string]string {
				return map[string]string{"/opt/ca.pem": string(s.ca.PEM()), dir + "/ca.crt": "-> /opt/ca.pem"}
			}, []string{"! left-link " + dir + "/ca.crt Corp Root CA"},
		},
		"named by hosts.toml": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/ca.crt": string(s.ca.PEM()), dir + "/hosts.toml": "ca = \"ca.crt\"\n"}
			}, []string{"! left-named " + dir + "/ca.crt " + dir + "/hosts.toml"},
		},
		"beyond hosts.toml": {
			func(s *site) map[string]string {
				return map[string]string{
					"/opt/ca.pem": string(s.ca.PEM()),
					"/etc/containerd/certs.d/" + regName + "/hosts.toml": "ca = \"/opt/ca.pem\"\n",
				}
			}, []string{"! left-place /opt/ca.pem Corp Root CA"},
		},
		"another registry's": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/ca.crt": string(s.ca.PEM()), "/etc/docker/certs.d/reg.example/ca.crt": string(s.ca.PEM())}
			}, []string{gone(dir + "/ca.crt")},
		},
		"client certificate": {
			func(s *site) map[string]string {
				return map[string]string{dir + "/ca.crt": string(s.ca.PEM()), dir + "/client.cert": string(other.PEM())}
			}, []string{gone(dir + "/ca.crt"), "! client-stays " + dir + "/client.cert"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			for path, content := range c.files(s) {
				to, link := strings.CutPrefix(content, "-> ")
				s.write(path, content, 0o644)
				if link {
					at := filepath.Join(s.root, path)
					if err := errors.Join(os.Remove(at), os.Symlink(to, at)); err != nil {
						t.Fatal(err)
					}
				}
			}
			plan := s.removal(platform.UntrustRequest{})
			got := told(plan)
			slices.Sort(got)
			want := slices.Sorted(slices.Values(c.want))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			s.backAndForth(plan)
		})
	}
}

// backAndForth carries a plan out and undoes it, to the byte.
func (s *site) backAndForth(plan trust.Plan) {
	s.Helper()
	if len(plan.Pending()) == 0 {
		return
	}
	s.write("root/.local/state/.keep", "", 0o644) // where the journal lies
	before := s.listing()
	receipt, err := s.machine.Apply(s.Context(), plan, nil)
	if err != nil {
		s.Fatal(err)
	}
	for _, c := range plan.Changes {
		if _, err := os.Lstat(filepath.Join(s.root, c.Path)); c.Kind == trust.RemoveFile && !os.IsNotExist(err) {
			s.Errorf("%s is still there: %v", c.Path, err)
		}
	}
	if _, err := s.machine.Undo(s.Context(), receipt.ID, nil); err != nil {
		s.Fatal(err)
	}
	if diff := cmp.Diff(before, s.listing()); diff != "" {
		s.Errorf("undo left:\n%s", diff)
	}
}

// What the computer's store trusts it by goes as well, whoever put it there, but
// neither with what others need nor with what the distribution brings.
func TestUntrustStore(t *testing.T) {
	const (
		rebuild = "run-command update-ca-certificates --fresh"
		removed = "remove-file /" + mkcert
	)
	other := trusttest.NewCA(t, "Other CA")
	for name, c := range map[string]struct {
		prepare func(s *site)
		store   planner.StoreChoice
		want    []string
	}{
		"mkcert's": {
			func(s *site) { s.debian(map[string][]byte{mkcert: s.ca.PEM()}) }, "",
			[]string{removed, rebuild, "! store-loses Corp Root CA"},
		},
		"in a directory of its own": {
			func(s *site) { s.debian(map[string][]byte{storeDir + "corp/root.crt": s.ca.PEM()}) }, "",
			[]string{"remove-file /" + storeDir + "corp/root.crt", rebuild, "! store-loses Corp Root CA"},
		},
		"twice": {
			func(s *site) {
				s.debian(map[string][]byte{storeDir + "a.crt": s.ca.PEM(), storeDir + "b.crt": s.ca.PEM()})
			}, "",
			[]string{"remove-file /" + storeDir + "a.crt", "remove-file /" + storeDir + "b.crt", rebuild, "! store-loses Corp Root CA"},
		},
		"an unrelated one beside": {
			func(s *site) { s.debian(map[string][]byte{mkcert: s.ca.PEM(), storeDir + "other.crt": other.PEM()}) }, "",
			[]string{removed, rebuild, "! store-loses Corp Root CA"},
		},
		"in a file with another": {
			func(s *site) { s.debian(map[string][]byte{mkcert: append(s.ca.PEM(), other.PEM()...)}) }, "",
			[]string{"! left-mixed /" + mkcert + " Corp Root CA"},
		},
		"kept as asked": {
			func(s *site) {
				s.debian(map[string][]byte{mkcert: s.ca.PEM()})
				s.write("etc/docker/certs.d/"+regName+"/ca.crt", string(s.ca.PEM()), 0o644)
			}, planner.StoreKeep,
			[]string{"remove-file /etc/docker/certs.d/" + regName + "/ca.crt", "! left-store Corp Root CA"},
		},
		"of the distribution": {
			func(s *site) {
				s.debian(map[string][]byte{mkcert: s.ca.PEM()})
				s.write("usr/share/ca-certificates/corp/corp.crt", string(s.ca.PEM()), 0o644)
			}, "",
			[]string{"! left-packaged Corp Root CA"},
		},
		"in the bundle only": {
			func(s *site) {
				s.debian(nil)
				s.write(bundle, string(s.ca.PEM()), 0o644)
			}, "",
			[]string{"! left-place /" + bundle + " Corp Root CA"},
		},
		"shared": {
			func(s *site) {
				s.debian(map[string][]byte{mkcert: s.ca.PEM()})
				s.know("reg.example:5001")
			}, "",
			[]string{"! left-shared reg.example:5001 Corp Root CA"},
		},
		"shared, and taken": {
			func(s *site) {
				s.debian(map[string][]byte{mkcert: s.ca.PEM()})
				s.know("reg.example:5001")
			}, planner.StoreTake,
			[]string{removed, rebuild, "! store-loses Corp Root CA", "! others-lose reg.example:5001 Corp Root CA"},
		},
		"beside one that does not answer": {
			func(s *site) {
				s.debian(map[string][]byte{mkcert: s.ca.PEM()})
				s.know("silent.example:5002")
			}, "",
			[]string{removed, rebuild, "! store-loses Corp Root CA", "! others-unasked 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			c.prepare(s)
			plan := s.removal(platform.UntrustRequest{Store: c.store})
			if diff := cmp.Diff(c.want, told(plan)); diff != "" {
				t.Error(diff)
			}
			wide := slices.Contains(c.want, rebuild)
			if (plan.Reach == trust.ReachComputer) != wide {
				t.Errorf("the plan reaches %s", plan.Reach)
			}
			for _, f := range plan.Forecast {
				if f.Party == trust.System && f.Registry == regName && (f.After == trust.Refused) != wide {
					t.Errorf("%s: %s, then %s", f.Instance, f.Before, f.After)
				}
			}
			s.backAndForth(plan)
		})
	}
}

// know adds a registry to the list.
func (s *site) know(name string) {
	s.Helper()
	reg, _, err := trust.ParseRegistry(name)
	if err == nil {
		err = s.machine.Add(s.Context(), reg)
	}
	if err != nil {
		s.Fatal(err)
	}
}

// One CA goes everywhere, and nothing else does.
func TestUntrustCertificate(t *testing.T) {
	s := newSite(t, nil)
	other := trusttest.NewCA(t, "Other CA")
	s.debian(map[string][]byte{mkcert: s.ca.PEM(), storeDir + "other.crt": other.PEM()})
	for _, at := range []string{"docker/certs.d/a.example", "containers/certs.d/b.example:8443", "containerd/certs.d/c.example_444_"} {
		s.write("etc/"+at+"/ca.crt", string(s.ca.PEM()), 0o644)
		s.write("etc/"+at+"/other.crt", string(other.PEM()), 0o644)
	}
	s.write("etc/containerd/certs.d/_default/ca.crt", string(s.ca.PEM()), 0o644)
	plan := s.removal(platform.UntrustRequest{Certificates: []trust.Fingerprint{trust.FingerprintOf(s.ca.Cert)}})
	want := []string{
		"remove-file /etc/docker/certs.d/a.example/ca.crt", "remove-file /etc/containers/certs.d/b.example:8443/ca.crt",
		"remove-file /etc/containerd/certs.d/c.example_444_/ca.crt", "remove-file /" + mkcert,
		"run-command update-ca-certificates --fresh",
		"! left-place /etc/containerd/certs.d/_default/ca.crt Corp Root CA", "! store-loses Corp Root CA",
	}
	if diff := cmp.Diff(want, told(plan)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a.example", "b.example:8443", "c.example:444"}, plan.Registries); diff != "" {
		t.Error(diff)
	}
	if len(plan.Anchors) != 1 {
		t.Errorf("anchors %+v", plan.Anchors)
	}
	s.backAndForth(plan)

	_, err := s.machine.PlanRemoval(t.Context(), platform.UntrustRequest{Certificates: []trust.Fingerprint{{1}}})
	if !errors.Is(err, planner.ErrNothingHeld) {
		t.Errorf("a CA that nobody has: %v", err)
	}
}
