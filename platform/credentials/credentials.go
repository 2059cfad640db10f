// Package credentials knows where docker and podman look for a sign-in, what lies
// there in plain text, and how to ask the helpers that their files name.
//
// Finding reads files only and prompts nobody; reading a place may run a helper,
// which may ask the person.
package credentials

import (
	"slices"

	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Own is the name under which docker and podman know Mooring's helper.
const Own = "mooring"

// HubKey is what docker calls Docker Hub wherever it keeps credentials.
const HubKey = "https://index.docker.io/v1/"

// Variable may hold credentials for docker alone (docker/cli cli/config/configfile
// parseEnvConfig). It stands in the place of a path.
const Variable = "DOCKER_AUTH_CONFIG"

// Place is where a credential for a registry lies, or which helper is asked for it.
type Place struct {
	Registry trust.Registry
	Helper   string // "" for plain text
	Path     string // the file that holds the credential or names the helper; or Variable
	Key      string // what it is kept under there
	User     string // "" for a helper's
	Token    bool
	// Readers are the parties that use this one, of all places for the registry.
	Readers []trust.Party
}

// Same reports whether two places are one, whoever reads it.
func (p Place) Same(other Place) bool {
	return p.Registry == other.Registry && p.Helper == other.Helper && p.Path == other.Path && p.Key == other.Key
}

// Tools is what the files of docker and podman say, read once.
type Tools struct {
	docker   docker
	podman   podman
	sources  []*source
	problems []discover.Problem
}

// Load reads the files. Those that cannot be used are in [Tools.Problems].
func Load(w world.World) *Tools {
	l := &loader{w: w, read: map[string]*source{}}
	t := &Tools{docker: loadDocker(l), podman: loadPodman(l)}
	t.sources, t.problems = l.sources, l.problems
	return t
}

// Problems are the files that could not be used.
func (t *Tools) Problems() []discover.Problem { return t.problems }

// Uses lists the places where party looks for r's credential, in its order. Each
// counts only if those before it hold nothing.
func (t *Tools) Uses(party trust.Party, r trust.Registry) []Place {
	if party == trust.Podman {
		return t.podman.uses(r)
	}
	return t.docker.uses(r)
}

// Find lists the places of which the files show that a credential lies there, by
// registry, those that docker uses first. A helper shows by being named for a
// registry, or by the marker that docker leaves. keeps tells whether Mooring's own
// helper holds a credential.
func (t *Tools) Find(keeps func(trust.Registry) bool) []Place {
	var out []Place
	for _, r := range t.registries() {
		out = append(out, t.of(r, keeps)...)
	}
	return out
}

// registries are those that any file names, sorted.
func (t *Tools) registries() []trust.Registry {
	var out []trust.Registry
	for _, s := range t.sources {
		for key := range s.keys() {
			if r, ok := discover.RegistryOf(key); ok {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, trust.Registry.Compare)
	return slices.Compact(out)
}

// of lists the places for one registry: those in use, then what else lies about.
func (t *Tools) of(r trust.Registry, keeps func(trust.Registry) bool) []Place {
	var out []Place
	add := func(p Place, readers ...trust.Party) {
		i := slices.IndexFunc(out, p.Same)
		if i < 0 {
			i, out = len(out), append(out, p)
		}
		out[i].Readers = append(out[i].Readers, readers...)
	}
	for _, party := range []trust.Party{trust.Docker, trust.Podman} {
		for _, p := range t.Uses(party, r) {
			if p.Helper == "" || t.shows(p) && (!IsOwn(p.Helper) || keeps(r)) {
				add(p, party)
				break
			}
			if party == trust.Docker {
				break // it looks nowhere else
			}
		}
	}
	for _, s := range t.sources {
		for _, p := range s.about(r) {
			add(p)
		}
	}
	return slices.DeleteFunc(out, func(p Place) bool { return IsOwn(p.Helper) && !keeps(r) })
}

// shows reports whether the file that names a helper has a sign of p.
func (t *Tools) shows(p Place) bool {
	i := slices.IndexFunc(t.sources, func(s *source) bool { return s.path == p.Path })
	return i >= 0 && (t.sources[i].helpers[p.Key] != "" || t.sources[i].entries[p.Key])
}

// DockerKey is what docker keeps r's credential under (docker/cli
// cli/config/configfile getAuthConfigKey).
func DockerKey(r trust.Registry) string {
	if r.IsHub() {
		return HubKey
	}
	return r.String()
}
