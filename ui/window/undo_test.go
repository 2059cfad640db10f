//go:build !nogui

package window

import (
	"strings"
	"testing"

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
