package consumers

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// pairPlacer is a Reader whose client pairs do not always lie where its anchors do.
type pairPlacer interface {
	PairPlace(w world.World, c trust.Consumer, registry trust.Registry) (p Place, ok bool)
}

// PairPlace returns where a client certificate with its key would have to be put
// for m to read both, and nobody else the key.
func (m Member) PairPlace(w world.World, reg trust.Registry) (Place, bool) {
	if r, ok := m.Reader.(pairPlacer); ok {
		return r.PairPlace(w, m.Consumer, reg)
	}
	return m.Reader.Place(w, m.Consumer, reg)
}

// PairPlace is the directory of the person's own: what their podman can read in
// another's, everybody can. It comes to hide the one that won so far.
func (k podman) PairPlace(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	p, ok := k.Place(w, c, reg)
	u := k.asItself(w, c)
	if !ok || u.User.UID == 0 {
		return p, ok
	}
	own := placeIn(w, containersDirs(u, dockerName(reg))[0])
	own.UserWritable = true
	if p.Exists && p.Dir != own.Dir {
		own.Hides = p.Dir
	}
	return own, true
}

// PairPlace for Docker Desktop on Linux is the one place that there can be for a pair.
func (k docker) PairPlace(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	if d := k.of(w, c); d.Desktop && !d.Remote && w.OS == "linux" {
		return machinePlace(w, w.Join(w.User.Home, ".docker", "certs.d"), trust.EngineDockerDesktop, reg)
	}
	return k.Place(w, c, reg)
}

// A Half is one file of a client pair, or a pair, in a directory of flat files.
type Half struct {
	Cert, Key string // names, "" for the half that is missing
	Leaf      *x509.Certificate
	Chain     []*x509.Certificate
	// Fault is why a loader stops at it; "" when it does not.
	Fault trust.Code
	// KeyUnseen: the key may not be read here, so nothing is known of it.
	KeyUnseen bool
}

// Halves lists the client pairs in dir, in the order in which every loader takes
// them: by the certificate's name (moby daemon/pkg/registry ReadCertsDirectory,
// containers/image pkg/tlsclientconfig SetupCertificates and containerd
// core/remotes/docker/config loadCertFiles all go through a sorted ReadDir).
func Halves(w world.World, dir string) ([]Half, error) {
	entries, err := w.FS.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, e := range entries[:min(len(entries), maxHostFiles)] {
		names[e.Name()] = true
	}
	var out []Half
	for _, e := range entries[:min(len(entries), maxHostFiles)] {
		name := e.Name()
		base := strings.TrimSuffix(name, path.Ext(name))
		switch {
		case path.Ext(name) == ".cert" && names[base+".key"]:
			out = append(out, half(w, dir, base))
		case path.Ext(name) == ".cert":
			out = append(out, Half{Cert: name, Fault: trust.CertWithoutKey})
		case path.Ext(name) == ".key" && !names[base+".cert"]:
			out = append(out, Half{Key: name, Fault: trust.KeyWithoutCert})
		}
	}
	return out, nil
}

func half(w world.World, dir, base string) Half {
	h := Half{Cert: base + ".cert", Key: base + ".key"}
	p := readPair(w, w.Join(dir, h.Cert), w.Join(dir, h.Key))
	h.Leaf, h.Chain, h.Fault = p.leaf, p.chain, p.code
	switch {
	case p.certFault != nil:
		h.Fault = p.certFault.code
	case p.keyFault != nil && errors.Is(p.keyFault.err, fs.ErrPermission):
		h.KeyUnseen = true
	case p.keyFault != nil:
		h.Fault = p.keyFault.code
	}
	return h
}

// SetAside is the ending under which Mooring keeps files that were in the way: no
// loader reads it.
const SetAside = ".mooring-"

var setAside = regexp.MustCompile(`\.mooring-\d{8}(-\d+)?$`)
