package consumers

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"mooring.dev/mooring/trust"
)

const (
	daemonJSON = "/etc/docker/daemon.json"
	regsConf   = "/etc/containers/registries.conf"
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
		"broken":            {tree{docker: "", daemonJSON: `{"insecure`}, "reg:5000", far, Unverified{}},
		"Docker Hub":        {tree{docker: "", daemonJSON: `{"insecure-registries":["docker.io","0.0.0.0/0"]}`}, "docker.io", far, Unverified{}},

		"range":                         {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", far, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"range, second address":         {tree{daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", []string{"192.0.2.1", "10.1.1.1"}, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"range, mapped address":         {tree{daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", []string{"::ffff:10.1.1.1"}, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"range, other address":          {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", []string{"192.0.2.1"}, Unverified{}},
		"range, address as name":        {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "10.2.2.2:5000", nil, Unverified{Party: trust.Docker, Origin: daemonJSON}},
		"range, other address as name":  {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "192.0.2.1:5000", nil, Unverified{}},
		"range, no address":             {tree{docker: "", daemonJSON: `{"insecure-registries":["10.0.0.0/8"]}`}, "reg", nil, Unverified{Party: trust.Docker, Origin: daemonJSON, Unresolved: true}},
		"loopback, by rule":             {tree{docker: ""}, "reg", []string{"127.0.0.1"}, Unverified{Party: trust.Docker, Origin: ruleLoopback}},
		"loopback, no address":          {tree{docker: ""}, "reg", nil, Unverified{}},
		"loopback, switched off":        {tree{daemonJSON: `{"insecure-registries":[]}`}, "localhost:5000", []string{"127.0.0.1"}, Unverified{}},
		"loopback, no docker":           {tree{podman: ""}, "localhost:5000", []string{"127.0.0.1"}, Unverified{}},
		"registries.conf":               {tree{podman: "", regsConf: "[[registry]]\nlocation='reg:5000'\ninsecure=true"}, "reg:5000", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, any port":     {tree{podman: "", regsConf: "[[registry]]\nlocation='reg'\ninsecure=true"}, "reg:5000", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, domain":       {tree{podman: "", regsConf: "[[registry]]\nprefix='*.lab'\ninsecure=true"}, "reg.lab:5000", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, not its":      {tree{podman: "", regsConf: "[[registry]]\nprefix='*.lab'\ninsecure=true\n[[registry]]\nlocation='reg.lab'"}, "reg.lab", far, Unverified{}},
		"registries.conf, a namespace":  {tree{regsConf: "[[registry]]\nlocation='reg/team'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, as location":  {tree{regsConf: "[[registry]]\nprefix='other'\nlocation='reg/x'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, as a mirror":  {tree{regsConf: "[[registry]]\nlocation='other'\n[[registry.mirror]]\nlocation='reg/x'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, of old":       {tree{regsConf: "[registries.insecure]\nregistries=['reg']"}, "reg", far, Unverified{Party: trust.Podman, Origin: regsConf}},
		"registries.conf, another name": {tree{podman: "", regsConf: "[[registry]]\nlocation='eg'\ninsecure=true\n[[registry]]\nlocation='reg.lab'\ninsecure=true"}, "reg", far, Unverified{}},
		"a drop-in":                     {tree{podman: "", "/etc/containers/registries.conf.d/x.conf": "[[registry]]\nlocation='reg'\ninsecure=true"}, "reg", far, Unverified{Party: trust.Podman, Origin: "/etc/containers/registries.conf.d/x.conf"}},
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
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := FindUnverified(context.Background(), tt.files.under(t), registry(t, tt.reg), resolvesTo(tt.at...))
			if got != tt.want || ok != (tt.want != Unverified{}) {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
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
	} {
		FindUnverified(context.Background(), files.under(t), registry(t, reg), ask)
	}
}
