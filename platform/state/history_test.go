package state

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestHistoryRemembersTheLastSighting(t *testing.T) {
	w := home(t)
	r := reg(t, "reg.lab:5000")
	s := Open(w)
	if !s.LastSeen(r).IsZero() {
		t.Error("seen before it was")
	}
	first := trusttest.NewCA(t, "Lab CA").Leaf()
	second := trusttest.NewCA(t, "Proxy CA").Leaf()
	must(t, s.RecordSeen(r, first.Path()))
	must(t, s.RecordSeen(r, nil)) // an unreachable registry changes nothing
	if got := Open(w).LastSeen(r); !got.SameIssuer(first.Cert) || got.Leaf != trust.FingerprintOf(first.Cert) {
		t.Errorf("got %+v", got)
	}
	must(t, s.RecordSeen(r, second.Path()))
	if got := Open(w).LastSeen(r); got.SameIssuer(first.Cert) || !got.SameIssuer(second.Cert) {
		t.Errorf("got %+v", got)
	}
}

func TestHistoryGrowsOnlyWithNews(t *testing.T) {
	w := home(t)
	now := w.Now()
	w.Now = func() time.Time { return now }
	s, r := Open(w), reg(t, "reg.lab:5000")
	leaf := trusttest.NewCA(t, "Lab CA").Leaf()
	path := filepath.Join(Dirs(w).State, historyName)
	lines := func() int { return bytes.Count([]byte(content(t, path)), []byte("\n")) }
	must(t, s.RecordSeen(r, leaf.Path()))
	must(t, s.RecordSeen(r, leaf.Path()))
	if lines() != 1 {
		t.Errorf("%d lines", lines())
	}
	now = now.Add(25 * time.Hour)
	must(t, s.RecordSeen(r, leaf.Path()))
	if got := s.LastSeen(r); lines() != 2 || !got.At.Equal(now) {
		t.Errorf("%d lines, seen at %v", lines(), got.At)
	}
}

func TestHistorySurvivesACutLine(t *testing.T) {
	w := home(t)
	a, b := reg(t, "a.lab"), reg(t, "b.lab")
	leaf := trusttest.NewCA(t, "Lab CA").Leaf()
	must(t, Open(w).RecordSeen(a, leaf.Path()))
	path := filepath.Join(Dirs(w).State, historyName)
	write(t, path, content(t, path)+"garbage\n"+`{"registry":"c.lab","at":"20`)
	must(t, Open(w).RecordSeen(b, leaf.Path()))
	s := Open(w)
	if s.LastSeen(a).IsZero() || s.LastSeen(b).IsZero() || !s.LastSeen(reg(t, "c.lab")).IsZero() {
		t.Errorf("in:\n%s", content(t, path))
	}
}

func TestHistoryIsCompacted(t *testing.T) {
	w := home(t)
	path := filepath.Join(Dirs(w).State, historyName)
	line := `{"registry":"old.lab","at":"2026-01-01T00:00:00Z","leaf":"` + fmt.Sprintf("%064d", 7) + `","issuer":"CN=x","issuerName":"00"}` + "\n"
	write(t, path, string(bytes.Repeat([]byte(line), compactAt/len(line)+1)))
	s := Open(w)
	must(t, s.RecordSeen(reg(t, "new.lab"), trusttest.NewCA(t, "Lab CA").Leaf().Path()))
	if i, err := os.Stat(path); err != nil || i.Size() > 2000 || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i.Size(), err)
	}
	again := Open(w)
	if again.LastSeen(reg(t, "old.lab")).IsZero() || again.LastSeen(reg(t, "new.lab")).IsZero() {
		t.Error("compacting lost a registry")
	}
}

func FuzzSightings(f *testing.F) {
	f.Add([]byte(`{"registry":"a.lab","at":"2026-01-01T00:00:00Z"}` + "\nx\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for r := range sightings(data) {
			if r.IsZero() {
				t.Error("a sighting of nothing")
			}
		}
	})
}
