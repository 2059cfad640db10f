package trust_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// Apple's own rules: Security-61901, SecPolicy.c and SecPolicyServer.c.
func TestAppleRules(t *testing.T) {
	day := 24 * time.Hour
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := from.AddDate(0, 6, 0)
	lasts := func(d time.Duration, more ...trusttest.Option) []trusttest.Option {
		return append([]trusttest.Option{trusttest.Names(host), trusttest.NotBefore(from), trusttest.NotAfter(from.Add(d))}, more...)
	}
	old := trusttest.NotBefore(from.AddDate(-20, 0, 0))
	root := trusttest.NewCA(t, "Corp Root CA", old)
	weakRoot := trusttest.NewCA(t, "Old Root CA", old, trusttest.Key(small))
	for name, tt := range map[string]struct {
		leaf   *trusttest.Cert
		source trust.Source
		want   trust.Code
	}{
		"825 days":                   {root.Leaf(lasts(825 * day)...), "", ""},
		"826 days":                   {root.Leaf(lasts(826 * day)...), "", trust.LongValidity},
		"ten years, from before":     {root.Leaf(lasts(3650*day, trusttest.NotBefore(time.Date(2019, 6, 1, 0, 0, 0, 0, time.UTC)))...), "", ""},
		"398 days, a root of macOS":  {root.Leaf(lasts(398 * day)...), trust.AppleSystemRoots, ""},
		"400 days, a root of macOS":  {root.Leaf(lasts(400 * day)...), trust.AppleSystemRoots, trust.LongValidity},
		"400 days":                   {root.Leaf(lasts(400 * day)...), "", ""},
		"RSA 1024":                   {root.Leaf(lasts(300*day, trusttest.Key(small))...), "", trust.WeakKey},
		"a root with RSA 1024":       {weakRoot.Leaf(lasts(300 * day)...), "", trust.WeakKey},
		"no usage named":             {root.Leaf(lasts(300*day, trusttest.Usage())...), "", ""},
		"no usage, a root of macOS":  {root.Leaf(lasts(300*day, trusttest.Usage())...), trust.AppleSystemRoots, trust.NoServerUsage},
		"for clients":                {root.Leaf(lasts(300*day, trusttest.Usage(x509.ExtKeyUsageClientAuth))...), "", trust.WrongUsage},
		"another name":               {root.Leaf(trusttest.Names("other.example"), trusttest.NotBefore(from), trusttest.NotAfter(at.Add(day))), "", trust.NameMismatch},
		"expired":                    {root.Leaf(lasts(30 * day)...), "", trust.Expired},
		"a common name only":         {root.Leaf(trusttest.CommonName(host), trusttest.NotBefore(from), trusttest.NotAfter(at.Add(day))), "", trust.NoSAN},
		"long, but itself an anchor": {trusttest.SelfSigned(t, lasts(3650*day)...), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			top := tt.leaf.Path()[len(tt.leaf.Path())-1]
			a := trust.Anchor{Cert: top, Source: trust.StoreSource("keychain:user")}
			if tt.source != "" {
				a.Source = tt.source
			}
			p := trust.Policy{Dialect: trust.DialectApple, System: trust.NewAnchorSet([]trust.Anchor{a})}
			v := trust.Judge(newLab(t).endpoint(tt.leaf.Cert), p, at)
			if v.Reason != tt.want || (v.State == trust.Trusted) != (tt.want == "") {
				t.Errorf("%s %s (%s)", v.State, v.Reason, v.Error)
			}
			if tt.want == "" && v.Path[len(v.Path)-1].Source != a.Source {
				t.Errorf("path %+v", v.Path)
			}
			if tt.want != "" && v.Error == "" {
				t.Error("no words")
			}
		})
	}
}

func TestLimits(t *testing.T) {
	l := newLab(t)
	crossed := l.inter.CrossSigned(trusttest.NewCA(t, "Other Root CA"))
	limit := func(others, named trust.Standing) *trust.Limits {
		return &trust.Limits{Others: others, Hosts: map[string]trust.Standing{host: named}}
	}
	for name, tt := range map[string]struct {
		anchors []trust.Anchor
		want    trust.State
	}{
		"for every host":         {[]trust.Anchor{{Cert: l.root.Cert}}, trust.Trusted},
		"for this host":          {[]trust.Anchor{{Cert: l.root.Cert, Limits: limit(trust.Silent, trust.Trusts)}}, trust.Trusted},
		"for others":             {[]trust.Anchor{{Cert: l.root.Cert, Limits: limit(trust.Trusts, trust.Silent)}}, trust.Refused},
		"for none":               {[]trust.Anchor{{Cert: l.root.Cert, Limits: &trust.Limits{Others: trust.Silent}}}, trust.Refused},
		"denied":                 {[]trust.Anchor{{Cert: l.root.Cert, Limits: &trust.Limits{Others: trust.Denies}}}, trust.Refused},
		"denied to others":       {[]trust.Anchor{{Cert: l.root.Cert, Limits: limit(trust.Denies, trust.Trusts)}}, trust.Trusted},
		"an issuer denied":       {[]trust.Anchor{{Cert: l.root.Cert}, {Cert: l.inter.Cert, Limits: &trust.Limits{Others: trust.Denies}}}, trust.Refused},
		"a leaf denied":          {[]trust.Anchor{{Cert: l.root.Cert}, {Cert: l.leaf.Cert, Limits: limit(trust.Silent, trust.Denies)}}, trust.Refused},
		"another way round":      {[]trust.Anchor{{Cert: crossed.Issuer.Cert}, {Cert: l.root.Cert, Limits: &trust.Limits{Others: trust.Denies}}}, trust.Trusted},
		"held twice, once wider": {[]trust.Anchor{{Cert: l.root.Cert, Limits: limit(trust.Silent, trust.Denies)}, {Cert: l.root.Cert}}, trust.Trusted},
		"held twice, for two": {[]trust.Anchor{
			{Cert: l.root.Cert, Limits: &trust.Limits{Others: trust.Silent, Hosts: map[string]trust.Standing{"a": trust.Trusts}}}, {Cert: l.root.Cert, Limits: limit(trust.Silent, trust.Trusts)},
		}, trust.Trusted},
		"held twice, for others": {[]trust.Anchor{
			{Cert: l.root.Cert, Limits: &trust.Limits{Others: trust.Silent, Hosts: map[string]trust.Standing{"a": trust.Trusts}}}, {Cert: l.root.Cert, Limits: limit(trust.Silent, trust.Silent)},
		}, trust.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			ep := l.endpoint(l.leaf.Cert, l.inter.Cert, crossed.Cert)
			ep.Host = "Reg.Example"
			p := trust.Policy{Dialect: trust.DialectApple, System: trust.NewAnchorSet(tt.anchors)}
			if v := trust.Judge(ep, p, now); v.State != tt.want {
				t.Errorf("%s: %s", v.State, v.Error)
			}
		})
	}
}

// An intermediate that a keychain holds completes a chain on a Mac, and nowhere else.
func TestAppleTakesIssuersFromKeychains(t *testing.T) {
	l := newLab(t)
	upper := l.root.Intermediate("Upper CA")
	lower := upper.Intermediate("Lower CA")
	leaf := lower.Leaf(trusttest.Names(host))
	silent := &trust.Limits{Others: trust.Silent}
	held := func(certs ...*trusttest.Cert) (out []trust.Anchor) {
		for _, c := range certs {
			out = append(out, trust.Anchor{Cert: c.Cert, Source: "store:keychain:user", Limits: silent})
		}
		return out
	}
	namesake := trusttest.NewCA(t, "Lower CA")
	for name, tt := range map[string]struct {
		system []trust.Anchor
		want   trust.State
	}{
		"both in keychains":       {append(held(upper, lower), trust.Anchor{Cert: l.root.Cert, Source: "file:/r"}), trust.Trusted},
		"one is missing":          {append(held(lower), trust.Anchor{Cert: l.root.Cert}), trust.Refused},
		"the root is none":        {held(upper, lower, l.root), trust.Refused},
		"one of that name only":   {append(held(upper, namesake), trust.Anchor{Cert: l.root.Cert}), trust.Refused},
		"the lower one is denied": {append(held(upper), trust.Anchor{Cert: lower.Cert, Limits: &trust.Limits{Others: trust.Denies}}, trust.Anchor{Cert: l.root.Cert}), trust.Refused},
	} {
		p := trust.Policy{Dialect: trust.DialectApple, System: trust.NewAnchorSet(tt.system)}
		v := trust.Judge(l.endpoint(leaf.Cert), p, now)
		if v.State != tt.want {
			t.Errorf("%s: %s %s", name, v.State, v.Error)
		}
		if v.State == trust.Trusted {
			var sources []trust.Source
			for _, link := range v.Path {
				sources = append(sources, link.Source)
			}
			if want := []trust.Source{trust.SourceSent, "store:keychain:user", "store:keychain:user", "file:/r"}; !slices.Equal(sources, want) {
				t.Errorf("%s: %q", name, sources)
			}
		}
		if p.Dialect = trust.DialectGo; trust.Judge(l.endpoint(leaf.Cert), p, now).State != trust.Refused {
			t.Errorf("%s: taken elsewhere", name)
		}
	}
}
