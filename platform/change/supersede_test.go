//go:build linux

package change

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// A file that was written, removed, and written again with the very same bytes is the
// newest receipt's: undoing the oldest would take that away.
func TestUndoFromUnderALaterReceipt(t *testing.T) {
	l := newLab(t)
	const path = "/etc/certs.d/reg.example:5000/ca.crt"
	write := l.plan()
	write.Changes = write.Changes[:1]
	first, err := l.e.Apply(t.Context(), write, nil)
	must(t, err)
	remove := l.plan()
	remove.Action = "untrust"
	remove.Changes = []trust.Change{{Kind: trust.RemoveFile, Path: path, Before: l.state(path[1:]), Status: trust.StatusRemoved}}
	second, err := l.e.Apply(t.Context(), remove, nil)
	must(t, err)
	third, err := l.e.Apply(t.Context(), write, nil)
	must(t, err)

	before := listing(t, l.root)
	for _, r := range []trust.Receipt{first, second} {
		if err := l.e.Standing(t.Context(), r); !errors.Is(err, ErrSuperseded) {
			t.Errorf("%s: %v", r.Action, err)
		}
		if _, err := l.e.Undo(t.Context(), r.ID, nil); !errors.Is(err, ErrSuperseded) || As(err).Path != path {
			t.Errorf("%s: %v", r.Action, err)
		}
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Errorf("a refused undo changed something:\n%s", d)
	}
	// Newest first, each in turn.
	for _, r := range []trust.Receipt{third, second, first} {
		must(t, l.e.Standing(t.Context(), r))
		_, err := l.e.Undo(t.Context(), r.ID, nil)
		must(t, err)
	}
	if l.state(path[1:]) != nil {
		t.Error("the file is still there")
	}
}

func TestStandingSeesWhatChangedSince(t *testing.T) {
	l := newLab(t)
	r, err := l.e.Apply(t.Context(), l.plan(), nil)
	must(t, err)
	must(t, l.e.Standing(t.Context(), r))
	l.put("etc/replaced", "someone else", 0o600)
	if err := l.e.Standing(t.Context(), r); !errors.Is(err, ErrChangedSince) || As(err).Path != "/etc/replaced" {
		t.Errorf("got %v", err)
	}
}
