package discover

import (
	"io/fs"
	"slices"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// maxHeld bounds how many files in certs.d directories are examined.
const maxHeld = 5000

// Held returns every CA certificate that this machine holds somewhere: the OS
// store as it was read, all certs.d directories, and where administrators put
// anchors, also in files that no tool reads. It is where the issuer that a server
// did not send is looked for; being held says nothing about being trusted.
func Held(w world.World, system *trust.AnchorSet) *trust.AnchorSet {
	h := held{w: w, found: slices.Clone(system.All())}
	for _, root := range certsDRoots(h.w) {
		for _, host := range h.list(root) {
			h.directory(w.Join(root, host.Name()))
		}
	}
	for _, dir := range anchors.Dirs() {
		h.directory(dir)
	}
	return trust.NewAnchorSet(h.found)
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
		if e.IsDir() {
			continue
		}
		name := h.w.Join(dir, e.Name())
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
