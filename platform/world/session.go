package world

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// harmless are the variables that root takes over from anybody: they change what
// is shown and through which proxy the network is reached, and name no file. All
// others of a foreign session go: Mooring, the window's libraries and the programs
// that are run would read, write or load what they name.
var harmless = []string{
	"LANG", "LANGUAGE", "LC_*", "TERM", "COLORTERM", "NO_COLOR", "CI",
	"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
}

// safePath is the search path where nothing of the session's is left.
const safePath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// TakeSession makes the environment of a root process one that only root has a
// say in, and is to be called before anything reads it. "sudo -E", and sudo on
// macOS, leave a person's HOME in place: files that any of that person's programs
// can change would then be run, or written through, as root. Others' processes
// are left as they are.
func TakeSession() {
	if !isRoot() {
		return
	}
	was := os.Environ()
	now := session(Disk{}, was, rootHome())
	if slices.Equal(was, now) {
		return
	}
	os.Clearenv()
	for _, kv := range now {
		name, value, _ := strings.Cut(kv, "=")
		_ = os.Setenv(name, value) // it was in an environment before
	}
}

// session is what root keeps of an environment ("NAME=value"): all of its own,
// the harmless of one whose HOME others can write, and of PATH the directories
// that only root can change. home is root's own.
func session(files FS, environ []string, home string) []string {
	was := ""
	for _, kv := range environ {
		if v, ok := strings.CutPrefix(kv, "HOME="); ok {
			was = v
		}
	}
	own := was == "" || filepath.Clean(was) == home || OnlyRoot(files, was) == nil
	var out []string
	for _, kv := range environ {
		switch name, value, _ := strings.Cut(kv, "="); {
		case name == "PATH":
			out = append(out, "PATH="+ownPath(files, value))
		case name == "HOME" && (!own || was == ""):
		case own || isHarmless(name):
			out = append(out, kv)
		}
	}
	if !own || was == "" {
		out = append(out, "HOME="+home)
	}
	return out
}

func isHarmless(name string) bool {
	return slices.ContainsFunc(harmless, func(known string) bool {
		prefix, many := strings.CutSuffix(known, "*")
		return name == known || many && strings.HasPrefix(name, prefix)
	})
}

func ownPath(files FS, list string) string {
	var dirs []string
	for dir := range strings.SplitSeq(list, ":") {
		if dir != "" && OnlyRoot(files, dir) == nil {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) == 0 {
		return safePath
	}
	return strings.Join(dirs, ":")
}

// rootHome is root's home as the system's list of users has it.
func rootHome() string {
	if u, err := user.LookupId("0"); err == nil && strings.HasPrefix(u.HomeDir, "/") {
		return filepath.Clean(u.HomeDir)
	}
	if runtime.GOOS == "darwin" {
		return "/var/root"
	}
	return "/root"
}
