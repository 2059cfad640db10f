package consumers

import "mooring.dev/mooring/platform/world"

// programDirs are where packages put programs on Linux and macOS. PATH is not
// asked alone: an ordinary user's lacks /usr/sbin, and a tree has none.
var programDirs = []string{
	"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin",
	"/snap/bin", "/opt/homebrew/bin", "/run/current-system/sw/bin",
}

// installed reports whether any of the named programs is there.
func installed(w world.World, names ...string) bool {
	for _, name := range names {
		if programPath(w, name) != "" {
			return true
		}
	}
	return false
}

// programPath is where a program is, "" when it is not installed.
func programPath(w world.World, name string) string {
	if w.OS == "windows" {
		return windowsProgram(w, name)
	}
	for _, dir := range append(programDirs, w.Join(w.User.Home, "bin"), w.Join(w.User.Home, ".local", "bin")) {
		if p := w.Join(dir, name); world.Exists(w.FS, p) {
			return p
		}
	}
	if w.Live() {
		p, _ := w.Run.Look(name)
		return p
	}
	return ""
}

func windowsProgram(w world.World, name string) string {
	for _, dir := range []string{`C:\Program Files\Docker`, `C:\Program Files\Docker\Docker\resources\bin`, `C:\Program Files\containerd\bin`} {
		if p := w.Join(dir, name+".exe"); world.Exists(w.FS, p) {
			return p
		}
	}
	if w.Live() {
		p, _ := w.Run.Look(name)
		return p
	}
	return ""
}
