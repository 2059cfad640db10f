package credentials

import (
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
)

// Names reports whether an entry's key names r as a whole, in the eyes of docker or
// podman. The key of a namespace (podman's reg.example/team) does not, nor does
// another name of the registry that the tools themselves do not know for it, nor
// one with a user or a path that is no API's in it, such as docker's own
// https://index.docker.io/v1/access-token. What lies under such a key is never used
// for all of r.
func Names(key string, r trust.Registry) bool {
	return isWhole(key) && (key == DockerKey(r) || hostOf(key) == DockerKey(r) || podmanHost(key, false) == podmanHost(r.String(), false))
}

func isWhole(key string) bool {
	scheme, rest, isURL := strings.Cut(key, "://")
	if !isURL {
		return !strings.ContainsAny(key, "/@")
	}
	host, path, _ := strings.Cut(rest, "/")
	return (scheme == "http" || scheme == "https") && !strings.ContainsAny(host, "@?#") &&
		slices.Contains([]string{"", "v1", "v1/", "v2", "v2/"}, path)
}

// Movable lists the plain credentials that may take their place in the keyring:
// those under a key that names r as a whole, which a tool uses, or would use if it
// did not ask Mooring already. Those in use come first, docker's before podman's. One
// that every tool passes over may be old, and another helper right.
func (t *Tools) Movable(r trust.Registry) []Place {
	var used, others []Place
	for _, s := range t.sources {
		if s == t.docker.env || s.legacy {
			continue // no file, or of a form that is not edited
		}
		for _, key := range s.sorted() {
			p, ok := s.text(r, key)
			if !ok || !Names(key, r) {
				continue
			}
			asked := false
			for _, party := range t.readersOf(s) {
				first, _ := t.first(party, r)
				asked = asked || IsOwn(first.Helper)
				if first.Same(p) {
					p.Readers = append(p.Readers, party)
				}
			}
			switch {
			case len(p.Readers) > 0:
				used = append(used, p)
			case asked:
				others = append(others, p)
			}
		}
	}
	slices.SortStableFunc(used, func(a, b Place) int { return rank(a) - rank(b) })
	return append(used, others...)
}

func rank(p Place) int {
	if slices.Contains(p.Readers, trust.Docker) {
		return 0
	}
	return 1
}

// readersOf are the parties that read a file at all.
func (t *Tools) readersOf(s *source) []trust.Party {
	var out []trust.Party
	if s == t.docker.file {
		out = append(out, trust.Docker)
	}
	if slices.Contains(t.podman.files, s) {
		out = append(out, trust.Podman)
	}
	return out
}

// first is where a tool looks before all else.
func (t *Tools) first(party trust.Party, r trust.Registry) (Place, bool) {
	all := t.Uses(party, r)
	if len(all) == 0 {
		return Place{}, false
	}
	return all[0], true
}
