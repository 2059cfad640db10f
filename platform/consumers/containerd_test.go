package consumers

import (
	"context"
	"slices"
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

func containerdPolicy(t *testing.T, w world.World, reg, version string) (trust.Policy, Place, bool) {
	t.Helper()
	k := &containerd{}
	c := k.Consumers(context.Background(), w)[0]
	c.Version = version
	r := registry(t, reg)
	p := k.Policy(w, c, Query{Registry: r, Role: trust.RoleRegistry, Host: reg})
	place, ok := k.Place(w, c, r)
	return p, place, ok
}

func TestCRI(t *testing.T) {
	p := newPKI(t)
	ca := p.caPEM()
	const (
		conf   = "/etc/containerd/config.toml"
		both   = "/etc/containerd/certs.d:/etc/docker/certs.d"
		docker = "/etc/docker/certs.d/reg:5000"
		own    = "/etc/containerd/certs.d/reg:5000"
		local  = "[plugins.'io.containerd.cri.v1.images']\nuse_local_image_pull = true"
	)
	set := func(key, value string) string {
		return "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry]\n" + key + " = " + value
	}
	for name, tt := range map[string]struct {
		version string
		files   tree
		anchors []string
		place   string
		notes   []string
		unknown bool
	}{
		"2.4, default: the list is taken for one name": {
			"2.4.0",
			tree{docker + "/ca.crt": ca, own + "/ca.crt": ca},
			nil, "",
			[]string{"wrong-directory " + own, "wrong-directory " + docker},
			false,
		},
		"2.4, local: docker's flat file serves":   {"2.4.0", tree{conf: local, docker + "/ca.crt": ca}, []string{"Corp Root"}, docker, nil, false},
		"2.4, local: first root wins":             {"2.4.0", tree{conf: local, docker + "/ca.crt": ca, own + "/": ""}, nil, own, []string{"shadowed-directory " + docker}, false},
		"2.4, local: _default hides":              {"2.4.0", tree{conf: local, docker + "/ca.crt": ca, "/etc/containerd/certs.d/_default/": ""}, nil, own, []string{"shadowed-directory " + docker}, false},
		"2.4, local by another setting":           {"2.4.0", tree{conf: "[plugins.'io.containerd.cri.v1.images']\nmax_concurrent_downloads = 10", docker + "/ca.crt": ca}, []string{"Corp Root"}, docker, nil, false},
		"2.4, three downloads are the default":    {"2.4.0", tree{conf: "[plugins.'io.containerd.cri.v1.images']\nmax_concurrent_downloads = 3", docker + "/ca.crt": ca}, nil, "", []string{"wrong-directory " + docker}, false},
		"2.4, one directory configured":           {"2.4.0", tree{conf: set("config_path", "'/x'"), "/x/reg:5000/ca.crt": ca}, []string{"Corp Root"}, "/x/reg:5000", nil, false},
		"2.1 has no default":                      {"2.1.5", tree{docker + "/ca.crt": ca}, nil, "", nil, false},
		"2.0 reads a list":                        {"2.0.2", tree{conf: set("config_path", "'"+both+"'"), docker + "/ca.crt": ca}, []string{"Corp Root"}, docker, nil, false},
		"1.7 has no default":                      {"1.7.27", tree{own + "/ca.crt": ca}, nil, "", nil, false},
		"1.7 configured":                          {"1.7.27", tree{conf: set("config_path", "'/x'"), "/x/reg:5000/ca.crt": ca}, []string{"Corp Root"}, "/x/reg:5000", nil, false},
		"no version, 1.x by its shims":            {"", tree{"/usr/bin/containerd-shim-runc-v1": "", own + "/ca.crt": ca}, nil, "", nil, false},
		"mirrors of old are in the configuration": {"2.4.0", tree{conf: set("mirrors", "{ x = { endpoint = [] } }"), own + "/ca.crt": ca}, nil, "", nil, true},
		"configs of old are in the configuration": {"1.7.27", tree{conf: set("configs", "{ x = {} }"), own + "/ca.crt": ca}, nil, "", nil, true},
	} {
		tt.files["/usr/bin/containerd"], tt.files["/usr/bin/kubelet"] = "", ""
		got, place, ok := containerdPolicy(t, tt.files.under(t), "reg:5000", tt.version)
		same(t, name, subjects(got.Anchors), tt.anchors)
		same(t, name, notesOf(got), tt.notes)
		if place.Dir != tt.place || ok != (tt.place != "") || (got.Unknown != "") != tt.unknown {
			t.Errorf("%s: place %+v %v, unknown %q", name, place, ok, got.Unknown)
		}
	}
}

// Before containerd 2 a hosts.toml without any [host] was refused, and before
// 1.6.25 and 1.7.7 plain HTTP was all that localhost got.
func TestOlderContainerd(t *testing.T) {
	p := newPKI(t)
	files := tree{
		"/usr/bin/containerd":                         "",
		"/etc/containerd/certs.d/reg:5000/ca.crt":     p.caPEM(),
		"/etc/containerd/certs.d/reg:5000/hosts.toml": "skip_verify = true",
	}
	for version, want := range map[string]struct{ old, plainOnly, suites bool }{
		"1.6.20~ds1": {true, true, true}, "1.6.25": {true, false, true}, "1.7.6": {true, true, false}, "1.7.27": {true, false, false},
		"2.0.0": {false, false, false}, "2.4.2": {false, false, false}, "": {false, false, false},
	} {
		w := files.under(t)
		got, _, _ := containerdPolicy(t, w, "reg:5000", version)
		if want.old != (len(got.Anchors) == 1 && got.SkipVerify == "") || got.OldSuites != want.suites {
			t.Errorf("%s: anchors %v, skip %q, old suites %v", version, subjects(got.Anchors), got.SkipVerify, got.OldSuites)
		}
		if want.old != slices.Contains(notesOf(got), "hosts-toml-invalid /etc/containerd/certs.d/reg:5000/hosts.toml") {
			t.Errorf("%s: notes %v", version, notesOf(got))
		}
		got, _, _ = containerdPolicy(t, w, "localhost:5000", version)
		if got.PlainOnly != want.plainOnly || got.SkipVerify != ruleLocalhost || !got.PlainHTTP {
			t.Errorf("%s: localhost: %+v", version, got)
		}
		place, ok := hostsPlace(w, hostsLoader{roots: []string{containerdCerts}, needsHost: want.old}, "reg:5000")
		if !ok || (place.HostsTOML == "") != want.old {
			t.Errorf("%s: place %+v", version, place)
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
		got, _, _ := containerdPolicy(t, w, tt.reg, "")
		same(t, name, subjects(got.Anchors), tt.anchors)
		if got.ConfigError != "" || got.Unknown != "" {
			t.Errorf("%s: error %q, unknown %q", name, got.ConfigError, got.Unknown)
		}
	}
	got, _, _ := containerdPolicy(t, tree{bin: ""}.under(t), "localhost:5000", "")
	if got.SkipVerify != ruleLocalhost || !got.PlainHTTP || !got.PlainOnly {
		t.Errorf("nerdctl speaks HTTP to localhost: %+v", got)
	}
}

// insecure_registry keeps nerdctl from verifying any server but those whose entry
// demands it.
func TestNerdctlInsecure(t *testing.T) {
	const bin, user = "/usr/local/bin/nerdctl", "/home/alice/.config/nerdctl/nerdctl.toml"
	const on, regHosts = "insecure_registry = true", "/etc/containerd/certs.d/reg:5000/hosts.toml"
	for name, tt := range map[string]struct {
		files tree
		user  bool
		env   string
		reg   string
		skip  string
		plain bool
	}{
		"off":                   {tree{nerdctlTOML: "insecure_registry = false"}, false, "", "reg:5000", "", false},
		"root":                  {tree{nerdctlTOML: on}, false, "", "reg:5000", nerdctlTOML, true},
		"rootless":              {tree{user: on}, true, "", "reg:5000", user, true},
		"rootless, not etc":     {tree{nerdctlTOML: on}, true, "", "reg:5000", "", false},
		"by its variable":       {tree{"/x.toml": on}, false, "/x.toml", "reg:5000", "/x.toml", true},
		"Docker Hub too":        {tree{nerdctlTOML: on}, false, "", "docker.io", nerdctlTOML, true},
		"with a CA":             {tree{nerdctlTOML: on, regHosts: "server='https://reg:5000'"}, false, "", "reg:5000", nerdctlTOML, false},
		"verification demanded": {tree{nerdctlTOML: on, regHosts: "server='https://reg:5000'\nskip_verify=false"}, false, "", "reg:5000", "", false},
		"localhost":             {tree{nerdctlTOML: on}, false, "", "localhost:5000", ruleLocalhost, true},
		"broken":                {tree{nerdctlTOML: on + "\nx ="}, false, "", "reg:5000", "", false},
	} {
		tt.files[bin] = ""
		w := tt.files.under(t)
		if tt.user {
			w = asUser(w)
		}
		w.Env = func(name string) string { return map[string]string{"NERDCTL_TOML": tt.env}[name] }
		got, _, _ := containerdPolicy(t, w, tt.reg, "")
		if got.SkipVerify != tt.skip || got.PlainHTTP != tt.plain {
			t.Errorf("%s: skip %q, plain %v", name, got.SkipVerify, got.PlainHTTP)
		}
		if tt.skip == nerdctlTOML && !slices.Contains(notesOf(got), "insecure-registry "+nerdctlTOML) {
			t.Errorf("%s: notes %v", name, notesOf(got))
		}
	}
}

func TestCtrReadsRootsWhereItConnects(t *testing.T) {
	one, _, _ := containerdPolicy(t, tree{"/usr/bin/containerd": "", "/usr/bin/containerd-shim-runc-v1": ""}.under(t), "reg", "")
	two, _, _ := containerdPolicy(t, tree{"/usr/bin/containerd": ""}.under(t), "reg", "")
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
