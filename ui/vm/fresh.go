package vm

import (
	"slices"

	"mooring.dev/mooring/trust"
)

// Made remembers a receipt of this session, to be offered for undoing where it
// belongs.
func (b *Book) Made(id string, r trust.Receipt) {
	if e := b.entries[id]; e != nil {
		e.Fresh = append(slices.Clip(e.Fresh), r)
	}
}

// Forget ceases to offer what r took back: itself when it was undone, else those of
// its kind, which it came after.
func (b *Book) Forget(id string, r trust.Receipt) {
	e := b.entries[id]
	if e == nil {
		return
	}
	e.Fresh = slices.DeleteFunc(slices.Clone(e.Fresh), func(old trust.Receipt) bool {
		if r.State == trust.ReceiptUndone {
			return old.ID == r.ID
		}
		return about(old) == about(r)
	})
}

// What a receipt is about.
const (
	aboutTrust  = "trust"
	aboutSignIn = "sign-in"
)

// about is what a receipt is about: trust, sign-ins, or its action alone.
func about(r trust.Receipt) string {
	switch r.Action {
	case "trust", "untrust":
		return aboutTrust
	case "use", "unuse", "move", "unregister":
		return aboutSignIn
	default:
		return r.Action
	}
}

// Latest is what was done last for the registry in this session.
func (e Entry) Latest() (r trust.Receipt, ok bool) {
	if len(e.Fresh) == 0 {
		return r, false
	}
	return e.Fresh[len(e.Fresh)-1], true
}

// LatestTrust is what was done last about trusting the registry. Its banner speaks
// of trust, and may offer to take back nothing else.
func (e Entry) LatestTrust() (r trust.Receipt, ok bool) {
	for _, r := range slices.Backward(e.Fresh) {
		if about(r) == aboutTrust && slices.Contains(r.Registries, e.ID()) {
			return r, true
		}
	}
	return r, false
}

// UndoTitle is the title over what undoing r takes back.
func (t Teller) UndoTitle(r trust.Receipt) string {
	return t.say("undo.of", args{"change": t.receiptTitle(r)})
}
