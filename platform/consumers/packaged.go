package consumers

import (
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// packageDirs holds a directory for each package of certificates on Debian and its
// relatives.
const packageDirs = "/usr/share/ca-certificates"

// Packaged returns the certificates that packages of the distribution bring: they
// are not an administrator's to remove, and come back with the next upgrade.
func Packaged(w world.World) map[trust.Fingerprint]bool {
	dirs := vendorSources
	entries, _ := w.FS.ReadDir(packageDirs)
	for _, e := range entries[:min(len(entries), maxSourceFiles)] {
		if e.IsDir() {
			dirs = append(dirs[:len(dirs):len(dirs)], w.Join(packageDirs, e.Name()))
		}
	}
	out := map[trust.Fingerprint]bool{}
	for fp := range sources(w, dirs) {
		out[fp] = true
	}
	return out
}
