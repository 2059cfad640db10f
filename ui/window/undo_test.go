//go:build !nogui

package window

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
)

// The banner that speaks of trust never takes back a sign-in. Ctrl+Z, which does,
// says so.
func TestUndoIsOfferedWhereItBelongs(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Account(harbor, platform.Kept{In: platform.KeptKeyring, User: "alice", Readers: []trust.Party{trust.Docker}})
	r := started(t, s)
	r.until("the accounts", func() bool { return r.w.accounts != nil })
	r.w.choose(harbor)
	r.shortcut(fyne.Key2, 0)
	r.press("Let Podman use it…")
	r.until("the plan", func() bool { return !r.button("Let Podman use it").Disabled() })
	r.press("Let Podman use it")
	r.until("the receipt", func() bool { return strings.Contains(r.texts(), "Podman now gets the password from the keyring.") })
	r.press("Close")
	r.until("quiet", r.idle)
	r.shortcut(fyne.Key1, 0)
	r.has("Docker and Podman trust this registry.")
	if e, _ := r.w.entry(); r.w.t.Registry(e).Banner.Action == vm.ActUndo {
		t.Error("the banner of trust offers to take a sign-in back")
	}
	r.w.undoFresh()
	r.has("Undo: Let tools use the sign-in to " + harbor)
}

// A history row on which a later change stands says so, and has no button.
func TestNoUndoFromUnderALaterChange(t *testing.T) {
	s, corp := windowtest.Scene(t)
	plan, err := s.PlanTrust(t.Context(), platformRequest(parsed(t, corpRegistry), corp))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Apply(t.Context(), plan, func(platform.Progress) {}); err != nil {
			t.Fatal(err)
		}
	}
	r := started(t, s)
	r.until("the history", func() bool { return len(r.w.receipts) == 2 })
	for i := range r.w.receipts { // the scene's clock stands still
		if r.w.receipts[i].ID == "r2" {
			r.w.receipts[i].At = r.w.receipts[i].At.Add(time.Hour)
		}
	}
	r.w.page.mode = showHistory
	r.w.page.refresh()
	if text := r.texts(); strings.Count(text, "stands on it.") != 1 || !strings.Contains(text, "superseded") {
		t.Errorf("the history says:\n%s", text)
	}
	for _, v := range r.w.t.History(r.w.receipts, "") {
		if undoable := len(r.w.page.receiptRow(v).Actions) > 0; undoable != (v.ID == "r2") {
			t.Errorf("%s: undo is offered: %v", v.ID, undoable)
		}
	}
}

// The fingerprint of an authority that was not sent gives no alarm and opens nothing.
func TestFingerprintOfWhatWasNotSent(t *testing.T) {
	s, corp := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose("incomplete.corp.example:8443")
	r.w.showTrust(nil)
	r.until("the candidates", func() bool { return r.w.dialogShown() && strings.Contains(r.texts(), "Not compared yet.") })
	d := r.w.dialog.(*trustDialog)
	d.paste.SetText(digits(corp))
	r.has("This may be the fingerprint of “Corp Issuing CA 3”, which the server did not send. Nothing was compared.")
	r.has("Choose a CA file…")
	if strings.Contains(r.texts(), "do not trust it") {
		t.Error("a false alarm")
	}
	if !r.button("Trust it").Disabled() {
		t.Error("what was not compared can be trusted")
	}
}
