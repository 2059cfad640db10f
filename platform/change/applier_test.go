//go:build linux

package change

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// fakeRoot is root's half as another engine over the same tree, with ways to go
// wrong before and after it has worked.
type fakeRoot struct {
	e             *Engine
	before, after error
	asked         int
}

func (f *fakeRoot) do(work func() (trust.Receipt, error)) (trust.Receipt, error) {
	f.asked++
	if f.before != nil {
		return trust.Receipt{}, f.before
	}
	r, err := work()
	if err == nil && f.after != nil {
		return trust.Receipt{}, f.after
	}
	return r, err
}

func (f *fakeRoot) Apply(ctx context.Context, id string, p trust.Plan) (trust.Receipt, error) {
	return f.do(func() (trust.Receipt, error) { return f.e.ApplyAs(ctx, id, p, nil) })
}

func (f *fakeRoot) Undo(ctx context.Context, id string, _ trust.Reach) (trust.Receipt, error) {
	return f.do(func() (trust.Receipt, error) { return f.e.Undo(ctx, id, nil) })
}

func (f *fakeRoot) Recover(ctx context.Context, id string, _ trust.Reach) (trust.Receipt, error) {
	return f.do(func() (trust.Receipt, error) {
		if _, err := f.e.Recover(ctx); err != nil {
			return trust.Receipt{}, err
		}
		return f.e.Receipt(id)
	})
}

// halves is a lab whose plan is half the person's and half root's.
func halves(t *testing.T) (*lab, *Applier, *fakeRoot) {
	l := newLab(t)
	root := *l.e
	root.Dir = filepath.Join(filepath.Dir(l.root), "root-journal")
	l.e.Commands = nil
	f := &fakeRoot{e: &root}
	return l, &Applier{Own: l.e, Root: f}, f
}

func (l *lab) halfPlan() trust.Plan {
	p := l.plan()
	for i := range p.Changes {
		c := &p.Changes[i]
		c.Privileged = c.Kind == trust.RunCommand || c.Path == "/anchors/mine" || c.Path == "/etc/replaced" || c.Path == "/etc/moved.key" || c.Store == oldStore
	}
	return p
}

func TestApplierMakesBothHalvesOne(t *testing.T) {
	l, a, f := halves(t)
	before := listing(t, l.root)
	r, err := a.Apply(t.Context(), l.halfPlan(), nil)
	must(t, err)
	if r.State != trust.ReceiptApplied || len(r.Changes) != 15 || r.Privileged != r.ID || f.asked != 1 {
		t.Fatalf("asked %d times: %+v", f.asked, r)
	}
	stored, err := a.Own.Receipt(r.ID)
	must(t, err)
	if d := cmp.Diff(r, stored); d != "" {
		t.Error(d)
	}
	u, err := a.Undo(t.Context(), r.ID, nil)
	must(t, err)
	if u.State != trust.ReceiptUndone || f.asked != 2 {
		t.Errorf("asked %d times: %+v", f.asked, u)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

func TestApplierAsksNobodyWithoutNeed(t *testing.T) {
	l, a, f := halves(t)
	p := l.plan()
	p.Changes = p.Changes[:2]
	_, err := a.Apply(t.Context(), p, nil)
	must(t, err)
	if f.asked != 0 {
		t.Error("root was asked for nothing")
	}
}

func TestRefusedPromptLeavesNothing(t *testing.T) {
	for _, code := range []Code{ErrRefusedByPerson, ErrNoAgent, ErrHelperMissing, ErrNoElevation} {
		l, a, f := halves(t)
		before := listing(t, l.root)
		f.before = Refuse(code, "", "")
		r, err := a.Apply(t.Context(), l.halfPlan(), nil)
		if !errors.Is(err, code) || r.State != trust.ReceiptFailed {
			t.Errorf("%v: %v, %v", code, err, r.State)
		}
		if d := cmp.Diff(before, listing(t, l.root)); d != "" {
			t.Error(d)
		}
	}
	l, a, _ := halves(t)
	a.Root = nil
	before := listing(t, l.root)
	if _, err := a.Apply(t.Context(), l.halfPlan(), nil); !errors.Is(err, ErrNoElevation) {
		t.Error(err)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

func TestRefusedUndoChangesNothing(t *testing.T) {
	l, a, f := halves(t)
	r, err := a.Apply(t.Context(), l.halfPlan(), nil)
	must(t, err)
	after := listing(t, l.root)
	f.before = Refuse(ErrRefusedByPerson, "", "")
	u, err := a.Undo(t.Context(), r.ID, nil)
	if !errors.Is(err, ErrRefusedByPerson) || u.State != trust.ReceiptApplied {
		t.Errorf("%v, %v", err, u.State)
	}
	// Nor is root asked when the person's own half cannot be undone.
	f.before, f.asked = nil, 0
	l.put("etc/certs.d/reg.example:5000/ca.crt", "changed", 0o644)
	changed := listing(t, l.root)
	if _, err := a.Undo(t.Context(), r.ID, nil); !errors.Is(err, ErrChangedSince) || f.asked != 0 {
		t.Errorf("%v, asked %d times", err, f.asked)
	}
	if cmp.Equal(after, changed) {
		t.Error("the test changed nothing")
	}
	if d := cmp.Diff(changed, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

// TestNobodyKnows: root's half was made and its word was lost, as after a crash
// between the halves. Asked again, root tells; until then nobody is prompted.
func TestNobodyKnows(t *testing.T) {
	lost := Refuse(ErrPending, "", "")
	for name, c := range map[string]struct {
		before, after error
		want          trust.ReceiptState
	}{
		"root had done it": {after: lost, want: trust.ReceiptApplied},
		"root had not":     {before: lost, want: trust.ReceiptFailed},
	} {
		t.Run("apply, "+name, func(t *testing.T) {
			l, a, f := halves(t)
			before := listing(t, l.root)
			f.before, f.after = c.before, c.after
			r, err := a.Apply(t.Context(), l.halfPlan(), nil)
			if !errors.Is(err, ErrPending) || r.State != trust.ReceiptPending {
				t.Fatalf("%v, %v", err, r.State)
			}
			f.before, f.after, f.asked = nil, nil, 0
			settle(t, a, f, r.ID, c.want)
			if c.want == trust.ReceiptApplied {
				_, err = a.Undo(t.Context(), r.ID, nil)
				must(t, err)
			}
			if d := cmp.Diff(before, listing(t, l.root)); d != "" {
				t.Error(d)
			}
		})
		t.Run("undo, "+name, func(t *testing.T) {
			l, a, f := halves(t)
			before := listing(t, l.root)
			r, err := a.Apply(t.Context(), l.halfPlan(), nil)
			must(t, err)
			after := listing(t, l.root)
			f.before, f.after = c.before, c.after
			if _, err = a.Undo(t.Context(), r.ID, nil); !errors.Is(err, ErrPending) {
				t.Fatal(err)
			}
			f.before, f.after, f.asked = nil, nil, 0
			if name == "root had done it" {
				settle(t, a, f, r.ID, trust.ReceiptUndone)
				after = before
			} else {
				settle(t, a, f, r.ID, trust.ReceiptApplied)
			}
			if d := cmp.Diff(after, listing(t, l.root)); d != "" {
				t.Error(d)
			}
		})
	}
}

func settle(t *testing.T, a *Applier, f *fakeRoot, id string, want trust.ReceiptState) {
	t.Helper()
	if _, err := a.Recover(t.Context(), false); err != nil || f.asked != 0 {
		t.Fatalf("unasked: %v, asked %d times", err, f.asked)
	}
	if p, err := a.Pending(); err != nil || len(p) != 1 || p[0].ID != id {
		t.Fatalf("pending: %v, %v", p, err)
	}
	rs, err := a.Recover(t.Context(), true)
	if err != nil || len(rs) != 1 || rs[0].State != want {
		t.Fatalf("%v, %v", rs, err)
	}
}

// TestCrashBetweenTheHalves stops the own engine at each of its steps while both
// halves are being made: after recovering, both are there or neither.
func TestCrashBetweenTheHalves(t *testing.T) {
	l, a, f := halves(t)
	steps := 0
	a.Own.Fault = func(string, string) error { steps++; return nil }
	_, err := a.Apply(t.Context(), l.halfPlan(), nil)
	must(t, err)
	for n := 1; n <= steps; n++ {
		l, a, f = halves(t)
		before := listing(t, l.root)
		seen := 0
		// From the n-th step on nothing works any more, as if the machine were off.
		a.Own.Fault = func(string, string) error {
			if seen++; seen >= n {
				return os.ErrDeadlineExceeded
			}
			return nil
		}
		_, _ = a.Apply(t.Context(), l.halfPlan(), nil)
		a.Own.Fault = nil
		if _, err := a.Recover(t.Context(), true); err != nil {
			t.Fatalf("step %d: %v", n, err)
		}
		_, mine := os.Stat(filepath.Join(l.root, "etc/certs.d/reg.example:5000/ca.crt"))
		_, roots := os.Stat(filepath.Join(l.root, "anchors/mine"))
		if (mine == nil) != (roots == nil) {
			t.Errorf("step %d: own half %v, root's half %v", n, mine, roots)
		}
		h, err := a.Own.History()
		must(t, err)
		if len(h) == 1 && h[0].State == trust.ReceiptApplied {
			_, err = a.Undo(t.Context(), h[0].ID, nil)
			must(t, err)
		}
		if d := cmp.Diff(before, listing(t, l.root)); d != "" {
			t.Errorf("step %d:\n%s", n, d)
		}
	}
	_ = f
}

func TestRootPlanHoldsOnlyItsHalf(t *testing.T) {
	l, a, _ := halves(t)
	p := l.halfPlan()
	p.Forecast, p.Restarts = []trust.Forecast{{}}, []trust.Restart{{Name: "docker"}}
	half := p.Half(true)
	if len(half.Changes) != 5 || half.Forecast != nil || half.Restarts != nil {
		t.Errorf("%+v", half)
	}
	r, err := a.Apply(t.Context(), p, nil)
	must(t, err)
	if len(r.Restarts) != 1 {
		t.Error("the receipt forgot the restarts")
	}
}
