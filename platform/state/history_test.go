package state

import (
	"bytes"
	"errors"
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

// TestNoLinkOfOthersIsFollowed needs root, to give a link away: root's session may
// have a person's HOME, with a link to a file that only root can write.
func TestNoLinkOfOthersIsFollowed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: a link of another user cannot be made")
	}
	const nobody = 65534
	leaf := trusttest.NewCA(t, "Lab CA").Leaf()
	for name, plant := range map[string]func(path, victim string) error{
		"a link of another user": func(path, victim string) error {
			return errors.Join(os.Symlink(victim, path), os.Lchown(path, nobody, nobody))
		},
		"a directory of another user": func(path, _ string) error { return os.Chown(filepath.Dir(path), nobody, nobody) },
		"root's link in a directory of another user": func(path, victim string) error {
			return errors.Join(os.Symlink(victim, path), os.Chown(filepath.Dir(filepath.Dir(path)), nobody, nobody))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := home(t)
			victim := filepath.Join(t.TempDir(), "bashrc")
			write(t, victim, "precious\n")
			path := filepath.Join(Dirs(w).State, historyName)
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, plant(path, victim))
			if err := Open(w).RecordSeen(reg(t, "reg.lab"), leaf.Path()); err == nil {
				t.Error("no error")
			}
			if got := content(t, victim); got != "precious\n" {
				t.Errorf("root wrote %q", got)
			}
			if i, err := os.Stat(path); err == nil && i.Size() != int64(len("precious\n")) {
				t.Error("root made a file where another user rules")
			}
		})
	}
}

func TestLinksInCirclesEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "loop")
	must(t, os.Symlink("loop", path))
	if _, err := openFile(home(t), path, true); err == nil {
		t.Error("no error")
	}
}
