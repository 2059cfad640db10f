package state

import (
	"cmp"
	"strings"

	"mooring.dev/mooring/platform/world"
)

// Directories are Mooring's own, as the target OS writes them. None need exist.
type Directories struct {
	Config string // what the person decided: registries.toml
	State  string // what happened: the journal, what was seen
	Cache  string // what can be had again
}

// Dirs returns the directories of w's user: XDG's on Linux, Library on macOS,
// AppData on Windows. In a tree under --root they lie in that tree.
func Dirs(w world.World) Directories {
	home := w.User.Home
	switch w.OS {
	case "windows":
		roaming := cmp.Or(w.Getenv("APPDATA"), w.Join(home, "AppData", "Roaming"))
		local := cmp.Or(w.Getenv("LOCALAPPDATA"), w.Join(home, "AppData", "Local"))
		return Directories{
			Config: w.Join(roaming, "Mooring"),
			State:  w.Join(local, "Mooring", "State"),
			Cache:  w.Join(local, "Mooring", "Cache"),
		}
	case "darwin":
		support := w.Join(home, "Library", "Application Support", "Mooring")
		return Directories{
			Config: support,
			State:  w.Join(support, "State"),
			Cache:  w.Join(home, "Library", "Caches", "Mooring"),
		}
	default:
		return Directories{
			Config: w.Join(xdg(w, "XDG_CONFIG_HOME", ".config"), "mooring"),
			State:  w.Join(xdg(w, "XDG_STATE_HOME", ".local/state"), "mooring"),
			Cache:  w.Join(xdg(w, "XDG_CACHE_HOME", ".cache"), "mooring"),
		}
	}
}

// xdg is a base directory. A relative path in the variable is to be ignored
// (XDG Base Directory Specification).
func xdg(w world.World, variable, fallback string) string {
	if dir := w.Getenv(variable); strings.HasPrefix(dir, "/") {
		return dir
	}
	return w.Join(w.User.Home, fallback)
}
