package discover

import (
	"cmp"
	"slices"
	"strconv"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
)

func dockerConfigDir(w world.World) string { return engine.DockerConfigDir(w) }

// configHome is where a user's own daemons look on Unix.
func configHome(w world.World) string {
	return cmp.Or(w.Getenv("XDG_CONFIG_HOME"), w.Join(w.User.Home, ".config"))
}

func programData(w world.World) string { return cmp.Or(w.Getenv("ProgramData"), `C:\ProgramData`) }

// containersAuthPaths are the places of auth.json, in the order in which podman
// reads them (containers/image pkg/docker/config getAuthFilePaths). Podman stops
// at the first that has an entry; here all count.
func containersAuthPaths(w world.World) []string {
	var out []string
	if own := w.Getenv("REGISTRY_AUTH_FILE"); own != "" {
		out = append(out, own)
	}
	if w.OS == "linux" {
		out = append(out,
			w.Join(engine.RuntimeDir(w), "containers", "auth.json"),
			w.Join("/run/containers", strconv.Itoa(w.User.UID), "auth.json"))
	}
	return unique(append(out,
		w.Join(configHome(w), "containers", "auth.json"),
		w.Join(w.User.Home, ".config", "containers", "auth.json")))
}

// certsDRoots are the directories of directories that any engine reads: of
// docker (root's, rootless, snap, Desktop's), of podman and its relatives, and of
// containerd and nerdctl.
func certsDRoots(w world.World) []string {
	desktop := w.Join(w.User.Home, ".docker", "certs.d")
	if w.OS == "windows" {
		return []string{
			w.Join(programData(w), "docker", "certs.d"), desktop,
			w.Join(programData(w), "containerd", "certs.d"),
		}
	}
	return unique([]string{
		"/etc/docker/certs.d",
		w.Join(configHome(w), "docker", "certs.d"),
		"/var/snap/docker/current/etc/docker/certs.d",
		desktop,
		w.Join(w.User.Home, ".config", "containers", "certs.d"),
		"/etc/containers/certs.d",
		"/etc/containerd/certs.d",
		w.Join(configHome(w), "containerd", "certs.d"),
	})
}

func unique(paths []string) []string {
	var out []string
	for _, p := range paths {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
