package configfile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"mooring.dev/mooring/platform/world"
)

// RegistriesConf is a registries.conf, checked and brought into one form as
// containers/image does (pkg/sysregistriesv2), so that what it refuses is an
// error here too.
type RegistriesConf struct {
	Registries []ContainersRegistry // sorted by prefix; each prefix once
	// Search is unqualified-search-registries. SearchSet tells an empty list from
	// none: an empty one in a drop-in clears those before it.
	Search    []string
	SearchSet bool
	// CredentialHelpers are asked in this order; "containers-auth.json" stands for the
	// files of sign-ins. nil: it was not set.
	CredentialHelpers []string
	// V1: the file is in the format of before 2019. Podman 5 and older convert it,
	// podman 6 refuses to start; drop-ins have never been allowed to use it.
	V1 bool
}

// ContainersRegistry is one [[registry]] table.
type ContainersRegistry struct {
	// Prefix is host[:port][/path] or "*.domain"; Location is where images under
	// it really are, "" only with a wildcard.
	Prefix, Location string
	Insecure         bool // no verification, and plain HTTP if TLS fails
	Blocked          bool
	Mirrors          []ContainersMirror // in the order tried
}

// ContainersMirror is one [[registry.mirror]] table.
type ContainersMirror struct {
	Location string
	Insecure bool
	// DigestOnly and TagOnly: pulls of the other kind do not use it.
	DigestOnly, TagOnly bool
}

// maxTOML bounds a TOML file. The library's work grows with the square of the
// keys in one table: 0.9 MB of keys take 13 s, a quarter MiB about one second.
const maxTOML = 256 << 10

// ReadRegistriesConf reads a registries.conf in either version of its format.
// Of a file larger than 256 KiB nothing is read: the error is world.ErrTooLarge,
// which says nothing of what the tools make of it.
func ReadRegistriesConf(data []byte) (RegistriesConf, error) {
	var f registriesFile
	if len(data) > maxTOML {
		return RegistriesConf{}, world.ErrTooLarge
	}
	if err := toml.Unmarshal(data, &f); err != nil {
		return RegistriesConf{}, tomlError(err)
	}
	if !f.V1.empty() {
		return f.convert()
	}
	out := RegistriesConf{Search: f.Search, SearchSet: f.Search != nil, CredentialHelpers: f.CredentialHelpers}
	for _, r := range f.Registries {
		reg, err := r.normalize()
		if err != nil {
			return RegistriesConf{}, err
		}
		out.Registries = append(out.Registries, reg)
	}
	return out.finish()
}

// Merge returns c with a drop-in applied: a [[registry]] of the same prefix is
// replaced whole, and so are the lists.
func (c RegistriesConf) Merge(dropIn RegistriesConf) RegistriesConf {
	out := RegistriesConf{Search: c.Search, SearchSet: c.SearchSet, CredentialHelpers: c.CredentialHelpers, V1: c.V1}
	out.Registries = append(slices.Clone(dropIn.Registries), c.Registries...)
	out.Registries = uniquePrefixes(out.Registries)
	if dropIn.SearchSet {
		out.Search, out.SearchSet = dropIn.Search, true
	}
	if dropIn.CredentialHelpers != nil {
		out.CredentialHelpers = dropIn.CredentialHelpers
	}
	return out
}

// registriesFile is both versions at once, as they may appear.
type registriesFile struct {
	Search            []string        `toml:"unqualified-search-registries"`
	CredentialHelpers []string        `toml:"credential-helpers"`
	Registries        []registryTable `toml:"registry"`
	V1                registriesV1    `toml:"registries"`
}

type registryTable struct {
	Prefix             string        `toml:"prefix"`
	Location           string        `toml:"location"`
	Insecure           bool          `toml:"insecure"`
	Blocked            bool          `toml:"blocked"`
	MirrorByDigestOnly bool          `toml:"mirror-by-digest-only"`
	PullFromMirror     string        `toml:"pull-from-mirror"`
	Mirrors            []mirrorTable `toml:"mirror"`
}

type mirrorTable struct {
	Location       string `toml:"location"`
	Insecure       bool   `toml:"insecure"`
	PullFromMirror string `toml:"pull-from-mirror"`
}

type registriesV1 struct {
	Search   registryList `toml:"search"`
	Insecure registryList `toml:"insecure"`
	Block    registryList `toml:"block"`
}

type registryList struct {
	Registries []string `toml:"registries"`
}

func (v registriesV1) empty() bool {
	return v.Search.Registries == nil && v.Insecure.Registries == nil && v.Block.Registries == nil
}

func (t registryTable) normalize() (ContainersRegistry, error) {
	r := ContainersRegistry{Insecure: t.Insecure, Blocked: t.Blocked}
	var err error
	if r.Location, err = location(t.Location); err != nil {
		return r, err
	}
	if r.Prefix, err = location(cmp.Or(t.Prefix, t.Location)); err != nil {
		return r, err
	}
	wildcard := strings.HasPrefix(r.Prefix, "*.")
	switch {
	case r.Prefix == "":
		return r, errors.New("a [[registry]] has neither location nor prefix")
	case r.Location == "" && !wildcard:
		return r, fmt.Errorf("[[registry]] %q has no location", r.Prefix)
	case wildcard && strings.ContainsAny(r.Prefix, "/@:"):
		return r, fmt.Errorf("prefix %q is not of the form *.example.com", r.Prefix)
	case t.PullFromMirror != "":
		return r, fmt.Errorf("[[registry]] %q: pull-from-mirror is for mirrors only", r.Prefix)
	}
	for _, m := range t.Mirrors {
		mirror, err := m.normalize(t.MirrorByDigestOnly)
		if err != nil {
			return r, fmt.Errorf("[[registry]] %q: %w", r.Prefix, err)
		}
		r.Mirrors = append(r.Mirrors, mirror)
	}
	return r, nil
}

func (t mirrorTable) normalize(digestOnly bool) (ContainersMirror, error) {
	loc, err := location(t.Location)
	m := ContainersMirror{
		Location: loc, Insecure: t.Insecure,
		DigestOnly: digestOnly || t.PullFromMirror == "digest-only",
		TagOnly:    t.PullFromMirror == "tag-only",
	}
	switch {
	case err != nil:
		return m, err
	case loc == "":
		return m, errors.New("a mirror has no location")
	case digestOnly && t.PullFromMirror != "":
		return m, errors.New("mirror-by-digest-only and pull-from-mirror exclude each other")
	case !slices.Contains([]string{"", "all", "digest-only", "tag-only"}, t.PullFromMirror):
		return m, fmt.Errorf("pull-from-mirror %q is not known", t.PullFromMirror)
	}
	return m, nil
}

func location(s string) (string, error) {
	s = strings.TrimRight(s, "/")
	if strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") {
		return "", fmt.Errorf("%q: a location has no scheme", s)
	}
	return s, nil
}

// convert turns the old format into the new one.
func (f registriesFile) convert() (RegistriesConf, error) {
	if f.Search != nil || f.Registries != nil {
		return RegistriesConf{}, errors.New("the old and the new format are mixed")
	}
	out := RegistriesConf{V1: true, Search: f.V1.Search.Registries, SearchSet: f.V1.Search.Registries != nil}
	index := map[string]int{}
	at := func(name string) (*ContainersRegistry, error) {
		loc, err := location(name)
		if err == nil && loc == "" {
			err = errors.New("an entry of [registries.block] or [registries.insecure] is empty")
		}
		if err != nil {
			return nil, err
		}
		if _, ok := index[loc]; !ok {
			index[loc] = len(out.Registries)
			out.Registries = append(out.Registries, ContainersRegistry{Prefix: loc, Location: loc})
		}
		return &out.Registries[index[loc]], nil
	}
	for _, name := range f.V1.Block.Registries {
		r, err := at(name)
		if err != nil {
			return RegistriesConf{}, err
		}
		r.Blocked = true
	}
	for _, name := range f.V1.Insecure.Registries {
		r, err := at(name)
		if err != nil {
			return RegistriesConf{}, err
		}
		r.Insecure = true
	}
	return out.finish()
}

// finish makes the checks that concern several entries.
func (c RegistriesConf) finish() (RegistriesConf, error) {
	type setting struct{ insecure, blocked bool }
	seen := map[string]setting{}
	for _, r := range c.Registries {
		at, s := cmp.Or(r.Location, r.Prefix), setting{r.Insecure, r.Blocked}
		if before, ok := seen[at]; ok && before != s {
			return RegistriesConf{}, fmt.Errorf("%q is defined several times with conflicting settings", at)
		}
		seen[at] = s
	}
	for i, s := range c.Search {
		loc, err := location(s)
		if err == nil && (loc == "" || strings.ContainsAny(loc, "/ @")) {
			err = fmt.Errorf("unqualified-search-registries: %q is not a registry", s)
		}
		if err != nil {
			return RegistriesConf{}, err
		}
		c.Search[i] = loc
	}
	c.Registries = uniquePrefixes(c.Registries)
	return c, nil
}

// uniquePrefixes keeps the first entry of each prefix, sorted by prefix.
func uniquePrefixes(all []ContainersRegistry) []ContainersRegistry {
	var out []ContainersRegistry
	seen := map[string]bool{}
	for _, r := range all {
		if !seen[r.Prefix] {
			seen[r.Prefix] = true
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b ContainersRegistry) int { return cmp.Compare(a.Prefix, b.Prefix) })
	return out
}

func tomlError(err error) error {
	var d *toml.DecodeError
	if errors.As(err, &d) {
		row, _ := d.Position()
		return fmt.Errorf("line %d: %s", row, strings.TrimPrefix(d.Error(), "toml: "))
	}
	return err
}
