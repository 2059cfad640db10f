package consumers

import (
	"context"
	"testing"

	"mooring.dev/mooring/trust"
)

func TestOthers(t *testing.T) {
	const own = "server = \"https://reg:5000\"\n"
	mirror := own + "[host.\"https://mir:5006\"]\n"
	for name, tt := range map[string]struct {
		files tree
		reg   string
		want  []string
	}{
		"no file":             {tree{}, "reg:5000", nil},
		"flat files":          {tree{"reg:5000/ca.crt": ""}, "reg:5000", nil},
		"the registry itself": {tree{"reg:5000/hosts.toml": own}, "reg:5000", nil},
		"named as a host":     {tree{"reg:5000/hosts.toml": own + "[host.\"https://reg:5000\"]\nca = \"a.pem\""}, "reg:5000", nil},
		"with its port":       {tree{"reg/hosts.toml": "server = \"https://reg:443\""}, "reg", nil},
		"a mirror":            {tree{"reg:5000/hosts.toml": mirror + "capabilities = [\"pull\", \"resolve\"]"}, "reg:5000", []string{"mir:5006"}},
		"a mirror by default": {tree{"_default/hosts.toml": "[host.\"https://mir:5006\"]\n"}, "reg:5000", []string{"mir:5006"}},
		"for pushes only":     {tree{"reg:5000/hosts.toml": mirror + "capabilities = [\"push\"]"}, "reg:5000", nil},
		"another server":      {tree{"reg:5000/hosts.toml": "server = \"https://mir:5006\""}, "reg:5000", []string{"mir:5006"}},
		"its own plain HTTP":  {tree{"reg:5000/hosts.toml": own + "[host.\"http://reg:5000\"]\n"}, "reg:5000", []string{"http://reg:5000"}},
		"Docker Hub":          {tree{"docker.io/hosts.toml": "server = \"https://registry-1.docker.io\""}, "docker.io", nil},
		"passed over":         {tree{"reg:5000/hosts.toml": mirror + "capabilities = 3"}, "reg:5000", nil},
		"unreadable":          {tree{"reg:5000/hosts.toml": own, "denied": ""}, "reg:5000", []string{"/etc/docker/certs.d/reg:5000/hosts.toml cannot be read without further rights"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := inDir(tt.files, "/etc/docker/certs.d").under(t)
			if _, denied := tt.files["denied"]; denied {
				w.FS = faked{FS: w.FS, deny: []string{"/etc/docker/certs.d/reg:5000/hosts.toml"}}
			}
			for store, want := range map[bool][]string{true: tt.want, false: nil} { // the classic loader knows no hosts.toml
				k := docker{dockersOf(answered("29.5.1", store))}
				s := Set{World: w}
				for _, c := range k.Consumers(context.Background(), w) {
					s.Members = append(s.Members, Member{k, c})
				}
				same(t, "others", s.Others(rootful, registry(t, tt.reg)), want)
				same(t, "of another daemon", s.Others("unix:///elsewhere", registry(t, tt.reg)), nil)
			}
		})
	}
}

// A file that hosts.toml names is read whatever it is called, also beside readers
// that want it renamed.
func TestNoRenamingOfNamedFiles(t *testing.T) {
	p := newPKI(t)
	files := tree{
		regDir + "/hosts.toml":    "[host.\"https://mir:5006\"]\nca = [\"mirror-ca.pem\"]\nclient = [[\"client.pem\", \"" + regDir + "/key.pem\"]]",
		regDir + "/mirror-ca.pem": p.caPEM(), regDir + "/client.pem": string(p.client.PEM()), regDir + "/stray.pem": p.caPEM(),
	}
	for name, rules := range map[string]flatRules{"docker": classicRules, "podman": containersRules} {
		var pol trust.Policy
		r := reading{w: files.under(t), policy: &pol, own: true}
		r.flatDir(regDir, rules)
		same(t, name, notesOf(pol), []string{"wrong-extension " + regDir + "/stray.pem"})
	}
}
