package credentials

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// podman is what podman, Buildah and Skopeo read (containers/image
// pkg/docker/config getCredentialsWithHomeDir).
type podman struct {
	files   []*source
	helpers []helperNamed // in the order asked
}

// helperNamed is an entry of registries.conf's credential-helpers.
type helperNamed struct{ name, path string }

// authFiles stands for the files of sign-ins in the list of helpers.
const authFiles = "containers-auth.json"

func loadPodman(l *loader) podman {
	p := podman{helpers: []helperNamed{{name: authFiles}}}
	for _, path := range AuthPaths(l.w) {
		p.files = append(p.files, l.open(path, false))
	}
	if l.w.Getenv(authVariable) == "" {
		p.files = append(p.files,
			l.open(l.w.Join(engine.DockerConfigDir(l.w), "config.json"), false),
			l.open(l.w.Join(l.w.User.Home, ".dockercfg"), true))
	}
	if l.w.OS != "windows" {
		p.readConf(l)
	}
	return p
}

// authVariable names the one file that podman reads then, and writes.
const authVariable = "REGISTRY_AUTH_FILE"

// AuthPaths are podman's own files of sign-ins in the order in which it reads them;
// it writes the first (containers/image pkg/docker/config getAuthFilePaths).
func AuthPaths(w world.World) []string {
	if own := w.Getenv(authVariable); own != "" {
		return []string{own}
	}
	var first string
	switch {
	case w.OS != "linux":
		first = w.Join(w.User.Home, ".config", "containers", "auth.json")
	case w.Getenv("XDG_RUNTIME_DIR") != "":
		first = w.Join(w.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
	default:
		first = w.Join("/run/containers", strconv.Itoa(w.User.UID), "auth.json")
	}
	second := w.Join(cmp.Or(w.Getenv("XDG_CONFIG_HOME"), w.Join(w.User.Home, ".config")), "containers", "auth.json")
	return slices.Compact([]string{first, second})
}

// readConf takes over the list of helpers; the last file that has one wins, and an
// empty list is none. What is wrong with the files is said where they name
// registries.
func (p *podman) readConf(l *loader) {
	paths, _ := configfile.RegistriesConfFiles(l.w)
	for _, path := range paths[:min(len(paths), maxEntries)] {
		data, err := l.w.FS.ReadFile(path)
		if err != nil {
			continue
		}
		c, err := configfile.ReadRegistriesConf(data)
		if err != nil || len(c.CredentialHelpers) == 0 {
			continue
		}
		p.helpers = nil
		for _, name := range c.CredentialHelpers {
			p.helpers = append(p.helpers, helperNamed{name, path})
		}
	}
}

// uses lists the places podman would go through. A file that it cannot read, or that
// names a helper without a name, stops it from reading those after it.
func (p podman) uses(r trust.Registry) []Place {
	var out []Place
	for _, h := range p.helpers {
		if h.name != authFiles {
			out = append(out, Place{Registry: r, Helper: h.name, Path: h.path, Key: r.String()})
			continue
		}
		for _, s := range p.files {
			if helper, ok := s.helpers[r.String()]; s.failed || ok && helper == "" {
				break
			}
			out = append(out, s.podmanUses(r)...)
		}
	}
	return out
}

// podmanUses is the place in one file, if any (findCredentialsInFile).
func (s *source) podmanUses(r trust.Registry) []Place {
	key := r.String()
	if helper, ok := s.helpers[key]; ok {
		return []Place{{Registry: r, Helper: helper, Path: s.path, Key: key}}
	}
	if s.entries[key] {
		return one(s.text(r, key))
	}
	for _, old := range s.sorted() {
		if podmanHost(old, s.legacy) == podmanHost(key, false) {
			return one(s.text(r, old))
		}
	}
	return nil
}

// podmanHost is how podman understands the keys of old files
// (normalizeAuthFileKey, normalizeRegistry).
func podmanHost(key string, legacy bool) string {
	host := strings.TrimPrefix(strings.TrimPrefix(key, "http://"), "https://")
	if legacy || host != key {
		host, _, _ = strings.Cut(host, "/")
	}
	if host == "registry-1.docker.io" || host == "docker.io" {
		return "index.docker.io"
	}
	return host
}
