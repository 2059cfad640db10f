package elevate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// requests are the three things that the helper can be asked for, by one way of
// asking it. A receipt that answers something else is taken for none: then nobody
// knows what was done.
type requests struct {
	ask func(ctx context.Context, a helper.Action, plan []byte, args ...string) (trust.Receipt, error)
}

// Apply implements [change.Privileged].
func (q requests) Apply(ctx context.Context, id string, p trust.Plan) (trust.Receipt, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return trust.Receipt{}, change.As(err)
	}
	if len(b) > helper.MaxPlan { // no need to ask a person for that
		return trust.Receipt{}, change.Refuse(change.ErrTooLarge, "", "the plan has %d bytes", len(b))
	}
	r, err := q.ask(ctx, helper.ActionFor(p.Reach), b, "apply", p.Hash(), id)
	if err == nil && (r.ID != id || !signsOff(r, p)) {
		err = change.Refuse(change.ErrPending, id, "the receipt answers another plan")
	}
	return r, err
}

// Undo implements [change.Privileged].
func (q requests) Undo(ctx context.Context, id string, reach trust.Reach) (trust.Receipt, error) {
	r, err := q.ask(ctx, helper.ActionFor(reach), nil, "undo", id)
	if err == nil && (r.ID != id || r.State != trust.ReceiptUndone) {
		err = change.Refuse(change.ErrPending, id, "the receipt is another")
	}
	return r, err
}

// Recover implements [change.Privileged].
func (q requests) Recover(ctx context.Context, id string, reach trust.Reach) (trust.Receipt, error) {
	r, err := q.ask(ctx, helper.ActionFor(reach), nil, "recover", id)
	if err == nil && r.ID != id {
		err = change.Refuse(change.ErrPending, id, "the receipt is another")
	}
	return r, err
}

// signsOff reports whether r says that exactly p was carried out: the plan by its
// hash, and each of its changes with what it left.
func signsOff(r trust.Receipt, p trust.Plan) bool {
	if r.State != trust.ReceiptApplied || r.Plan != p.Hash() || r.Action != p.Action || r.Reach != p.Reach ||
		!slices.Equal(r.Registries, p.Registries) || !slices.Equal(r.Anchors, p.Anchors) {
		return false
	}
	left := slices.Clone(r.Changes)
	for _, c := range p.Pending() {
		i := slices.IndexFunc(left, func(d trust.Done) bool { return carriedOut(c, d) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return len(left) == 0
}

// carriedOut reports whether d is c with the state that c wants.
func carriedOut(c trust.Change, d trust.Done) bool {
	if d.Kind != c.Kind || d.Path != c.Path || d.To != c.To || d.Command != c.Command || d.Store != c.Store {
		return false
	}
	switch c.Kind {
	case trust.WriteFile:
		sum := sha256.Sum256(c.Content)
		return d.After != nil && d.After.SHA256 == hex.EncodeToString(sum[:])
	case trust.RemoveFile:
		return d.After == nil
	case trust.ChangeStore:
		certs, err := certfile.Read(bytes.Clone(c.Content))
		return err == nil && d.Certificate == trust.FingerprintOf(certs[0]).String() && d.Now != nil && *d.Now == *c.Want
	}
	return true
}
