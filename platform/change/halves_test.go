//go:build linux

package change

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// bothHalves is a lab whose plan is half the person's and half root's, of which the
// points of both engines are counted as one run's. helperDies: what stops in root's
// half stops that process alone, and the person's hears nothing more of it.
func bothHalves(t *testing.T, base string, helperDies bool) (*lab, *Applier) {
	t.Helper()
	l := labAt(base)
	l.t, l.e.Now = t, clock
	l.seed()
	root := *l.e
	root.Dir = filepath.Join(base, "root-journal")
	root.Fault = func(point, path string) error { return fault(l.e.Fault).at(point, path) }
	l.e.Commands = nil
	return l, &Applier{Own: l.e, Root: &mortalRoot{fakeRoot{e: &root}, helperDies}}
}

type mortalRoot struct {
	fakeRoot
	dies bool
}

func (m *mortalRoot) survive(work func() (trust.Receipt, error)) (r trust.Receipt, err error) {
	if m.dies {
		defer func() {
			if p := recover(); p != nil && p != any(stopped{}) {
				panic(p)
			} else if p != nil {
				r, err = trust.Receipt{}, Refuse(ErrPending, "", "the helper died")
			}
		}()
	}
	return work()
}

func (m *mortalRoot) Apply(ctx context.Context, id string, p trust.Plan) (trust.Receipt, error) {
	return m.survive(func() (trust.Receipt, error) { return m.fakeRoot.Apply(ctx, id, p) })
}

func (m *mortalRoot) Undo(ctx context.Context, id string, reach trust.Reach) (trust.Receipt, error) {
	return m.survive(func() (trust.Receipt, error) { return m.fakeRoot.Undo(ctx, id, reach) })
}

// TestBothHalvesAtEachPoint stops both processes, or the helper alone, at each call of
// either half, and lets each call fail: both halves are made then, or neither.
func TestBothHalvesAtEachPoint(t *testing.T) {
	l, a := bothHalves(t, filepath.Join(tempDir(t), "lab"), false)
	before := listing(t, l.root)
	var count tally
	n := map[string]int{}
	l.e.Fault = func(string, string) error { n[applying]++; return nil }
	r, err := a.Apply(t.Context(), l.halfPlan(), nil)
	must(t, err)
	after := listing(t, l.root)
	l.e.Fault = func(string, string) error { n[undoing]++; return nil }
	_, err = a.Undo(t.Context(), r.ID, nil)
	must(t, err)
	ways := []string{"both die", "the helper dies", "a call fails"}
	t.Run("at", func(t *testing.T) {
		for _, what := range []string{applying, undoing} {
			count.points.Add(int64(n[what]))
			for w, way := range ways {
				t.Run(what+"/"+way, func(t *testing.T) {
					t.Parallel()
					for at := 1; at <= n[what]; at++ {
						err := count.in(t, func(base string) error {
							l, a := bothHalves(t, base, w == 1)
							return l.halvesAt(a, what, way, at, before, after)
						})
						if err != nil {
							count.violations.Add(1)
							t.Errorf("point %d of %d: %v", at, n[what], err)
						}
					}
				})
			}
		}
	})
	count.report(t, fmt.Sprintf("%d ways (both die, the helper dies, a call fails)", len(ways)))
}

func (l *lab) halvesAt(a *Applier, what, way string, at int, before, after map[string]string) error {
	ctx := context.Background()
	do := func() error { _, err := a.Apply(ctx, l.halfPlan(), nil); return err }
	if what == undoing {
		r, err := a.Apply(ctx, l.halfPlan(), nil)
		if err != nil {
			return err
		}
		do = func() error { _, err := a.Undo(ctx, r.ID, nil); return err }
	}
	if way == "a call fails" {
		_ = l.failing(failure{errno: []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EACCES}[at%3]}.from(at), do)
	} else {
		_, _ = l.stopIn(at, do)
	}
	if err := whole(listing(l.t, l.root), before, after); err != nil {
		return err
	}
	if _, err := a.Recover(ctx, true); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if _, err := a.Root.(*mortalRoot).e.Recover(ctx); err != nil { // a plan that the person's half gave up
		return fmt.Errorf("root's recover: %w", err)
	}
	all, err := a.Own.History()
	if err != nil {
		return err
	}
	want := before
	for _, r := range all {
		switch r.State {
		case trust.ReceiptPending:
			return errors.New("still pending")
		case trust.ReceiptApplied:
			want = after
		}
	}
	if d := cmp.Diff(want, listing(l.t, l.root)); d != "" {
		return errors.New(d)
	}
	return nil
}
