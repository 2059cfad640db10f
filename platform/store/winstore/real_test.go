//go:build windows

package winstore

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// realStores names the stores that the test may change, separated by semicolons.
// Without a word from outside it changes none: for the person's store Windows would
// ask, and wait for ever.
const realStores = "MOORING_REAL_STORES"

// The rules hold with Windows' own calls as well. What its verifier makes of the result
// integration/wine asks in other processes: wine's own goes by the stores as they were
// at its first question.
func TestRealStores(t *testing.T) {
	if os.Getenv(realStores) == "" {
		t.Skip(realStores + " names no store that may be changed")
	}
	for name := range strings.SplitSeq(os.Getenv(realStores), ";") {
		t.Run(name, func(t *testing.T) { realStore(t, name) })
	}
}

func realStore(t *testing.T, name string) {
	s, err := New().Open(world.Here(), name)
	if err != nil {
		t.Fatal(err)
	}
	before := everything(t)
	ca := trusttest.NewCA(t, "Mooring's test", trusttest.Serial(1))
	twin := trusttest.NewCA(t, "Mooring's test", trusttest.Serial(1))
	set := func(c *trusttest.Cert, want trust.Membership) {
		t.Helper()
		if err := s.Set(t.Context(), c.Cert, want); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(t.Context(), c.Cert); got != want || err != nil {
			t.Errorf("%v for %v (%v)", got, want, err)
		}
	}
	set(ca, trust.Membership{})
	for _, c := range []*trusttest.Cert{twin, ca} {
		set(c, held)
		set(c, held)
		defer func() { _ = s.Set(t.Context(), c.Cert, trust.Membership{}) }()
	}
	seen, err := Read()
	if err != nil {
		t.Fatal(err)
	}
	origin := trust.StoreSource(trust.NewStoreID(trust.StoreWindows, name))
	for _, c := range []*trusttest.Cert{twin, ca} {
		ours := func(a trust.Anchor) bool { return a.Cert.Equal(c.Cert) && a.Source == origin }
		if !slices.ContainsFunc(seen.Person, ours) || slices.ContainsFunc(seen.Computer, ours) != strings.HasPrefix(name, "LocalMachine") {
			t.Errorf("%s is not read as from %s", c.Cert.Subject, origin)
		}
	}
	set(ca, trust.Membership{})
	if got, err := s.Get(t.Context(), twin.Cert); got != held || err != nil {
		t.Errorf("the one with the same name and serial number is %v (%v)", got, err)
	}
	set(twin, trust.Membership{})
	if after := everything(t); !slices.Equal(after, before) {
		t.Errorf("before\n%s\nafter\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// everything is the members of all stores that are read.
func everything(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, p := range slices.Concat(personStores, computerStores, distrusted(person)) {
		all, _, err := members(native(), p)
		if err != nil {
			t.Fatal(p, err)
		}
		for _, m := range all {
			out = append(out, fmt.Sprintf("%s %x %v", p, m.der, m.serves))
		}
	}
	slices.Sort(out)
	return out
}
