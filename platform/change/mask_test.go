//go:build linux

package change

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

const renewedSecret = "b3RoZXI6YS1uZXctYW5kLWxvbmdlci1vbmU="

// renew is another tool that signs in anew to another registry.
func (l *lab) renew() {
	l.put(config, strings.Replace(l.read(config), othersSecret, renewedSecret, 1), 0o640)
}

// journal is every file of the journal by its name.
func (l *lab) journal() map[string]string {
	l.t.Helper()
	out := map[string]string{}
	names, err := filepath.Glob(filepath.Join(l.e.Dir, "*"))
	must(l.t, err)
	for _, name := range names {
		b, err := os.ReadFile(name)
		must(l.t, err)
		out[filepath.Base(name)] = string(b)
	}
	return out
}

// TestNothingDependsOnSecrets: nobody can try a password, or find out how long it is,
// with what is left in the journal. It is the same whatever the passwords are.
func TestNothingDependsOnSecrets(t *testing.T) {
	left := func(undo, rewrite bool, own, others, header string) map[string]string {
		l := newLab(t)
		content := strings.NewReplacer(ownSecret, own, othersSecret, others, headerSecret, header).Replace(l.read(config))
		l.put(config, content, 0o640)
		p := l.edits()
		p.Changes = p.Changes[:2]
		l.e.Now = func() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }
		_, err := l.e.ApplyAs(t.Context(), crashID, p, nil)
		must(t, err)
		if rewrite {
			l.put(config, strings.Replace(rewritten, othersSecret, others, 1), 0o600)
		}
		if undo {
			_, err := l.e.Undo(t.Context(), crashID, nil)
			must(t, err)
		}
		return l.journal()
	}
	for _, c := range []struct{ undo, rewrite bool }{{}, {undo: true}, {undo: true, rewrite: true}} {
		one := left(c.undo, c.rewrite, ownSecret, othersSecret, headerSecret)
		two := left(c.undo, c.rewrite, "YTpi", renewedSecret+renewedSecret, "x")
		if diff := cmp.Diff(one, two); diff != "" || len(one) < 2 {
			t.Errorf("%+v: %s", c, diff)
		}
	}
}

// TestRenewedMeanwhile: a password that another tool renews is never replaced by the
// old one, whenever it does that.
func TestRenewedMeanwhile(t *testing.T) {
	renewed := strings.Replace(configText, othersSecret, renewedSecret, 1)
	t.Run("after the plan", func(t *testing.T) {
		l := newLab(t)
		p := l.edits()
		l.renew()
		r, err := l.e.Apply(t.Context(), p, nil)
		must(t, err)
		_, err = l.e.Undo(t.Context(), r.ID, nil)
		must(t, err)
		if diff := cmp.Diff(renewed, l.read(config)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("before the undo", func(t *testing.T) {
		l := newLab(t)
		r, err := l.e.Apply(t.Context(), l.edits(), nil)
		must(t, err)
		l.renew()
		_, err = l.e.Undo(t.Context(), r.ID, nil)
		must(t, err)
		if diff := cmp.Diff(renewed, l.read(config)); diff != "" {
			t.Error(diff)
		}
	})
	for _, point := range []string{faultKeep, faultSwap} {
		t.Run("at "+point, func(t *testing.T) {
			l := newLab(t)
			p := l.edits()
			l.e.Fault = func(at, _ string) error {
				if at == point {
					l.e.Fault = nil
					l.renew()
				}
				return nil
			}
			if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrChangedSince) {
				t.Error(err)
			}
			if diff := cmp.Diff(renewed, l.read(config)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRenewedAfterACrash: nor when the next run finds a half-done plan.
func TestRenewedAfterACrash(t *testing.T) {
	for _, what := range []string{"apply", "undo"} {
		l := newLab(t)
		if what == "undo" {
			must(t, l.do("apply"))
		}
		for i, point := range points(t, l, what) {
			t.Run(what+"/"+point, func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				if what == "undo" {
					must(t, l.do("apply"))
				}
				if ended, err := l.stopAt(what, i+1); ended {
					t.Fatal(err)
				}
				l.renew()
				_, err := l.e.Recover(t.Context())
				must(t, err)
				if r, err := l.e.Receipt(crashID); err == nil && r.State == trust.ReceiptApplied {
					must(t, l.do("undo"))
				}
				if diff := cmp.Diff(strings.Replace(configText, othersSecret, renewedSecret, 1), l.read(config)); diff != "" {
					t.Error(diff)
				}
				if names, _ := filepath.Glob(filepath.Join(l.root, "home", ".mooring-*")); names != nil {
					t.Errorf("left: %q", names)
				}
			})
		}
	}
}

// TestRenewedInTheLastMoment: another tool writes between the last look at the file
// and its exchange, and Mooring dies at any step after that.
func TestRenewedInTheLastMoment(t *testing.T) {
	for n := 1; n <= 28; n++ {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			must(t, l.dieAt("apply-renewed", n))
			if _, err := l.e.Recover(t.Context()); err != nil && !errors.Is(err, ErrChangedSince) {
				t.Error(err)
			}
			if diff := cmp.Diff(strings.Replace(configText, othersSecret, renewedSecret, 1), l.read(config)); diff != "" {
				t.Error(diff)
			}
			if found := openSecrets(t, l.e.Dir); found != nil {
				t.Errorf("in the journal: %q", found)
			}
		})
	}
}
