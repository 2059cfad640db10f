//go:build integration

package mtls

import (
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// TestSeveralPairs measures what engines do with several pairs in one directory.
// Docker's documentation says that they are tried in alphabetical order, and that
// after a 4xx or 5xx authentication error the next one is
// (docs.docker.com/engine/security/certificates). None of them does that: Go's TLS
// client offers the first pair, in the order of the names, of which the server
// accepts the issuer, and whatever comes of it, no other is tried.
//
// Measured with dockerd 20.10.24 and 29 (2.0.0-beta.24, both image stores),
// containerd 1.6.20 and 2.2.0 (ctr and CRI), podman 4.3.1 and skopeo 1.9.3.
func TestSeveralPairs(t *testing.T) {
	s := newStage(t, registry, nginx13, nameless, picky)
	alice, bob := s.clients.Client("alice"), s.clients.Client("bob")
	expired := s.clients.Client("alice", trusttest.NotAfter(time.Now().Add(-day)))
	foreign := s.other.Client("alice")
	for _, c := range []struct {
		name, port    string
		first, second *trusttest.Cert
		pulled        bool
		// unforetold: the server refuses by HTTP, of which a handshake tells nothing.
		unforetold bool
	}{
		{"foreign first: withheld, the second is shown", registry, foreign, alice, true, false},
		{"foreign first, at nginx", nginx13, foreign, alice, true, false},
		{"expired first: shown and refused", registry, expired, alice, false, false},
		{"expired first, at nginx: 400", nginx13, expired, alice, false, false},
		{"good first", registry, alice, expired, true, false},
		{"no CA named: the first is shown, though foreign", nameless, foreign, alice, false, true},
		{"no CA named, good first", nameless, alice, foreign, true, true},
		{"403 to the first: the second is not tried", picky, bob, alice, false, true},
		{"403 to the second only", picky, alice, bob, true, true},
	} {
		p := s.spot(t, c.port)
		p.pair("a", c.first.PEM(), c.first.KeyPEM())
		p.pair("b", c.second.PEM(), c.second.KeyPEM())
		for judge, out := range s.l.Pulls(p.registry, s.image, engines...) {
			if out.OK() != c.pulled {
				t.Errorf("%s: %s ended with %d: %s", c.name, judge, out.Code, lab.Excerpt(out.Text()))
			}
		}
		if c.unforetold {
			continue
		}
		want := trust.Refused
		if c.pulled {
			want = trust.Trusted
		}
		r := s.l.Check(t, lab.Docker20, p.registry)[p.registry]
		for _, judge := range []string{lab.Docker20, lab.Podman, lab.Containerd1} {
			if v, ok := r.Foretold(s.l, judge); !ok || v.Verdict != want {
				t.Errorf("%s: %s was foretold %s (%s)", c.name, judge, v.Verdict, v.Reason)
			}
		}
	}
}

// TestRenewal: an expired pair in the way is renamed, the new one pulled with, and
// undo brings the old one back.
func TestRenewal(t *testing.T) {
	s := newStage(t, registry)
	p := s.spot(t, registry)
	expired := s.clients.Client("alice", trusttest.NotAfter(time.Now().Add(-day)))
	p.pair("client", expired.PEM(), expired.KeyPEM())
	before := s.l.Snapshot(t, p.dir())
	p.install(s.clients.Client("alice"))
	after := s.l.Snapshot(t, p.dir())
	if !strings.Contains(after, "client.key.mooring-") || !strings.Contains(after, "/mooring-") {
		t.Errorf("after the renewal:\n%s", after)
	}
	for judge, out := range s.l.Pulls(p.registry, s.image, engines...) {
		if !out.OK() {
			t.Errorf("%s ended with %d: %s", judge, out.Code, lab.Excerpt(out.Text()))
		}
	}
	if out := s.l.Mooring("undo", "--yes"); !out.OK() {
		t.Fatalf("undo: %s", out.Text())
	}
	lab.SameAs(t, before, s.l.Snapshot(t, p.dir()))
}
