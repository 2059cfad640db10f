package state

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"mooring.dev/mooring/trust"
)

// Entry is what the person decided about one registry.
type Entry struct {
	Registry trust.Registry
	Added    bool          // by the person; otherwise it is only here for what follows
	Hidden   bool          // found on this machine, and not wanted in the list
	Scope    []trust.Party // nil: the default scope
}

// says reports whether there is anything to be kept of e.
func (e Entry) says() bool { return e.Added || e.Hidden || len(e.Scope) > 0 }

// Registries are the entries of a file, in its order.
type Registries []Entry

// Of returns the entry for r; one that says nothing if there is none.
func (rs Registries) Of(r trust.Registry) Entry {
	if i := rs.index(r); i >= 0 {
		return rs[i]
	}
	return Entry{Registry: r}
}

func (rs Registries) index(r trust.Registry) int {
	return slices.IndexFunc(rs, func(e Entry) bool { return e.Registry == r })
}

// put returns rs with e in the place of the entry for the same registry, without
// any if e says nothing.
// It may change rs.
func (rs Registries) put(e Entry) Registries {
	i := rs.index(e.Registry)
	switch {
	case i < 0 && e.says():
		return append(rs, e)
	case i < 0:
		return rs
	case !e.says():
		return slices.Delete(rs, i, i+1)
	}
	rs[i] = e
	return rs
}

func (rs Registries) equal(other Registries) bool {
	return slices.EqualFunc(rs, other, func(a, b Entry) bool {
		return a.Registry == b.Registry && a.Added == b.Added && a.Hidden == b.Hidden && slices.Equal(a.Scope, b.Scope)
	})
}

// header explains the file to whoever opens it.
const header = `# Mooring: the registries you added, hid or gave a scope. It holds no secrets.
# You may edit it; comments and order are kept.
#
#   name    host[:port], as written in image references
#   added   you put it into the list
#   hidden  it was found on this machine and you took it off the list
#   scope   the tools it is meant to work with; without it, the installed engines
`

// schema is the version of the file's form.
const schema = 1

// ErrNewer says that the file was written by a newer Mooring: this one neither
// reads nor touches it.
var ErrNewer = errors.New("registries.toml was written by a newer Mooring")

type registriesFile struct {
	Schema   int             `toml:"schema"`
	Registry []registryTable `toml:"registry"`
}

type registryTable struct {
	Name   string   `toml:"name"`
	Added  bool     `toml:"added"`
	Hidden bool     `toml:"hidden"`
	Scope  []string `toml:"scope"`
}

// parse reads a file. Keys it does not know are left to whoever wrote them.
func parse(data []byte) (Registries, error) {
	var f registriesFile
	if err := toml.Unmarshal(data, &f); err != nil {
		var d *toml.DecodeError
		if errors.As(err, &d) {
			row, _ := d.Position()
			return nil, fmt.Errorf("line %d: %s", row, strings.TrimPrefix(d.Error(), "toml: "))
		}
		return nil, err
	}
	if f.Schema > schema {
		return nil, ErrNewer
	}
	var out Registries
	seen := map[trust.Registry]bool{}
	for _, t := range f.Registry {
		e, err := t.entry()
		if err != nil {
			return nil, err
		}
		if !seen[e.Registry] {
			seen[e.Registry] = true
			out = append(out, e)
		}
	}
	return out, nil
}

func (t registryTable) entry() (Entry, error) {
	r, _, err := trust.ParseRegistry(t.Name)
	if err != nil {
		return Entry{}, fmt.Errorf("name = %s: %w", strconv.Quote(t.Name), err)
	}
	e := Entry{Registry: r, Added: t.Added, Hidden: t.Hidden}
	for _, p := range t.Scope {
		e.Scope = append(e.Scope, trust.Party(p))
	}
	return e, nil
}

// render writes a whole file anew.
func render(rs Registries) []byte {
	var b bytes.Buffer
	b.WriteString(header)
	fmt.Fprintf(&b, "schema = %d\n", schema)
	for _, e := range rs {
		b.WriteString("\n" + table + "\n")
		fmt.Fprintf(&b, "name = %s\n", quote(e.Registry.String()))
		b.WriteString(settings(e))
	}
	return b.Bytes()
}

// settings are the lines of e after its name.
func settings(e Entry) string {
	var b strings.Builder
	if e.Added {
		b.WriteString("added = true\n")
	}
	if e.Hidden {
		b.WriteString("hidden = true\n")
	}
	if len(e.Scope) > 0 {
		var names []string
		for _, p := range e.Scope {
			names = append(names, quote(string(p)))
		}
		fmt.Fprintf(&b, "scope = [%s]\n", strings.Join(names, ", "))
	}
	return b.String()
}

// quote writes a TOML basic string; names of registries and parties are ASCII.
func quote(s string) string { return strconv.QuoteToASCII(s) }
