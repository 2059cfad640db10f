//go:build realmac

package keychain

import (
	"errors"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// TestRealMac is the round trip on the Mac that runs it, in the person's domain. macOS
// asks its owner four times. It belongs to scripts/check-macos.sh, which tries the
// tool itself.
func TestRealMac(t *testing.T) {
	w := world.Here()
	s, err := Kind{}.Open(w, User)
	if err != nil {
		t.Fatal(err)
	}
	root := trusttest.NewCA(t, "Mooring check root")
	for name, c := range map[string]*trusttest.Cert{"root": root, "intermediate": root.Intermediate("Mooring check intermediate")} {
		t.Run(name, func(t *testing.T) {
			none := trust.Membership{}
			if got, err := s.Get(t.Context(), c.Cert); err != nil || got != none {
				t.Fatalf("before: %+v %v", got, err)
			}
			want := trust.Membership{Held: true, Settings: "trust ssl host=reg.mooring.test"}
			err := s.Set(t.Context(), c.Cert, want)
			if errors.Is(err, change.ErrNoAgent) || errors.Is(err, change.ErrRefusedByPerson) {
				if got, err := s.Get(t.Context(), c.Cert); err != nil || got != none {
					t.Errorf("after a refusal: %+v %v", got, err)
				}
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			anchors, _, err := Roots(t.Context(), w)
			if err != nil {
				t.Error(err)
			}
			a, ok := trust.NewAnchorSet(anchors).Find(c.Cert)
			if !ok || a.For("reg.mooring.test") != trust.Trusts || a.For("other.mooring.test") != trust.Silent {
				t.Errorf("read as %v, %+v", ok, a.Limits)
			}
			if err := s.Set(t.Context(), c.Cert, none); err != nil {
				t.Fatal(err)
			}
		})
	}
}
