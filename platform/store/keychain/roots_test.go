package keychain

import (
	"testing"

	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestRoots(t *testing.T) {
	l := newLab(t, User)
	ca := func(name string) *trusttest.Cert { return trusttest.NewCA(t, name) }
	rule := keychaintest.Rule
	public, distrusted, curbed := ca("Public Root"), ca("Distrusted Root"), ca("Curbed Root")
	corp, only, never, lies, both := ca("Corp Root"), ca("Registry Root"), ca("Never Root"), ca("No Root"), ca("Corp Root")
	inter := corp.Intermediate("Corp Issuing CA")
	l.Hold(keychaintest.RootsKeychain, public.Cert, distrusted.Cert, curbed.Cert)
	l.Hold(keychaintest.SystemKeychain, corp.Cert, both.Cert, public.Cert)
	l.Hold(l.Login(), only.Cert, never.Cert, lies.Cert, inter.Cert, both.Cert)
	l.Say(Admin, distrusted.Cert, rule("", "", 3))
	l.Say(User, curbed.Cert, rule("smime", "", 0), rule("ssl", "bad.example", 3))
	l.Say(Admin, corp.Cert)
	l.Say(Admin, both.Cert, rule("ssl", "", 0))
	l.Say(User, both.Cert, rule("ssl", "", 3)) // which the administrator's hides
	l.Say(User, only.Cert, rule("ssl", "reg.example", 0))
	l.Say(User, never.Cert, rule("", "", 3))
	l.Say(User, inter.Cert, rule("ssl", "", 2))

	anchors, looked, err := Roots(t.Context(), l.w)
	if err != nil {
		t.Fatal(err)
	}
	if len(looked) != 3 || !looked[0].Found || !looked[2].Found || looked[2].Path != l.Login() {
		t.Errorf("looked %+v", looked)
	}
	set := trust.NewAnchorSet(anchors)
	if set.Len() != 9 || len(anchors) != 9 {
		t.Errorf("%d anchors", set.Len())
	}
	for name, tt := range map[string]struct {
		cert        *trusttest.Cert
		source      trust.Source
		host, other trust.Standing
	}{
		"a root of macOS":                  {public, trust.AppleSystemRoots, trust.Trusts, trust.Trusts},
		"one that the administrator took":  {distrusted, trust.AppleSystemRoots, trust.Denies, trust.Denies},
		"one that is curbed":               {curbed, trust.AppleSystemRoots, trust.Trusts, trust.Trusts},
		"the administrator's":              {corp, "store:keychain:admin", trust.Trusts, trust.Trusts},
		"the person's, for one host":       {only, "store:keychain:user", trust.Trusts, trust.Silent},
		"denied by the person":             {never, "store:keychain:user", trust.Denies, trust.Denies},
		"in a keychain only":               {lies, "store:keychain:user", trust.Silent, trust.Silent},
		"an intermediate as a root":        {inter, "store:keychain:user", trust.Trusts, trust.Trusts},
		"both say something, admin counts": {both, "store:keychain:admin", trust.Trusts, trust.Trusts},
	} {
		a, ok := set.Find(tt.cert.Cert)
		if !ok || a.Source != tt.source || a.For("reg.example") != tt.host || a.For("other.example") != tt.other {
			t.Errorf("%s: %v %s, %d and %d", name, ok, a.Source, a.For("reg.example"), a.For("other.example"))
		}
	}
	if a, _ := set.Find(curbed.Cert); a.For("Bad.example") != trust.Denies {
		t.Error("the denial for one host is lost")
	}
}

// What cannot be read is not taken for nothing.
func TestRootsUnreadable(t *testing.T) {
	for name, breaks := range map[string]string{"certificates": "find-certificate", "trust settings": "trust-settings-export"} {
		l := newLab(t, User)
		l.Say(User, trusttest.NewCA(t, "CA").Cert)
		w := l.w
		w.Run = mutant{l.Mac, breaks, func(a []string) []string { return append(a, "-x", "operand") }}
		if anchors, _, err := Roots(t.Context(), w); err == nil {
			t.Errorf("%s: %v", name, anchors)
		}
	}
}
