package consumers

import (
	"context"
	"testing"

	"mooring.dev/mooring/trust"
)

func TestWrongDirectory(t *testing.T) {
	p := newPKI(t)
	ca := p.caPEM()
	for name, tt := range map[string]struct {
		reg  string
		dirs []string
		want []string
	}{
		"port written in the directory only": {"reg.example", []string{"reg.example:443"}, []string{"reg.example:443"}},
		"port missing":                       {"reg.example:5000", []string{"reg.example"}, []string{"reg.example"}},
		"other port":                         {"reg.example:5000", []string{"reg.example:5001"}, []string{"reg.example:5001"}},
		"case":                               {"reg.example:5000", []string{"Reg.Example:5000"}, []string{"Reg.Example:5000"}},
		"containerd's spelling":              {"reg.example:5000", []string{"reg.example_5000_"}, []string{"reg.example_5000_"}},
		"other host":                         {"reg.example:5000", []string{"regs.example:5000", "example:5000"}, nil},
		"found, so no matter":                {"reg.example:5000", []string{"reg.example:5000", "reg.example:5001"}, nil},
	} {
		files := tree{}
		for _, d := range tt.dirs {
			files["/etc/docker/certs.d/"+d+"/ca.crt"] = ca
		}
		got := policyFor(t, docker{dockersOf(answered("28.2.2", false))}, files.under(t), "pull/classic", Query{Registry: registry(t, tt.reg)})
		var want []string
		for _, d := range tt.want {
			want = append(want, "wrong-directory /etc/docker/certs.d/"+d)
		}
		same(t, name, notesOf(got), want)
		for _, n := range got.Notes {
			if n.Text != "/etc/docker/certs.d/"+tt.reg {
				t.Errorf("%s: would serve: %q", name, n.Text)
			}
		}
	}
}

func TestDockerPlaces(t *testing.T) {
	p := newPKI(t)
	for name, tt := range map[string]struct {
		files tree
		pull  string // with the containerd store
		login string
		hosts string
	}{
		"nothing there":                  {tree{}, "reg:5000", "reg:5000", ""},
		"literal":                        {tree{"reg:5000/ca.crt": p.caPEM()}, "reg:5000", "reg:5000", ""},
		"underscores win":                {tree{"reg_5000_/": "", "reg:5000/": ""}, "reg_5000_", "reg:5000", ""},
		"not into default":               {tree{"_default/": ""}, "reg:5000", "reg:5000", ""},
		"hosts.toml":                     {tree{"reg:5000/hosts.toml": "server = \"https://reg:5000\""}, "reg:5000", "reg:5000", "/etc/docker/certs.d/reg:5000/hosts.toml"},
		"hosts.toml that is passed over": {tree{"reg:5000/hosts.toml": "server ="}, "reg:5000", "reg:5000", ""},
	} {
		w := inDir(tt.files, "/etc/docker/certs.d").under(t)
		k := docker{dockersOf(answered("29.5.1", true))}
		for _, c := range k.Consumers(context.Background(), w) {
			got, ok := k.Place(w, c, registry(t, "reg:5000"))
			want, hosts := tt.login, ""
			if c.Operation == trust.OpPull {
				want, hosts = tt.pull, tt.hosts
			}
			if !ok || got.Dir != "/etc/docker/certs.d/"+want || got.HostsTOML != hosts || !got.UserWritable {
				t.Errorf("%s, %s: %+v", name, c.Operation, got)
			}
		}
	}
	w := asUser(tree{"/etc/docker/": ""}.under(t))
	k := docker{dockersOf(answered("29.5.1", true))}
	if got, _ := k.Place(w, k.Consumers(context.Background(), w)[0], registry(t, "reg")); got.UserWritable {
		t.Error("an ordinary user may not write to /etc/docker")
	}
}
