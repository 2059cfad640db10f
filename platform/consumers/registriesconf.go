package consumers

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/world"
)

// registriesConf is what all registries.conf files of a user say together.
type registriesConf struct {
	files   []confFile
	merged  configfile.RegistriesConf
	origin  map[string]string // prefix -> the file that has the last word on it
	err     error             // the tools stop at it
	errPath string
}

type confFile struct {
	path  string
	found bool
}

// readRegistriesConf reads the files of w's user, in the order in which they are
// merged.
func readRegistriesConf(w world.World) registriesConf {
	return memo(w.FS, "registries.conf "+w.User.Home, func() registriesConf {
		c := registriesConf{origin: map[string]string{}}
		paths, err := configfile.RegistriesConfFiles(w)
		for i, p := range paths {
			c.add(w, p, i == 0)
		}
		if c.err == nil && err != nil {
			c.err, c.errPath = err, "/etc/containers/registries.conf.d"
		}
		return c
	})
}

// add merges one file in; only the main one may be missing.
func (c *registriesConf) add(w world.World, path string, main bool) {
	data, err := w.FS.ReadFile(path)
	var conf configfile.RegistriesConf
	if err == nil {
		conf, err = configfile.ReadRegistriesConf(data)
	}
	missing := main && errors.Is(err, fs.ErrNotExist)
	c.files = append(c.files, confFile{path, !missing})
	switch {
	case missing:
	case err != nil && c.err == nil:
		c.err, c.errPath = err, path
	case err == nil:
		c.merged = c.merged.Merge(conf)
		for _, r := range conf.Registries {
			c.origin[r.Prefix] = path
		}
	}
}

// pathOf is the file that a prefix's settings come from.
func (c registriesConf) pathOf(prefix string) string { return c.origin[prefix] }

// registryEntry is a [[registry]] table that matched.
type registryEntry struct{ configfile.ContainersRegistry }

// find returns the entry for images directly under host: the longest prefix that
// matches (containers/image pkg/sysregistriesv2 findRegistryWithParsedConfig).
func (c registriesConf) find(host string) (registryEntry, bool) {
	best := -1
	for i, r := range c.merged.Registries {
		longer := best < 0 || len(r.Prefix) > len(c.merged.Registries[best].Prefix)
		if longer && prefixMatches(host+"/", r.Prefix) {
			best = i
		}
	}
	if best < 0 {
		return registryEntry{}, false
	}
	return registryEntry{c.merged.Registries[best]}, true
}

// namespaces lists the insecure entries for some of host's images only.
func (c registriesConf) namespaces(host string) []configfile.ContainersRegistry {
	return slices.DeleteFunc(slices.Clone(c.merged.Registries), func(r configfile.ContainersRegistry) bool {
		return !r.Insecure || !strings.HasPrefix(r.Prefix, host+"/")
	})
}

// prefixMatches is refMatchingPrefix of containers/image for an image of a
// registry. A prefix without a port matches the host with any port: its authors
// call that unintended, and it is what the tools do.
func prefixMatches(ref, prefix string) bool {
	if strings.HasPrefix(prefix, "*.") {
		domain := prefix[1:]
		i := strings.Index(ref, domain)
		if i < 0 || strings.Contains(ref[:i], "/") {
			return false
		}
		return endsName(ref[i+len(domain):])
	}
	rest, ok := strings.CutPrefix(ref, prefix)
	return ok && endsName(rest)
}

func endsName(rest string) bool {
	return rest == "" || strings.IndexByte(":/@", rest[0]) >= 0
}

// at is the host that images of host really come from.
func (e registryEntry) at(host string) string {
	if e.Location == "" {
		return host
	}
	rest, _ := strings.CutPrefix(host, e.Prefix)
	return hostPart(e.Location + rest)
}

// hostPart is the host[:port] of a location.
func hostPart(location string) string {
	host, _, _ := strings.Cut(location, "/")
	return host
}
