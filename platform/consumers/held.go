package consumers

import (
	"io/fs"
	"path"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// maxHeld bounds how many files in certs.d directories are examined.
const maxHeld = 5000

// Held returns every CA certificate that this machine holds somewhere: the OS
// store and all certs.d directories, also in files that no tool reads. It is
// where the issuer that a server did not send is looked for; being held says
// nothing about being trusted.
func Held(w world.World) *trust.AnchorSet {
	h := held{w: Snapshot(w)}
	h.found = append(h.found, ReadSystem(h.w).Anchors.All()...)
	for _, root := range certsDRoots(h.w) {
		for _, host := range h.list(root) {
			h.directory(path.Join(root, host.Name()))
		}
	}
	for _, dir := range anchorSources {
		h.directory(dir)
	}
	return trust.NewAnchorSet(h.found)
}

// anchorSources are where administrators put anchors, whether or not the OS
// store was rebuilt since.
var anchorSources = []string{
	"/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors",
	"/etc/ca-certificates/trust-source/anchors", "/etc/pki/trust/anchors",
}

// certsDRoots lists the directories that hold a directory for each registry.
func certsDRoots(w world.World) []string {
	if w.OS != "linux" {
		return nil
	}
	return []string{
		"/etc/docker/certs.d", "/etc/containers/certs.d", "/etc/containerd/certs.d",
		path.Join(w.User.Home, ".config/containers/certs.d"),
		path.Join(w.User.Home, ".config/docker/certs.d"),
		path.Join(w.User.Home, ".docker/certs.d"),
		"/var/snap/docker/current/etc/docker/certs.d",
	}
}

// held collects certificates from files.
type held struct {
	w     world.World
	files int
	found []trust.Anchor
}

func (h *held) list(dir string) []fs.DirEntry {
	entries, err := h.w.FS.ReadDir(dir)
	if err != nil {
		return nil // what cannot be listed cannot be offered
	}
	return entries
}

func (h *held) directory(dir string) {
	for _, e := range h.list(dir) {
		if h.files++; h.files > maxHeld {
			return
		}
		if !regular(e) {
			continue
		}
		name := path.Join(dir, e.Name())
		data, err := h.w.FS.ReadFile(name)
		if err != nil {
			continue
		}
		for _, c := range certfile.Examine(data).Certs {
			if c.IsCA {
				h.found = append(h.found, trust.Anchor{Cert: c, Source: trust.FileSource(name)})
			}
		}
	}
}
