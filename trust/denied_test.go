package trust_test

import (
	"crypto/x509"
	"testing"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// What a person has taken the trust from breaks every path on which it lies, though the
// anchor above is good.
func TestDenied(t *testing.T) {
	l := newLab(t)
	upper := l.root.Intermediate("Upper CA")
	leaf := upper.Leaf(trusttest.Names(host))
	ep := l.endpoint(leaf.Cert, upper.Cert)
	root, held := trust.Anchor{Cert: l.root.Cert}, trust.Anchor{Cert: upper.Cert}
	for name, c := range map[string]struct {
		anchors []trust.Anchor
		denied  *x509.Certificate
		want    trust.Code // "" for trusted
	}{
		"somebody else":                  {[]trust.Anchor{root}, trusttest.NewCA(t, "Upper CA").Cert, ""},
		"the server":                     {[]trust.Anchor{root}, leaf.Cert, trust.UnknownAuthority},
		"the one between":                {[]trust.Anchor{root}, upper.Cert, trust.UnknownAuthority},
		"the root":                       {[]trust.Anchor{root}, l.root.Cert, trust.UnknownAuthority},
		"the root, and there is another": {[]trust.Anchor{root, held}, l.root.Cert, ""},
	} {
		for where, p := range map[string]trust.Policy{
			"anchors": {Dialect: trust.DialectGo, Anchors: c.anchors},
			"system":  {Dialect: trust.DialectGo, System: trust.NewAnchorSet(c.anchors)},
		} {
			p.Denied = []*x509.Certificate{c.denied}
			v := trust.Judge(ep, p, now)
			if v.Reason != c.want || (v.State == trust.Trusted) != (c.want == "") {
				t.Errorf("%s (%s): %s %s (%s)", name, where, v.State, v.Reason, v.Error)
			}
		}
	}
}
