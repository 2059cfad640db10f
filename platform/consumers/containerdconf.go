package consumers

import (
	"strings"

	"github.com/pelletier/go-toml/v2"

	"mooring.dev/mooring/platform/world"
)

const containerdConfig = "/etc/containerd/config.toml"

// cri is containerd's Kubernetes side. ok is false where nothing here speaks to
// it: nearly every containerd has it switched on, unused.
func cri(w world.World) (c client, ok bool) {
	conf := readContainerdConf(w)
	if conf.disabled || conf.configPath == "" && !kubernetes(w) {
		return client{}, false
	}
	c = client{instance: instanceCRI, installed: true, daemon: true}
	switch {
	case conf.configPath != "":
		c.loader.roots = strings.Split(conf.configPath, ":")
	case containerdOne(w) || conf.legacy:
		c.noPlace = true // the roots of the OS only
	default:
		// containerd 2 on Linux, plugins/cri/images/plugin.go
		c.loader.roots = []string{containerdCerts, systemCerts}
	}
	return c, true
}

// kubernetes reports whether this machine is a node, or has tools for CRI.
func kubernetes(w world.World) bool {
	return installed(w, "kubelet", "crictl") || world.Exists(w.FS, "/etc/kubernetes") || world.Exists(w.FS, "/etc/crictl.yaml")
}

// containerdConf is what is used of containerd's config.toml.
type containerdConf struct {
	disabled   bool   // the CRI plugin
	configPath string // registry.config_path
	legacy     bool   // registry.mirrors or registry.configs, which exclude it
}

// readContainerdConf reads the configuration; one that is missing or broken says
// nothing.
func readContainerdConf(w world.World) containerdConf {
	var f struct {
		Disabled []string       `toml:"disabled_plugins"`
		Plugins  map[string]any `toml:"plugins"`
	}
	data, err := w.FS.ReadFile(containerdConfig)
	if err != nil || len(data) > maxHostsTOML || toml.Unmarshal(data, &f) != nil {
		return containerdConf{}
	}
	var c containerdConf
	for _, p := range f.Disabled {
		c.disabled = c.disabled || p == "cri" || p == "io.containerd.grpc.v1.cri"
	}
	// Version 2 of the format has the first name, version 3 the second.
	for _, name := range []string{"io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images"} {
		reg := table(table(f.Plugins[name])["registry"])
		c.legacy = c.legacy || len(table(reg["mirrors"])) > 0 || len(table(reg["configs"])) > 0
		if dirs, _ := reg["config_path"].(string); dirs != "" {
			c.configPath = dirs
		}
	}
	return c
}

func table(v any) map[string]any {
	t, _ := v.(map[string]any)
	return t
}

// nerdctlHostsDirs is hosts_dir of nerdctl.toml; ok is false when it is not set.
func nerdctlHostsDirs(w world.World) (dirs []string, ok bool) {
	file := "/etc/nerdctl/nerdctl.toml"
	if w.User.UID != 0 {
		file = w.Join(configHome(w), "nerdctl", "nerdctl.toml")
	}
	if f := w.Getenv("NERDCTL_TOML"); f != "" {
		file = f
	}
	var f struct {
		HostsDir []string `toml:"hosts_dir"`
	}
	data, err := w.FS.ReadFile(file)
	if err != nil || len(data) > maxHostsTOML || toml.Unmarshal(data, &f) != nil {
		return nil, false
	}
	return f.HostsDir, f.HostsDir != nil
}
