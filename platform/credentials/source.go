package credentials

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// maxEntries bounds how many entries of one file are looked at.
const maxEntries = 10000

// source is one file of sign-ins.
type source struct {
	path    string
	legacy  bool // in the form of ~/.dockercfg
	entries map[string]bool
	texts   map[string]trust.Credential // of the entries, those in plain text
	helpers map[string]string           // for one registry each
	store   string                      // docker's helper for all others
	failed  bool                        // it is there, and the tools do not get past it
}

// keys are those that name registries.
func (s *source) keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, names := range []iter.Seq[string]{maps.Keys(s.entries), maps.Keys(s.helpers)} {
			for key := range names {
				if !yield(key) {
					return
				}
			}
		}
	}
}

// sorted are the keys of the entries. docker and podman take them in no order; here
// those that name a registry as a whole come first.
func (s *source) sorted() []string {
	return slices.SortedFunc(maps.Keys(s.entries), func(a, b string) int {
		if x, y := isWhole(a), isWhole(b); x != y {
			if x {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
}

// text is the place of a plain credential under key.
func (s *source) text(r trust.Registry, key string) (Place, bool) {
	c, ok := s.texts[key]
	return Place{Registry: r, Path: s.path, Key: key, User: c.User, Token: c.Token}, ok
}

// about lists what s says of r, whoever heeds it.
func (s *source) about(r trust.Registry) []Place {
	var out []Place
	for _, key := range slices.Sorted(maps.Keys(s.texts)) {
		if of, ok := discover.RegistryOf(key); ok && of == r {
			p, _ := s.text(r, key)
			out = append(out, p)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.helpers)) {
		if of, ok := discover.RegistryOf(key); ok && of == r && s.helpers[key] != "" {
			out = append(out, Place{Registry: r, Helper: s.helpers[key], Path: s.path, Key: key})
		}
	}
	return out
}

// loader reads each file once.
type loader struct {
	w        world.World
	read     map[string]*source
	sources  []*source
	problems []discover.Problem
}

func (l *loader) open(path string, legacy bool) *source {
	if s, ok := l.read[path]; ok {
		return s
	}
	s := &source{path: path, legacy: legacy}
	l.read[path] = s
	l.sources = append(l.sources, s)
	data, err := l.w.FS.ReadFile(path)
	if err == nil {
		err = s.parse(data)
		clear(data)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.failed = true
		l.problem(path, err)
	}
	return s
}

func (l *loader) problem(path string, err error) {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // the path is said already
	}
	l.problems = append(l.problems, discover.Problem{Path: path, Err: err})
}

// parse reads a config.json, which an auth.json is but for credsStore. podman
// passes over that.
func (s *source) parse(data []byte) error {
	read := configfile.ReadSecrets
	var c configfile.DockerConfig
	var err error
	if s.legacy {
		var old configfile.ContainersAuth
		old, err = configfile.ReadLegacyDockercfg(data)
		c.Auths, read = old.Auths, configfile.ReadLegacySecrets
	} else {
		c, err = configfile.ReadDockerConfig(data)
	}
	if err != nil {
		return err
	}
	if len(c.Auths)+len(c.CredHelpers) > maxEntries {
		return world.ErrTooLarge
	}
	s.entries = map[string]bool{}
	for _, a := range c.Auths {
		s.entries[a.Key] = true
	}
	s.helpers, s.store = c.CredHelpers, c.CredsStore
	s.texts, err = read(data)
	return err
}
