package consumers

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"testing"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const (
	daemonJSON   = "/etc/docker/daemon.json"
	regsConf     = "/etc/containers/registries.conf"
	buildkitTOML = "/etc/buildkit/buildkitd.toml"
)

// resolvesTo answers for any name; without an address it fails.
func resolvesTo(addresses ...string) Resolver {
	return func(context.Context, string) ([]netip.Addr, error) {
		var out []netip.Addr
		for _, a := range addresses {
			out = append(out, netip.MustParseAddr(a))
		}
		if out == nil {
			return nil, errors.New("no such host")
		}
		return out, nil
	}
}

// inRange is the rule of a daemon.json for a range, beside a name.
func inRange(prefix string) Unverified {
	return Unverified{Party: trust.Docker, Origin: daemonJSON, Range: netip.MustParsePrefix(prefix)}
}

func TestFindUnverified(t *testing.T) {
	docker, podman := "/usr/bin/dockerd", "/usr/bin/podman"
	far := []string{"10.0.0.1"}
	for name, tt := range map[string]struct {
		files tree
		reg   string
		at    []string // what the name resolves to
		want  Unverified
	}{
		"nothing installed": {tree{}, "reg:5000", far, Unverified{}},
		"verified":          {tree{docker: "", podman: ""}, "reg:5000", far, Unverified{}},
		"daemon.json":       {tree{docker: "", daemonJSON: `{"insecure-registries":["reg:5000"]}`}, "reg:5000", far, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"with a scheme":     {tree{docker: "", daemonJSON: `{"insecure-registries":["http://reg:5000"]}`}, "reg:5000", far, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"its daemon unseen": {tree{daemonJSON: `{"insecure-registries":["reg:5000"]}`}, "reg:5000", far, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"Docker Desktop's":  {tree{"/root/.docker/daemon.json": `{"insecure-registries":["reg:5000"]}`}, "reg:5000", far, Unverified{Party: trust.Docker, Origin: "/root/.docker/daemon.json"}},
		"another port":      {tree{docker: "", daemonJSON: `{"insecure-registries":["reg:5001"]}`}, "reg:5000", far, Unverified{}},
		"without its port":  {tree{docker: "", daemonJSON: `{"insecure-registries":["reg"]}`}, "reg:5000", far, Unverified{}},
		"empty":             {tree{docker: "", daemonJSON: "\n"}, "reg:5000", far, Unverified{}},
		"broken":            {tree{docker: "", daemonJSON: `{"insecure-registries":["reg:5000"],"x":`}, "reg:5000", far, Unverified{Party: trust.Docker, Origin: daemonJSON, Unknown: true}},
		"one broken":        {tree{daemonJSON: `{"insecure-registries":["reg:5000"]}`, "/root/.docker/daemon.json": "{"}, "reg:5000", far, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"Docker Hub":        {tree{docker: "", daemonJSON: `{"insecure-registries":["docker.io","0.0.0.0/0"]}`}, "docker.io", far, Unverified{}},

		"range":                                   {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", far, inRange("10.0.0.0/8")},
		"range, wherever the name leads":          {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", []string{"192.0.2.1"}, inRange("10.0.0.0/8")},
		"range, no address":                       {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", nil, inRange("10.0.0.0/8")},
		"range, its daemon unseen":                {tree{daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", far, inRange("10.0.0.0/8")},
		"range, address as name":                  {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "10.2.2.2:5000", nil, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"range, other address as name":            {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "192.0.2.1:5000", nil, Unverified{}},
		"range of IPv6":                           {tree{daemonJSON: `{"insecure-registries":["fe80::/10"]}`}, "[fe80::1]:5000", nil, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"range of IPv4 as IPv6":                   {tree{daemonJSON: `{"insecure-registries":["::ffff:10.0.0.0/104"]}`}, "10.0.0.1", nil, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"range, Docker Hub":                       {tree{daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "docker.io", far, Unverified{}},
		"range before what is unknown":            {tree{daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`, regsConf: "["}, "reg", far, inRange("10.0.0.0/8")},
		"loopback, by rule":                       {tree{docker: ""}, "reg", []string{"127.0.0.1"}, Unverified{Party: trust.Docker, Origin: ruleLoopback}},
		"loopback, no address":                    {tree{docker: ""}, "reg", nil, Unverified{}},
		"loopback, second address":                {tree{docker: ""}, "reg", []string{"10.0.0.1", "::ffff:127.0.0.1"}, Unverified{Party: trust.Docker, Origin: ruleLoopback}},
		"loopback, configured":                    {tree{daemonJSON: `{"insecure-registries":["127.0.0.0/8"]}`}, "reg", far, Unverified{}},
		"loopback, switched off":                  {tree{daemonJSON: `{"insecure-registries":[]}`}, "localhost:5000", []string{"127.0.0.1"}, Unverified{}},
		"loopback, no docker":                     {tree{podman: ""}, "localhost:5000", []string{"127.0.0.1"}, Unverified{}},
		"registries.conf":                         {tree{podman: "", regsConf: "[[registry]]\nlocation='reg:5000'\ninsecure=true"}, "reg:5000", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, any port":               {tree{podman: "", regsConf: "[[registry]]\nlocation='reg'\ninsecure=true"}, "reg:5000", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, domain":                 {tree{podman: "", regsConf: "[[registry]]\nprefix='*.lab'\ninsecure=true"}, "reg.lab:5000", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, not its":                {tree{podman: "", regsConf: "[[registry]]\nprefix='*.lab'\ninsecure=true\n[[registry]]\nlocation='reg.lab'"}, "reg.lab", far, Unverified{}},
		"registries.conf, a namespace":            {tree{regsConf: "[[registry]]\nlocation='reg/team'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, as location":            {tree{regsConf: "[[registry]]\nprefix='other'\nlocation='reg/x'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, as a mirror":            {tree{regsConf: "[[registry]]\nlocation='other'\n[[registry.mirror]]\nlocation='reg/x'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, of old":                 {tree{regsConf: "[registries.insecure]\nregistries=['reg']"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, another name":           {tree{podman: "", regsConf: "[[registry]]\nlocation='eg'\ninsecure=true\n[[registry]]\nlocation='reg.lab'\ninsecure=true"}, "reg", far, Unverified{}},
		"registries.conf, which the tools refuse": {tree{regsConf: "[[registry]]\nprefix='*.lab/x'\ninsecure=true"}, "reg.lab", far, Unverified{Party: trust.Podman, Origin: regsConf, Unknown: true}},
		"registries.conf, broken":                 {tree{regsConf: "[[registry]"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf, Unknown: true}},
		"a broken drop-in":                        {tree{regsConf: "", "/etc/containers/registries.conf.d/x.conf": "[[registry]"}, "reg", far, Unverified{Party: trust.Podman, Origin: "/etc/containers/registries.conf.d/x.conf", Unknown: true}},
		"nerdctl":                                 {tree{nerdctlTOML: "insecure_registry = true"}, "reg", far, Unverified{Party: trust.Containerd, Origin: nerdctlTOML}},
		"nerdctl, installed":                      {tree{nerdctlTOML: "insecure_registry = true", "/usr/bin/nerdctl": ""}, "docker.io", far, Unverified{Party: trust.Containerd, Origin: nerdctlTOML}},
		"nerdctl, the user's":                     {tree{"/root/.config/nerdctl/nerdctl.toml": "insecure_registry = true"}, "reg", far, Unverified{Party: trust.Containerd, Origin: "/root/.config/nerdctl/nerdctl.toml"}},
		"nerdctl, not so":                         {tree{nerdctlTOML: "insecure_registry = false"}, "reg", far, Unverified{}},
		"nerdctl, broken":                         {tree{nerdctlTOML: "insecure_registry ="}, "reg", far, Unverified{Party: trust.Containerd, Origin: nerdctlTOML, Unknown: true}},
		"BuildKit, plain HTTP":                    {tree{buildkitTOML: "[registry.'reg:5000']\nhttp = true"}, "reg:5000", far, Unverified{Party: trust.DockerBuild, Origin: buildkitTOML}},
		"BuildKit, in another case":               {tree{buildkitTOML: "[registry.'REG:5000']\ninsecure = true"}, "reg:5000", far, Unverified{Party: trust.DockerBuild, Origin: buildkitTOML}},
		"BuildKit, the user's":                    {tree{"/root/.config/buildkit/buildkitd.toml": "[registry.reg]\ninsecure = true"}, "reg", far, Unverified{Party: trust.DockerBuild, Origin: "/root/.config/buildkit/buildkitd.toml"}},
		"BuildKit, buildx":                        {tree{"/root/.docker/buildx/buildkitd.default.toml": "[registry.reg]\nhttp = true"}, "reg", far, Unverified{Party: trust.DockerBuild, Origin: "/root/.docker/buildx/buildkitd.default.toml"}},
		"BuildKit, Docker Hub":                    {tree{buildkitTOML: "[registry.'registry-1.docker.io']\nhttp = true"}, "docker.io", far, Unverified{Party: trust.DockerBuild, Origin: buildkitTOML}},
		"BuildKit, verified":                      {tree{buildkitTOML: "[registry.reg]\nhttp = false\nca = ['/x']"}, "reg", far, Unverified{}},
		"BuildKit, another":                       {tree{buildkitTOML: "[registry.'reg:5001']\nhttp = true"}, "reg:5000", far, Unverified{}},
		"BuildKit, broken":                        {tree{buildkitTOML: "[registry.reg]\nhttp = 'x'"}, "reg", far, Unverified{Party: trust.DockerBuild, Origin: buildkitTOML, Unknown: true}},
		"a drop-in":                               {tree{podman: "", "/etc/containers/registries.conf.d/x.conf": "[[registry]]\nlocation='reg'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: "/etc/containers/registries.conf.d/x.conf"}},
		"hosts.toml": {
			tree{"/usr/bin/nerdctl": "", "/etc/containerd/certs.d/reg/hosts.toml": "[host.'https://reg']\nskip_verify=true"},
			"reg", far,
			Unverified{Party: trust.Containerd, Origin: "/etc/containerd/certs.d/reg/hosts.toml"},
		},
		"hosts.toml, plain HTTP": {
			tree{"/usr/bin/nerdctl": "", "/etc/containerd/certs.d/reg/hosts.toml": "server='http://reg'"},
			"reg", far,
			Unverified{Party: trust.Containerd, Origin: "/etc/containerd/certs.d/reg/hosts.toml"},
		},
		"hosts.toml, Docker Hub beside a mirror": {
			tree{"/usr/bin/nerdctl": "", "/etc/containerd/certs.d/docker.io/hosts.toml": "server='http://registry-1.docker.io'\n[host.'https://m.example']"},
			"docker.io", far,
			Unverified{Party: trust.Containerd, Origin: "/etc/containerd/certs.d/docker.io/hosts.toml"},
		},
		"hosts.toml, in another case": {
			tree{"/usr/bin/nerdctl": "", "/etc/containerd/certs.d/reg/hosts.toml": "[host.'https://m']\n[host.'https://REG:444']\nskip_verify=true"},
			"reg", far,
			Unverified{Party: trust.Containerd, Origin: "/etc/containerd/certs.d/reg/hosts.toml"},
		},
		"hosts.toml, a mirror only": {
			tree{"/usr/bin/nerdctl": "", "/etc/containerd/certs.d/reg/hosts.toml": "[host.'https://m']\nskip_verify=true"},
			"reg", far,
			Unverified{},
		},
		"hosts.toml of rootless Docker, another port": {
			tree{"/root/.config/systemd/user/docker.service": "", "/root/.config/docker/certs.d/reg/hosts.toml": "[host.'http://reg:81']"},
			"reg", far,
			Unverified{Party: trust.Docker, Origin: "/root/.config/docker/certs.d/reg/hosts.toml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := FindUnverified(context.Background(), tt.files.under(t), registry(t, tt.reg), resolvesTo(tt.at...))
			if got != tt.want || ok != (tt.want != Unverified{}) {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

// A daemon's own word counts wherever it runs, and stands for its files; one that
// is there and says nothing could say anything.
func TestFindUnverifiedAsksDaemons(t *testing.T) {
	const desktopJSON = "/root/.docker/daemon.json"
	colima, desktop := "unix:///root/.colima/default/docker.sock", "unix:///root/.docker/desktop/docker.sock"
	says := func(d engine.Docker, insecure ...string) engine.Docker {
		d.Answered, d.Insecure = true, append([]string{"127.0.0.0/8", "::1/128"}, insecure...)
		return d
	}
	vm, far, own := engine.Docker{Host: colima, Remote: true}, engine.Docker{Host: desktop, Desktop: true}, engine.Docker{Host: rootful}
	silent := engine.Docker{Host: rootful, Current: true, Why: "no answer in time", Silent: true}
	denied := engine.Docker{Host: rootful, Current: true, Why: "permission denied"}
	for name, tt := range map[string]struct {
		d     engine.Docker
		files tree
		deny  string
		reg   string
		want  Unverified
	}{
		"a machine of Colima's":      {says(vm, "reg:5000"), nil, "", "reg:5000", Unverified{Party: trust.Docker, Origin: colima}},
		"Docker Desktop":             {says(far, "reg:5000"), nil, "", "reg:5000", Unverified{Party: trust.Docker, Origin: desktop}},
		"Docker Desktop by its file": {says(far, "reg:5000"), tree{desktopJSON: `{"insecure-registries":["reg:5000"]}`}, "", "reg:5000", Unverified{Party: trust.Docker, Origin: desktopJSON}},
		"another registry":           {says(vm, "reg:5001"), nil, "", "reg:5000", Unverified{}},
		"a range":                    {says(vm, "10.0.0.0/8"), nil, "", "reg", Unverified{Party: trust.Docker, Origin: colima, Range: netip.MustParsePrefix("10.0.0.0/8")}},
		"an address in it":           {says(far, "10.0.0.0/8"), nil, "", "10.0.0.1", Unverified{Party: trust.Docker, Origin: desktop}},
		"its own localhost":          {says(vm), nil, "", "127.0.0.1:5000", Unverified{Party: trust.Docker, Origin: ruleLoopback}},
		"by a flag":                  {says(own, "reg:5000"), nil, "", "reg:5000", Unverified{Party: trust.Docker, Origin: ruleFlag}},
		"Docker Hub":                 {says(vm, "docker.io"), nil, "", "docker.io", Unverified{}},
		"silent":                     {silent, nil, "", "reg", Unverified{Party: trust.Docker, Origin: rootful, Unknown: true}},
		"not to be asked":            {denied, nil, "", "reg", Unverified{}},
		"not to be asked, its file":  {denied, tree{daemonJSON: "{}"}, daemonJSON, "reg", Unverified{Party: trust.Docker, Origin: daemonJSON, Unknown: true}},
		"its file is not read":       {says(own), tree{daemonJSON: "{}"}, daemonJSON, "reg", Unverified{}},
		"its file is broken":         {says(own), tree{daemonJSON: "{"}, "", "reg", Unverified{}},
		"its file says more":         {says(own), tree{daemonJSON: `{"insecure-registries":["reg"]}`}, "", "reg", Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"a file of another":          {says(own), tree{desktopJSON: "{"}, "", "reg", Unverified{Party: trust.Docker, Origin: desktopJSON, Unknown: true}},
		"other files not read":       {says(own), tree{regsConf: ""}, regsConf, "reg", Unverified{Party: trust.Podman, Origin: regsConf, Unknown: true}},
		"hosts.toml not read":        {says(own), tree{"/etc/docker/certs.d/reg/hosts.toml": ""}, "/etc/docker/certs.d/reg/hosts.toml", "reg", Unverified{Party: trust.Docker, Origin: "/etc/docker/certs.d/reg/hosts.toml", Unknown: true}},
		"flat files not listed":      {says(own), tree{"/etc/docker/certs.d/reg/ca.crt": ""}, "/etc/docker/certs.d/reg", "reg", Unverified{}},
	} {
		t.Run(name, func(t *testing.T) {
			w := tt.files.under(t)
			switch {
			case name == "flat files not listed":
				w = w.WithFS(unlisted{w.FS, tt.deny})
			case tt.deny != "":
				w = w.WithFS(faked{FS: w.FS, deny: []string{tt.deny}})
			}
			got, ok := findUnverified(context.Background(), w, registry(t, tt.reg), resolvesTo("192.0.2.1"), dockersOf(tt.d))
			if got != tt.want || ok != (tt.want != Unverified{}) {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

// unlisted is a file system with a directory that may be entered and not listed.
type unlisted struct {
	world.FS
	dir string
}

func (u unlisted) ReadDir(path string) ([]fs.DirEntry, error) {
	if path == u.dir {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return u.FS.ReadDir(path)
}

// Zones of addresses are no part of a range.
func TestInsecureRanges(t *testing.T) {
	for _, tt := range []struct {
		prefix, ip string
		want       bool
	}{
		{"fe80::/10", "fe80::1%eth0", true},
		{"10.0.0.0/8", "::ffff:10.1.1.1", true},
		{"::ffff:10.0.0.0/104", "10.0.0.1", true},
		{"::ffff:10.0.0.0/104", "11.0.0.1", false},
		{"::/0", "10.0.0.1", false},
		{"0.0.0.0/0", "::ffff:10.0.0.1", true},
	} {
		l := insecureList{names: map[string]string{}}
		l.add(tt.prefix, "x")
		if _, got := l.match("reg", netip.MustParseAddr(tt.ip)); got != tt.want {
			t.Errorf("%s in %s: %v", tt.ip, tt.prefix, got)
		}
		_, ipnet, err := net.ParseCIDR(tt.prefix)
		must(t, err)
		if ip := netip.MustParseAddr(tt.ip).WithZone(""); ipnet.Contains(ip.AsSlice()) != tt.want {
			t.Errorf("Go's net says otherwise of %s in %s", tt.ip, tt.prefix)
		}
	}
}

// Without rules for addresses no name is resolved: it takes time, and tells.
func TestFindUnverifiedAsksNobody(t *testing.T) {
	ask := func(context.Context, string) ([]netip.Addr, error) {
		t.Error("resolved")
		return nil, nil
	}
	for reg, files := range map[string]tree{
		"reg":       {"/usr/bin/podman": ""},
		"docker.io": {"/usr/bin/dockerd": ""},
		"10.0.0.1":  {"/usr/bin/dockerd": ""},
		"named":     {daemonJSON: `{"insecure-registries":["named","10.0.0.0/8"]}`},
		"far":       {daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`},
	} {
		FindUnverified(context.Background(), files.under(t), registry(t, reg), ask)
	}
}
