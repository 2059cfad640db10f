package consumers

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"mooring.dev/mooring/platform/world"
)

const containerdConfig = "/etc/containerd/config.toml"

// defaultConfigPath is CRI's config_path on Linux since containerd 2.2
// (plugins/cri/images/plugin.go).
const defaultConfigPath = containerdCerts + ":" + systemCerts

// cri is containerd's Kubernetes side. ok is false where nothing here speaks to
// it: nearly every containerd has it switched on, unused.
func cri(w world.World, version string) (c client, ok bool) {
	conf := readContainerdConf(w)
	if conf.disabled || conf.configPath == "" && !kubernetes(w) {
		return client{}, false
	}
	c = client{instance: instanceCRI, installed: true, daemon: true}
	path := conf.configPath
	if path == "" && !conf.mirrors && containerdAtLeast(w, version, 2, 2) {
		path = defaultConfigPath
	}
	switch {
	case conf.configs || conf.mirrors && path == "":
		c.unknown = "its registries are configured in " + containerdConfig
	case path == "":
		c.noPlace = true // the roots of the OS only
	case conf.localPull || !containerdAtLeast(w, version, 2, 1):
		c.loader.roots = strings.Split(path, ":")
	default:
		// The transfer service takes the whole list for the name of one directory
		// (internal/cri/server/images/image_pull.go pullImageWithTransferService):
		// with more than one in it nothing is found.
		c.loader.roots = []string{path}
		c.noPlace = strings.Contains(path, ":")
	}
	return c, true
}

// containerdAtLeast compares the version of containerd. One that cannot be read
// counts as current, unless the shims that 2.0 dropped are there.
func containerdAtLeast(w world.World, version string, major, minor int) bool {
	if _, known := parseVersion(version); known {
		return versionAtLeast(version, major, minor)
	}
	return major < 2 || !containerdOne(w)
}

// kubernetes reports whether this machine is a node, or has tools for CRI.
func kubernetes(w world.World) bool {
	return installed(w, "kubelet", "crictl") || world.Exists(w.FS, "/etc/kubernetes") || world.Exists(w.FS, "/etc/crictl.yaml")
}

// containerdConf is what is used of containerd's config.toml.
type containerdConf struct {
	disabled   bool   // the CRI plugin
	configPath string // registry.config_path
	// mirrors and configs of the registry table are the old way, and exclude it.
	mirrors, configs bool
	// localPull: a setting that keeps CRI from pulling by the transfer service.
	localPull bool
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
		images := table(f.Plugins[name])
		reg := table(images["registry"])
		c.mirrors = c.mirrors || len(table(reg["mirrors"])) > 0
		c.configs = c.configs || len(table(reg["configs"])) > 0
		c.localPull = c.localPull || pullsLocally(images) || pullsLocally(table(images["containerd"]))
		if dirs, _ := reg["config_path"].(string); dirs != "" {
			c.configPath = dirs
		}
	}
	return c
}

// pullsLocally looks for the settings of internal/cri/config
// CheckLocalImagePullConfigs.
func pullsLocally(images map[string]any) bool {
	for key, value := range map[string]any{
		"use_local_image_pull": true, "image_pull_with_sync_fs": true,
		"discard_unpacked_layers": true, "disable_snapshot_annotations": false,
	} {
		if images[key] == value {
			return true
		}
	}
	downloads, set := images["max_concurrent_downloads"]
	return set && downloads != int64(3) || len(table(table(images["registry"])["auths"])) > 0
}

func table(v any) map[string]any {
	t, _ := v.(map[string]any)
	return t
}

// nerdctlConf is what is used of nerdctl.toml (nerdctl pkg/config).
type nerdctlConf struct {
	path     string
	HostsDir []string `toml:"hosts_dir"` // nil when it is not set
	// Insecure is --insecure-registry for every command.
	Insecure bool  `toml:"insecure_registry"`
	err      error // nerdctl stops at it
}

// readNerdctlConf reads the file that nerdctl takes when w's user runs it; there
// need be none.
func readNerdctlConf(w world.World) nerdctlConf {
	file := nerdctlTOML
	if w.User.UID != 0 {
		file = w.Join(configHome(w), "nerdctl", "nerdctl.toml")
	}
	return readNerdctlTOML(w, cmp.Or(w.Getenv("NERDCTL_TOML"), file))
}

// nerdctlTOML is root's.
const nerdctlTOML = "/etc/nerdctl/nerdctl.toml"

func readNerdctlTOML(w world.World, path string) nerdctlConf {
	c := nerdctlConf{path: path}
	if err := readTOML(w, path, &c); err != nil {
		return nerdctlConf{path: path, err: err}
	}
	return c
}

// readTOML reads a file of settings; one that does not exist says nothing.
func readTOML(w world.World, path string, into any) error {
	data, err := w.FS.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(data) > maxHostsTOML:
		return world.ErrTooLarge
	}
	return toml.Unmarshal(data, into)
}
