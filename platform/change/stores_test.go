//go:build linux

package change

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// onlyStores is a plan of the lab's that changes its two stores alone.
func (l *lab) onlyStores() trust.Plan {
	p := l.plan()
	p.Changes = slices.DeleteFunc(p.Changes, func(c trust.Change) bool { return c.Kind != trust.ChangeStore })
	return p
}

func (l *lab) holds(id trust.StoreID) trust.Membership {
	l.t.Helper()
	m, err := l.e.getStore(l.t.Context(), []trust.PlanAnchor{testAnchor()}, trust.Done{
		Store: id, Certificate: testAnchor().SHA256, Was: &trust.Membership{}, Now: &trust.Membership{},
	})
	must(l.t, err)
	return m
}

func TestStoresChangeLastAndByMembership(t *testing.T) {
	l := newLab(t)
	p := l.plan()
	slices.Reverse(p.Changes)
	p.Changes = slices.DeleteFunc(p.Changes, func(c trust.Change) bool {
		return c.Kind != trust.ChangeStore && c.Kind != trust.WriteFile && c.Kind != trust.RunCommand
	})
	r, err := l.e.Apply(t.Context(), p, nil)
	if err != nil && !errors.Is(err, ErrNotTaken) { // the command came before its anchor
		t.Fatal(err)
	}
	n := len(r.Changes)
	if r.Changes[n-1].Store != newStore || r.Changes[n-2].Store != oldStore || r.Changes[0].Kind == trust.ChangeStore {
		t.Fatalf("order: %+v", r.Changes)
	}
	r, err = l.e.Apply(t.Context(), l.onlyStores(), nil)
	must(t, err)
	want := []trust.Done{
		{Kind: trust.ChangeStore, Store: newStore, Certificate: testAnchor().SHA256, Was: &trust.Membership{}, Now: &trust.Membership{Held: true, Settings: "C,,"}},
		{Kind: trust.ChangeStore, Store: oldStore, Certificate: testAnchor().SHA256, Was: &trust.Membership{Held: true}, Now: &trust.Membership{}},
	}
	if d := cmp.Diff(want, r.Changes); d != "" {
		t.Error(d)
	}
	if got := l.holds(newStore); got != *want[0].Now {
		t.Errorf("%+v", got)
	}
	if !r.Judged() {
		t.Error("a store decides nothing, it seems")
	}
}

func TestStoreChangesThatAreRefused(t *testing.T) {
	held := &trust.Membership{Held: true}
	for name, c := range map[string]struct {
		edit func(l *lab, p *trust.Plan)
		want Code
	}{
		"no store":            {func(_ *lab, p *trust.Plan) { p.Changes[0].Store = "" }, ErrBadPlan},
		"no name":             {func(_ *lab, p *trust.Plan) { p.Changes[0].Store = "nss:" }, ErrBadPlan},
		"no state before":     {func(_ *lab, p *trust.Plan) { p.Changes[0].Was = nil }, ErrBadPlan},
		"no state after":      {func(_ *lab, p *trust.Plan) { p.Changes[0].Want = nil }, ErrBadPlan},
		"no change":           {func(_ *lab, p *trust.Plan) { p.Changes[0].Want = p.Changes[0].Was }, ErrBadPlan},
		"settings of nothing": {func(_ *lab, p *trust.Plan) { p.Changes[0].Was = &trust.Membership{Settings: "C,,"} }, ErrBadPlan},
		"a file besides":      {func(_ *lab, p *trust.Plan) { p.Changes[0].Path = "/etc/others" }, ErrBadPlan},
		"a command besides":   {func(_ *lab, p *trust.Plan) { p.Changes[0].Command = "rebuild" }, ErrBadPlan},
		"an edit besides":     {func(_ *lab, p *trust.Plan) { p.Changes[0].Edits = []trust.Edit{{}} }, ErrBadPlan},
		"twice":               {func(_ *lab, p *trust.Plan) { p.Changes[1].Store = newStore }, ErrBadPlan},
		"a store in a file's change": {func(l *lab, p *trust.Plan) {
			c := l.plan().Changes[0]
			c.Store = newStore
			p.Changes = append(p.Changes, c)
		}, ErrBadPlan},
		"no certificate":      {func(_ *lab, p *trust.Plan) { p.Changes[0].Content = nil }, ErrBadCertificate},
		"another certificate": {func(_ *lab, p *trust.Plan) { p.Changes[0].Content = []byte("-----BEGIN CERTIFICATE-----") }, ErrBadCertificate},
		"a wrong name for it": {func(_ *lab, p *trust.Plan) { p.Anchors[0].SHA256 = "mine" }, ErrBadCertificate},
		"something around it": {func(_ *lab, p *trust.Plan) {
			p.Anchors[0].PEM += "\n"
			p.Changes[0].Content = []byte(p.Anchors[0].PEM)
		}, ErrBadCertificate},
		"no stores here":    {func(l *lab, _ *trust.Plan) { l.e.Stores = nil }, ErrBadPlan},
		"held meanwhile":    {func(l *lab, _ *trust.Plan) { l.put("stores/"+string(newStore), "held", 0o644) }, ErrChangedSince},
		"changed meanwhile": {func(_ *lab, p *trust.Plan) { p.Changes[0].Was = held }, ErrChangedSince},
		"cannot be looked at": {func(l *lab, _ *trust.Plan) {
			must(l.t, os.Mkdir(filepath.Join(l.root, "stores", string(newStore)), 0o755))
		}, ErrIO},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := l.onlyStores()
			c.edit(l, &p)
			l.refuses(p, c.want)
			if l.cas.sets != 0 {
				t.Errorf("%d changes", l.cas.sets)
			}
		})
	}
}

// TestPersonRefusesAStore: some systems ask for each change, and ask again when it is
// taken back.
func TestPersonRefusesAStore(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	l.cas.refuse = 1
	r, err := l.e.Apply(t.Context(), l.plan(), nil)
	if !errors.Is(err, ErrRefusedByPerson) || errors.Is(err, ErrPending) || r.State != trust.ReceiptFailed {
		t.Fatalf("%v, %v", err, r.State)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
	// The second store, and then that the first is taken back.
	l.cas.refuse = 2
	r, err = l.e.Apply(t.Context(), l.plan(), nil)
	if As(err).Code != ErrPending || !errors.Is(err, ErrRefusedByPerson) || r.State != trust.ReceiptPending {
		t.Fatalf("%v, %v", err, r.State)
	}
	if _, err := l.e.Recover(t.Context()); !errors.Is(err, ErrRefusedByPerson) {
		t.Errorf("asked again: %v", err)
	}
	l.cas.refuse = 0
	rs, err := l.e.Recover(t.Context())
	if err != nil || len(rs) != 1 || rs[0].State != trust.ReceiptFailed {
		t.Fatalf("%v, %v", rs, err)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

func TestPersonRefusesAnUndo(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	r, err := l.e.Apply(t.Context(), l.plan(), nil)
	must(t, err)
	after := listing(t, l.root)
	l.cas.refuse = 1
	u, err := l.e.Undo(t.Context(), r.ID, nil)
	if !errors.Is(err, ErrRefusedByPerson) || u.State != trust.ReceiptApplied {
		t.Fatalf("%v, %v", err, u.State)
	}
	if d := cmp.Diff(after, listing(t, l.root)); d != "" {
		t.Error(d)
	}
	// Where one of two was taken back already, the rest waits.
	l.cas.refuse = 2
	u, err = l.e.Undo(t.Context(), r.ID, nil)
	if As(err).Code != ErrPending || u.State != trust.ReceiptPending {
		t.Fatalf("%v, %v", err, u.State)
	}
	l.cas.refuse = 0
	rs, err := l.e.Recover(t.Context())
	if err != nil || len(rs) != 1 || rs[0].State != trust.ReceiptUndone {
		t.Fatalf("%v, %v", rs, err)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

func TestUndoLeavesAStoreThatChangedSince(t *testing.T) {
	for name, now := range map[string]string{"other settings": "heldCT,,", "gone": ""} {
		l := newLab(t)
		r, err := l.e.Apply(t.Context(), l.plan(), nil)
		must(t, err)
		l.put("stores/"+string(newStore), now, 0o644)
		before := listing(t, l.root)
		if err := l.e.Standing(t.Context(), r); !errors.Is(err, ErrChangedSince) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := l.e.Undo(t.Context(), r.ID, nil); !errors.Is(err, ErrChangedSince) || As(err).Path != string(newStore) {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(before, listing(t, l.root)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestRollBackLeavesWhatIsSomebodyElses: between a change and its roll-back another
// program gave the certificate other settings.
func TestRollBackLeavesWhatIsSomebodyElses(t *testing.T) {
	l := newLab(t)
	l.e.Fault = func(point, _ string) error {
		if point == faultStoreDone {
			l.e.Fault = nil
			l.put("stores/"+string(newStore), "heldCT,,", 0o644)
		}
		return nil
	}
	r, err := l.e.Apply(t.Context(), l.onlyStores(), nil)
	if !errors.Is(err, ErrNotTaken) || !errors.Is(err, ErrChangedSince) || r.State != trust.ReceiptFailed {
		t.Errorf("%v, %v", err, r.State)
	}
	if got := l.holds(newStore).Settings; got != "CT,," {
		t.Errorf("their settings are %q", got)
	}
}

func TestStoreThatTakesNothing(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	l.cas.blind = true
	r, err := l.e.Apply(t.Context(), l.plan(), nil)
	if !errors.Is(err, ErrNotTaken) || r.State != trust.ReceiptFailed {
		t.Errorf("%v, %v", err, r.State)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

// TestRefusedStoreAsksNoRoot: the person's own dialog comes before root's prompt.
func TestRefusedStoreAsksNoRoot(t *testing.T) {
	l, a, f := halves(t)
	before := listing(t, l.root)
	l.cas.refuse = 1
	if _, err := a.Apply(t.Context(), l.halfPlan(), nil); !errors.Is(err, ErrRefusedByPerson) || f.asked != 0 {
		t.Errorf("%v, root was asked %d times", err, f.asked)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
	// When undoing root comes first: what the person refuses then is undone later.
	l.cas.refuse = 0
	r, err := a.Apply(t.Context(), l.halfPlan(), nil)
	must(t, err)
	f.e.Stores = &fakeStores{dir: l.cas.dir, between: l.cas.between} // root is asked by nobody else
	l.cas.refuse = 1
	if _, err := a.Undo(t.Context(), r.ID, nil); As(err).Code != ErrPending {
		t.Error(err)
	}
	l.cas.refuse = 0
	_, err = a.Recover(context.Background(), false)
	must(t, err)
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}
