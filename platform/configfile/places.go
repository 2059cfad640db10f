package configfile

import (
	"cmp"
	"strings"

	"mooring.dev/mooring/platform/world"
)

// RegistriesConfFiles lists the registries.conf files that a tool of the
// containers family run by w's user reads, the main one first, then the drop-ins
// in the order in which they are merged. The main one may not exist. A user's
// own registries.conf hides everything under /etc, drop-ins included
// (containers/image 5.36, sysregistriesv2 newConfigWrapperWithHomeDir).
//
// The error is that of a drop-in directory which exists and cannot be listed:
// the tools stop at it.
func RegistriesConfFiles(w world.World) ([]string, error) {
	userDir := w.Join(w.User.Home, ".config", "containers")
	files, dropIns := mainAndDropIns(w, w.Join(userDir, "registries.conf"), w.Join(userDir, "registries.conf.d"))
	var failed error
	for _, dir := range dropIns {
		names, err := confFiles(w, dir)
		failed = cmp.Or(failed, err)
		files = append(files, names...)
	}
	return files, failed
}

// DaemonJSONFiles lists the settings of the Docker daemons that there may be: root's,
// the user's own, the snap's and Docker Desktop's.
func DaemonJSONFiles(w world.World) []string {
	desktop := w.Join(w.User.Home, ".docker", "daemon.json")
	if w.OS == "windows" {
		data := cmp.Or(w.Getenv("ProgramData"), `C:\ProgramData`)
		return []string{w.Join(data, "docker", "config", "daemon.json"), desktop}
	}
	own := cmp.Or(w.Getenv("XDG_CONFIG_HOME"), w.Join(w.User.Home, ".config"))
	return []string{
		"/etc/docker/daemon.json",
		w.Join(own, "docker", "daemon.json"),
		"/var/snap/docker/current/config/daemon.json",
		desktop,
	}
}

func mainAndDropIns(w world.World, user, userDropIns string) (files, dropIns []string) {
	// pkg/cli/environment: either variable names the main file; drop-ins stay.
	override := cmp.Or(w.Getenv("CONTAINERS_REGISTRIES_CONF"), w.Getenv("REGISTRIES_CONFIG_PATH"))
	if override == "" && world.Exists(w.FS, user) {
		return []string{user}, []string{userDropIns}
	}
	main := cmp.Or(override, "/etc/containers/registries.conf")
	return []string{main}, []string{"/etc/containers/registries.conf.d", userDropIns}
}

func confFiles(w world.World, dir string) ([]string, error) {
	if !world.Exists(w.FS, dir) {
		return nil, nil
	}
	entries, err := w.FS.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".conf") {
			out = append(out, w.Join(dir, e.Name()))
		}
	}
	return out, err
}
