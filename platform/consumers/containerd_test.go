package consumers

import (
	"context"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func clientsOf(w world.World) []string {
	var out []string
	for _, c := range (&containerd{}).Consumers(context.Background(), w) {
		name := c.Instance
		if !c.Installed {
			name += " forecast"
		}
		out = append(out, name)
	}
	return out
}

func TestContainerdClients(t *testing.T) {
	const bin, conf = "/usr/bin/containerd", "/etc/containerd/config.toml"
	for name, tt := range map[string]struct {
		files tree
		want  []string
	}{
		"nothing":            {tree{}, []string{"nerdctl forecast"}},
		"bare":               {tree{bin: ""}, []string{"ctr --hosts-dir /etc/containerd/certs.d"}},
		"with docker":        {tree{bin: "", "/usr/bin/dockerd": ""}, []string{"ctr --hosts-dir /etc/docker/certs.d"}},
		"with docker, own":   {tree{bin: "", "/usr/bin/dockerd": "", "/etc/containerd/certs.d/": ""}, []string{"ctr --hosts-dir /etc/containerd/certs.d"}},
		"nerdctl":            {tree{bin: "", "/usr/local/bin/nerdctl": ""}, []string{"nerdctl"}},
		"node":               {tree{bin: "", "/usr/bin/kubelet": ""}, []string{"cri"}},
		"node, switched off": {tree{bin: "", "/usr/bin/kubelet": "", conf: `disabled_plugins = ["cri"]`}, []string{"ctr --hosts-dir /etc/containerd/certs.d"}},
		"configured":         {tree{bin: "", conf: "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/x:/y\""}, []string{"cri"}},
		"configured, v3":     {tree{bin: "", conf: "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '/x'"}, []string{"cri"}},
		"broken":             {tree{bin: "", conf: "[["}, []string{"ctr --hosts-dir /etc/containerd/certs.d"}},
		"odd types":          {tree{bin: "", conf: "[plugins]\nx = 3\n[plugins.'io.containerd.grpc.v1.cri']\nregistry = 'no'"}, []string{"ctr --hosts-dir /etc/containerd/certs.d"}},
	} {
		same(t, name, clientsOf(tt.files.under(t)), tt.want)
	}
}

func containerdPolicy(t *testing.T, w world.World, reg string) (trust.Policy, Place, bool) {
	t.Helper()
	k := &containerd{}
	c := k.Consumers(context.Background(), w)[0]
	r := registry(t, reg)
	p := k.Policy(w, c, Query{Registry: r, Role: trust.RoleRegistry, Host: reg})
	place, ok := k.Place(w, c, r)
	return p, place, ok
}

func TestCRI(t *testing.T) {
	p := newPKI(t)
	ca := p.caPEM()
	const v2 = "/etc/containerd/config.toml"
	node := tree{"/usr/bin/containerd": "", "/usr/bin/kubelet": ""}
	with := func(more tree) tree {
		out := tree{}
		for _, m := range []tree{node, more} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	for name, tt := range map[string]struct {
		files   tree
		anchors []string
		place   string
	}{
		"default of 2.x: docker's flat file serves":   {tree{"/etc/docker/certs.d/reg:5000/ca.crt": ca}, []string{"Corp Root"}, "/etc/docker/certs.d/reg:5000"},
		"default of 2.x: first root wins":             {tree{"/etc/docker/certs.d/reg:5000/ca.crt": ca, "/etc/containerd/certs.d/reg:5000/": ""}, nil, "/etc/containerd/certs.d/reg:5000"},
		"_default of the first root hides the second": {tree{"/etc/docker/certs.d/reg:5000/ca.crt": ca, "/etc/containerd/certs.d/_default/": ""}, nil, "/etc/containerd/certs.d/reg:5000"},
		"nothing there":                                {tree{}, nil, "/etc/containerd/certs.d/reg:5000"},
		"configured":                                   {tree{v2: "[plugins.'io.containerd.grpc.v1.cri'.registry]\nconfig_path = '/x'", "/x/reg:5000/ca.crt": ca}, []string{"Corp Root"}, "/x/reg:5000"},
		"1.x without config_path reads nothing":        {tree{"/usr/bin/containerd-shim-runc-v1": "", "/etc/containerd/certs.d/reg:5000/ca.crt": ca}, nil, ""},
		"mirrors of old exclude the default directory": {tree{v2: "[plugins.'io.containerd.grpc.v1.cri'.registry.mirrors.x]\nendpoint = []", "/etc/containerd/certs.d/reg:5000/ca.crt": ca}, nil, ""},
	} {
		got, place, ok := containerdPolicy(t, with(tt.files).under(t), "reg:5000")
		same(t, name, subjects(got.Anchors), tt.anchors)
		if place.Dir != tt.place || ok != (tt.place != "") {
			t.Errorf("%s: place %+v %v", name, place, ok)
		}
	}
}

func TestNerdctl(t *testing.T) {
	p := newPKI(t)
	ca := p.caPEM()
	const bin = "/usr/local/bin/nerdctl"
	user := "/home/alice/.config"
	for name, tt := range map[string]struct {
		files   tree
		user    bool
		reg     string
		anchors []string
	}{
		"root":                       {tree{"/etc/containerd/certs.d/reg:5000/ca.crt": ca}, false, "reg:5000", []string{"Corp Root"}},
		"docker's":                   {tree{"/etc/docker/certs.d/reg:5000/ca.crt": ca}, false, "reg:5000", []string{"Corp Root"}},
		"rootless":                   {tree{user + "/containerd/certs.d/reg:5000/ca.crt": ca}, true, "reg:5000", []string{"Corp Root"}},
		"rootless does not read etc": {tree{"/etc/containerd/certs.d/reg:5000/ca.crt": ca}, true, "reg:5000", nil},
		"443 is added":               {tree{"/etc/docker/certs.d/reg:443/ca.crt": ca}, false, "reg", []string{"Corp Root"}},
		"443 is taken off":           {tree{"/etc/docker/certs.d/reg/ca.crt": ca}, false, "reg:443", []string{"Corp Root"}},
		"default before bare name":   {tree{"/etc/docker/certs.d/reg/ca.crt": ca, "/etc/docker/certs.d/_default/": ""}, false, "reg", nil},
		"hosts_dir":                  {tree{"/etc/nerdctl/nerdctl.toml": "hosts_dir = ['/x']", "/x/reg:5000/ca.crt": ca}, false, "reg:5000", []string{"Corp Root"}},
	} {
		tt.files[bin] = ""
		w := tt.files.under(t)
		if tt.user {
			w = asUser(w)
		}
		got, _, _ := containerdPolicy(t, w, tt.reg)
		same(t, name, subjects(got.Anchors), tt.anchors)
		if got.ConfigError != "" || got.Unknown != "" {
			t.Errorf("%s: error %q, unknown %q", name, got.ConfigError, got.Unknown)
		}
	}
	got, _, _ := containerdPolicy(t, tree{bin: ""}.under(t), "localhost:5000")
	if got.SkipVerify != ruleLocalhost || !got.PlainHTTP {
		t.Errorf("nerdctl speaks HTTP to localhost: %+v", got)
	}
}

func TestCtrReadsRootsWhereItConnects(t *testing.T) {
	one, _, _ := containerdPolicy(t, tree{"/usr/bin/containerd": "", "/usr/bin/containerd-shim-runc-v1": ""}.under(t), "reg")
	two, _, _ := containerdPolicy(t, tree{"/usr/bin/containerd": ""}.under(t), "reg")
	if one.Restart != "" || two.Restart != "containerd" {
		t.Errorf("1.x fetches itself (%q), 2.x lets containerd fetch (%q)", one.Restart, two.Restart)
	}
}

// A reader that was not asked for its consumers knows them by their names.
func TestContainerdByName(t *testing.T) {
	p := newPKI(t)
	w := tree{"/x/reg/ca.crt": p.caPEM()}.under(t)
	got := (&containerd{}).Policy(w, trust.Consumer{Instance: "ctr --hosts-dir /x"}, Query{Registry: registry(t, "reg")})
	if len(got.Anchors) != 1 {
		t.Errorf("anchors %v, looked %v", subjects(got.Anchors), got.Looked)
	}
}
