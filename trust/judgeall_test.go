package trust_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// What is verified once for many consumers must not leak from one to another:
// neither a root, nor where it was found, nor a name that only one tool takes.
func TestJudgeAll(t *testing.T) {
	l := newLab(t)
	stranger := trusttest.NewCA(t, "Corp Root CA")
	other := newLab(t, trusttest.Names("other.example"))
	cn := newLab(t, trusttest.CommonName(host))
	at := func(c *trusttest.Cert, path string) trust.Anchor {
		return trust.Anchor{Cert: c.Cert, Source: trust.FileSource(path)}
	}
	policies := func(l lab) []trust.Policy {
		late := trust.NewAnchorSet([]trust.Anchor{anchor(l.root, now)})
		out := []trust.Policy{
			{Anchors: []trust.Anchor{at(l.root, "/a.crt")}},
			{},
			{Anchors: []trust.Anchor{at(l.root, "/b.crt")}},
			{Anchors: []trust.Anchor{at(stranger, "/c.crt"), at(l.root, "/d.crt")}},
			{Anchors: []trust.Anchor{at(stranger, "/c.crt")}},
			{Anchors: []trust.Anchor{at(l.inter, "/e.crt")}},
			{System: late},
			{System: late, SystemLoaded: now.Add(-time.Hour), Restart: "docker"},
		}
		for _, p := range out {
			p.Dialect = trust.DialectOpenSSL
			out = append(out, p)
		}
		return out
	}
	for name, l := range map[string]lab{"right name": l, "other name": other, "common name only": cn} {
		t.Run(name, func(t *testing.T) {
			ps := policies(l)
			for i, got := range trust.JudgeAll(l.endpoint(), ps, now) {
				if diff := cmp.Diff(trust.Judge(l.endpoint(), ps[i], now), got); diff != "" {
					t.Errorf("policy %d differs from Judge:\n%s", i, diff)
				}
			}
		})
	}
}
