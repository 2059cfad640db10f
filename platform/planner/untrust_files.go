package planner

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/trust"
)

// clients notes the client certificates in a directory, which stay.
func (r *remover) clients(dir string) {
	entries, _ := r.q.Set.World.FS.ReadDir(dir)
	for _, e := range entries {
		if path.Ext(e.Name()) == ".cert" {
			r.say(trust.Consequence{Code: trust.ClientStays, Path: r.q.Set.World.Join(dir, e.Name())})
		}
	}
}

// files takes away each file, or says why it stays.
func (r *remover) files(files []discover.CAFile) {
	for _, f := range files {
		r.file(f)
	}
}

// file reports whether the file goes.
func (r *remover) file(f discover.CAFile) bool {
	if c, stays := r.stays(f); stays {
		r.say(c)
		return false
	}
	data, err := r.q.Set.World.FS.ReadFile(f.Path)
	if err != nil {
		return false
	}
	for _, c := range f.Certs {
		r.plan.Anchors = appendAnchor(r.plan.Anchors, trust.Anchor{Cert: c, Source: trust.FileSource(f.Path)})
	}
	sum := sha256.Sum256(data)
	before := trust.FileState{SHA256: hex.EncodeToString(sum[:]), Mode: f.Info.Mode.Perm(), UID: f.Info.UID, GID: f.Info.GID}
	for _, party := range r.readers(f) {
		r.add(trust.Change{Kind: trust.RemoveFile, Path: f.Path, Status: trust.StatusRemoved, Before: &before}, party)
	}
	r.overlay.Remove(f.Path)
	return true
}

// stays says whether a file cannot go, and why.
func (r *remover) stays(f discover.CAFile) (trust.Consequence, bool) {
	c := trust.Consequence{Path: f.Path, Name: nameOf(f.Certs)}
	mixed := slices.ContainsFunc(f.Certs, func(c *x509.Certificate) bool { return r.q.Files == nil && !r.going[trust.FingerprintOf(c)] })
	switch {
	case f.Named != "":
		c.Code, c.Name = trust.LeftNamed, f.Named
	case f.Link():
		c.Code = trust.LeftLink
	case f.Keys > 0:
		c.Code = trust.LeftKey
	case !f.Only, !f.Info.Mode.IsRegular(), !anchors.Removable(f.Name):
		c.Code = trust.LeftOther
	case mixed:
		c.Code = trust.LeftMixed
	case f.Registry.IsZero() && !f.Store, r.outOfReach(f.Path):
		c.Code = trust.LeftPlace
	default:
		return c, false
	}
	return c, true
}

// nameOf is the name of the first certificate of a file.
func nameOf(certs []*x509.Certificate) string {
	if len(certs) == 0 {
		return ""
	}
	return trust.CommonName(certs[0])
}

// outOfReach reports whether neither the person may remove a file nor root would on
// their word.
func (r *remover) outOfReach(name string) bool {
	return r.q.Set.World.Live() && strings.HasPrefix(name, "/var/snap/")
}

// readers are the parties that read a file, never none.
func (r *remover) readers(f discover.CAFile) []trust.Party {
	if f.Store {
		return []trust.Party{trust.System}
	}
	var out []trust.Party
	for _, p := range r.q.Set.Policies(f.Registry) {
		reads := slices.ContainsFunc(p.Anchors, func(a trust.Anchor) bool { return a.Source.File() == f.Path })
		if reads && !p.Consumer.Remote && !slices.Contains(out, p.Consumer.Party) {
			out = append(out, p.Consumer.Party)
		}
	}
	if len(out) > 0 {
		return out
	}
	return []trust.Party{partyOf(f.Path)}
}

// partyOf is whose directories a file lies in.
func partyOf(name string) trust.Party {
	for part, party := range map[string]trust.Party{"/containers/": trust.Podman, "/containerd/": trust.Containerd} {
		if strings.Contains(name, part) {
			return party
		}
	}
	return trust.Docker
}
