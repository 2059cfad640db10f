package consumers

import (
	"strings"

	"mooring.dev/mooring/platform/world"
)

// plainName is the directory name of host: as written, without colons on
// Windows, where a name cannot hold one.
func plainName(w world.World, host string) string {
	if w.OS == "windows" {
		return strings.ReplaceAll(host, ":", "")
	}
	return host
}

// newPlace is the directory for host under root. ok is false where the system cannot
// have one of that name: then the tool does not find it either.
func newPlace(w world.World, root, host string) (Place, bool) {
	name := plainName(w, host)
	if w.OS == "windows" && !windowsName(name) {
		return Place{}, false
	}
	return placeIn(w, w.Join(root, name)), true
}

// windowsName reports whether Windows opens what a name says. It takes a dot or a
// space off the end, and has devices in every directory, whatever follows after a dot
// (learn.microsoft.com/windows/win32/fileio/naming-a-file): a registry "aux.example"
// would be the serial port.
func windowsName(name string) bool {
	if name == "" || strings.ContainsAny(name, `<>:"/\|?*`) || strings.TrimRight(name, " .") != name {
		return false
	}
	for _, c := range name {
		if c < ' ' {
			return false
		}
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	stem = strings.TrimRight(stem, " ")
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return false
	}
	port, ok := strings.CutPrefix(stem, "COM")
	if !ok {
		port, ok = strings.CutPrefix(stem, "LPT")
	}
	return !ok || len([]rune(port)) != 1 || !strings.Contains("0123456789¹²³", port)
}
