package elevate

import (
	"context"
	"errors"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// planFor is root's half of a plan with a change of each kind.
func planFor(ca *trusttest.Cert) trust.Plan {
	return trust.Plan{
		Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachComputer, Registries: []string{"reg.example"},
		Anchors: []trust.PlanAnchor{{SHA256: trust.FingerprintOf(ca.Cert).String(), PEM: string(ca.PEM())}},
		Changes: []trust.Change{
			{Kind: trust.WriteFile, Path: "/etc/docker/certs.d/reg.example/ca.crt", Content: ca.PEM(), Mode: 0o644, Status: trust.StatusNew, Privileged: true},
			{Kind: trust.RemoveFile, Path: "/etc/docker/certs.d/reg.example/old.crt", Before: &trust.FileState{}, Status: trust.StatusRemoved, Privileged: true},
			{Kind: trust.RunCommand, Command: "update-ca-certificates", Status: trust.StatusNew, Privileged: true},
			{
				Kind: trust.ChangeStore, Store: "keychain:admin", Content: ca.PEM(), Was: &trust.Membership{}, Want: &trust.Membership{Held: true},
				Status: trust.StatusNew, Privileged: true,
			},
		},
	}
}

// receiptFor is the receipt of a helper that did what it was asked.
func receiptFor(id string, p trust.Plan) trust.Receipt {
	r := trust.Receipt{
		Schema: 1, ID: id, Action: p.Action, Reach: p.Reach, Registries: p.Registries, Anchors: p.Anchors, Plan: p.Hash(),
		State: trust.ReceiptApplied,
	}
	for _, c := range p.Pending() {
		d := trust.Done{Kind: c.Kind, Path: c.Path, To: c.To, Command: c.Command, Store: c.Store, Now: c.Want}
		switch c.Kind {
		case trust.WriteFile:
			d.After = &trust.FileState{SHA256: hashOf(c.Content)}
		case trust.ChangeStore:
			d.Certificate = p.Anchors[0].SHA256
		}
		r.Changes = append(r.Changes, d)
	}
	return r
}

// TestReceiptForSomethingElse: a receipt counts only for what was asked, wherever the
// difference lies.
func TestReceiptForSomethingElse(t *testing.T) {
	ca := trusttest.NewCA(t, "Lab Root")
	plan := planFor(ca)
	apply := func(spoil func(*trust.Receipt)) error {
		q := requests{func(_ context.Context, a helper.Action, b []byte, args ...string) (trust.Receipt, error) {
			if a != helper.TrustComputer || hashOf(b) != args[1] {
				t.Errorf("asked %s %q", a, args)
			}
			r := receiptFor(args[2], plan)
			spoil(&r)
			return r, nil
		}}
		_, err := q.Apply(t.Context(), "20260101-000000-0000abcd", plan)
		return err
	}
	if err := apply(func(*trust.Receipt) {}); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	if err := apply(func(r *trust.Receipt) { // an engine has an order of its own
		r.Changes[0], r.Changes[3] = r.Changes[3], r.Changes[0]
	}); err != nil {
		t.Errorf("in another order: %v", err)
	}
	for name, spoil := range map[string]func(*trust.Receipt){
		"another id":        func(r *trust.Receipt) { r.ID = "20260101-000000-0000abce" },
		"another plan":      func(r *trust.Receipt) { r.Plan = hashOf(nil) },
		"no plan":           func(r *trust.Receipt) { r.Plan = "" },
		"another action":    func(r *trust.Receipt) { r.Action = "untrust" },
		"another reach":     func(r *trust.Receipt) { r.Reach = trust.ReachRegistry },
		"another registry":  func(r *trust.Receipt) { r.Registries = []string{"other.example"} },
		"another CA":        func(r *trust.Receipt) { r.Anchors = nil },
		"pending":           func(r *trust.Receipt) { r.State = trust.ReceiptPending },
		"rolled back":       func(r *trust.Receipt) { r.State = trust.ReceiptFailed },
		"one change less":   func(r *trust.Receipt) { r.Changes = r.Changes[1:] },
		"one change more":   func(r *trust.Receipt) { r.Changes = append(r.Changes, r.Changes[0]) },
		"one twice":         func(r *trust.Receipt) { r.Changes[1] = r.Changes[0] },
		"another path":      func(r *trust.Receipt) { r.Changes[0].Path = "/etc/docker/certs.d/other/ca.crt" },
		"other content":     func(r *trust.Receipt) { r.Changes[0].After = &trust.FileState{SHA256: hashOf([]byte("x"))} },
		"nothing written":   func(r *trust.Receipt) { r.Changes[0].After = nil },
		"nothing removed":   func(r *trust.Receipt) { r.Changes[1].After = &trust.FileState{} },
		"another command":   func(r *trust.Receipt) { r.Changes[2].Command = "update-ca-trust" },
		"another store":     func(r *trust.Receipt) { r.Changes[3].Store = "keychain:user" },
		"another authority": func(r *trust.Receipt) { r.Changes[3].Certificate = hashOf(nil) },
		"not held":          func(r *trust.Receipt) { r.Changes[3].Now = &trust.Membership{} },
		"held otherwise":    func(r *trust.Receipt) { r.Changes[3].Now = &trust.Membership{Held: true, Settings: "always"} },
		"no state":          func(r *trust.Receipt) { r.Changes[3].Now = nil },
		"nothing at all":    func(r *trust.Receipt) { *r = trust.Receipt{} },
	} {
		if err := apply(spoil); !errors.Is(err, change.ErrPending) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooLargeToAsk(t *testing.T) {
	q := requests{func(context.Context, helper.Action, []byte, ...string) (trust.Receipt, error) {
		t.Error("a person was asked")
		return trust.Receipt{}, nil
	}}
	plan := trust.Plan{Changes: []trust.Change{{Content: make([]byte, helper.MaxPlan)}}}
	if _, err := q.Apply(t.Context(), "id", plan); !errors.Is(err, change.ErrTooLarge) {
		t.Error(err)
	}
}

func TestUndoneSomethingElse(t *testing.T) {
	const id = "20260101-000000-0000abcd"
	for name, c := range map[string]struct {
		receipt       trust.Receipt
		undo, recover change.Code
	}{
		"good":       {trust.Receipt{ID: id, State: trust.ReceiptUndone}, "", ""},
		"applied":    {trust.Receipt{ID: id, State: trust.ReceiptApplied}, change.ErrPending, ""},
		"another id": {trust.Receipt{ID: "x", State: trust.ReceiptUndone}, change.ErrPending, change.ErrPending},
		"nothing":    {trust.Receipt{}, change.ErrPending, change.ErrPending},
	} {
		q := requests{func(context.Context, helper.Action, []byte, ...string) (trust.Receipt, error) { return c.receipt, nil }}
		_, undo := q.Undo(t.Context(), id, trust.ReachRegistry)
		_, recover := q.Recover(t.Context(), id, trust.ReachRegistry)
		for _, got := range []struct {
			err  error
			want change.Code
		}{{undo, c.undo}, {recover, c.recover}} {
			if got.want == "" && got.err != nil || got.want != "" && !errors.Is(got.err, got.want) {
				t.Errorf("%s: %v, want %q", name, got.err, got.want)
			}
		}
	}
}

// TestAnErrorIsPassedOn: what the helper refuses is no matter of receipts.
func TestAnErrorIsPassedOn(t *testing.T) {
	q := requests{func(context.Context, helper.Action, []byte, ...string) (trust.Receipt, error) {
		return trust.Receipt{}, change.Refuse(change.ErrTooBroad, "", "")
	}}
	if _, err := q.Apply(t.Context(), "id", trust.Plan{}); !errors.Is(err, change.ErrTooBroad) {
		t.Error(err)
	}
}
