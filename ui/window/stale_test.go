//go:build !nogui

package window

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/window/windowtest"
)

var plain = platform.Kept{
	In: platform.KeptFile, Path: "/home/alice/.docker/config.json", User: "alice", Readers: []trust.Party{trust.Docker},
}

// private is the images tab of harbor as nobody sees it: empty.
func private(t *testing.T) (*rig, *imagesTab) {
	t.Helper()
	r, tab := content(t, 0, func(s *windowtest.Service) {
		s.Users = map[string]string{harbor + " alice": password}
		s.CatalogError = &catalog.Refusal{Why: catalog.NeedsSignIn, Status: 401}
	})
	r.read(tab)
	r.button("Sign in…")
	return r, tab
}

// open lets harbor list n repositories.
func (r *rig) open(n int) {
	r.s.Fill(harbor, n)
	r.s.CatalogError = nil
}

// Whoever signs in from the images tab sees the images, and after signing out they
// are gone; the password goes with Enter, and so do the tools.
func TestImagesFollowTheSignIn(t *testing.T) {
	r, tab := private(t)
	r.shortcut(fyne.KeyL, 0)
	d := r.w.dialog.(*signInDialog)
	r.until("the fields", func() bool { return d.form.Step == vm.Typing })
	r.open(20)
	r.write("alice")
	r.tab()
	r.write(password)
	r.key(fyne.KeyReturn)
	r.until("the preview", d.form.CanUse)
	r.key(fyne.KeyReturn)
	r.until("the changes", func() bool { return d.form.Use.Phase == vm.Done && r.idle() })
	r.key(fyne.KeyReturn)
	if d.shown() {
		t.Fatal("Enter does not close the dialog")
	}
	r.read(tab)
	r.has("20 repositories")
	if strings.Contains(r.texts(), "Sign in…") {
		t.Error("it still asks for a sign-in")
	}
	if got := r.w.win.Canvas().Focused(); got != fyne.Focusable(tab.filter) {
		t.Errorf("the focus came back to %T", got)
	}

	tab.choose("platform/service-00000")
	r.until("the tags", func() bool { return tab.model.TagStage == vm.Read && !tab.model.AskingRights })
	r.open(0)
	r.s.CatalogError = &catalog.Refusal{Why: catalog.NeedsSignIn, Status: 401}
	r.w.showSignOut()
	out := r.w.dialog.(*confirmation)
	r.until("the plan", func() bool { return out.made != nil })
	tags := count(r.s, "tags ")
	r.key(fyne.KeyReturn)
	r.until("the end", func() bool { return !out.shown() })
	if len(tab.model.Found()) != 0 {
		t.Error("what only alice may see is still listed")
	}
	r.read(tab)
	r.button("Sign in…")
	r.until("the tags", func() bool { return tab.model.TagStage == vm.Read && r.idle() })
	if count(r.s, "tags ") != tags+1 {
		t.Error("the chosen repository is not asked for again")
	}
}

func count(s *windowtest.Service, prefix string) int {
	n := 0
	for _, c := range s.Calls() {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// What is not shown is forgotten, and asked for when it is shown again.
func TestHiddenImagesAreForgotten(t *testing.T) {
	r, tab := private(t)
	r.w.showTab(tabSignIn)
	r.open(3)
	r.w.showSignIn()
	d := r.w.dialog.(*signInDialog)
	r.until("the fields", func() bool { return d.form.Step == vm.Typing })
	asked := count(r.s, "repositories ")
	d.user.SetText("alice")
	d.secret.SetText(password)
	d.submit()
	r.until("the sign-in", func() bool { return d.form.Step == vm.SignedIn })
	d.close()
	if r.w.page.images != nil || count(r.s, "repositories ") != asked {
		t.Error("what nobody looks at is kept, or read")
	}
	r.w.showTab(tabImages)
	if r.w.page.images == tab {
		t.Fatal("the old list came back")
	}
	r.read(r.w.page.images)
	r.has("3 repositories")
}

// The key to check again asks for the images too, and leaves those of others alone.
func TestRefreshAsksForImages(t *testing.T) {
	r, tab := private(t)
	r.open(3)
	r.w.renewImages("quay.io")
	if tab.model.Stage == vm.BeingRead {
		t.Error("a change of another registry has this one read")
	}
	r.w.checkSelected()
	r.until("the check", r.idle)
	r.read(tab)
	r.has("3 repositories")
}

// A registry that is trusted from the images tab is listed there.
func TestImagesFollowTrust(t *testing.T) {
	const name = "registry.corp.example:5000"
	s, _ := windowtest.Scene(t)
	s.Fill(name, 5)
	r := started(t, s)
	r.w.choose(name)
	r.w.showTab(tabImages)
	tab := r.w.page.images
	r.read(tab)
	r.press("Trust this registry…")
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	r.press("Trust it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.press("Close")
	r.read(tab)
	r.has("5 repositories")
}

// What another program writes is seen after a check, when the registry is chosen
// again and when the tab is.
func TestAccountsAreReadAnew(t *testing.T) {
	for name, again := range map[string]func(*rig){
		"the button to check": func(r *rig) { r.w.checkSelected() },
		"F5":                  func(r *rig) { r.w.win.Canvas().Unfocus(); r.key(fyne.KeyF5) },
		"the tab":             func(r *rig) { r.w.showTab(tabTrust); r.shortcut(fyne.Key2, 0) },
		"the same row":        func(r *rig) { r.w.choose(harbor) },
		"the row again":       func(r *rig) { r.w.choose("quay.io"); r.w.choose(harbor); r.w.page.tab = tabSignIn; r.w.page.refresh() },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := windowtest.Scene(t)
			r := started(t, s)
			r.w.choose(harbor)
			r.w.showTab(tabSignIn)
			r.until("the accounts", func() bool { return r.w.accounts != nil && !r.w.accounting.busy() })
			r.has("You are not signed in.")
			s.Account(harbor, plain)
			again(r)
			r.until("the account", func() bool { return strings.Contains(r.texts(), "The password for this registry lies in plain text.") })
		})
	}
}

// A moved password lies in no file any more, and the check that said so is made
// again; so it is after undoing. The keyboard suffices.
func TestMovedPasswordIsCheckedAgain(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Account(harbor, plain)
	r := started(t, s)
	r.w.choose(harbor)
	checks := count(s, "check 1 ")
	r.w.showMove()
	c := r.w.dialog.(*confirmation)
	r.until("the plan", func() bool { return c.made != nil })
	r.key(fyne.KeyReturn)
	r.until("a check", func() bool { return count(s, "check 1 ") == checks+1 && r.idle() })
	r.has("The password is in the keyring now, and no longer in a file.")
	r.key(fyne.KeyReturn)
	if r.w.dialogShown() {
		t.Error("Enter does not close the dialog")
	}
	r.w.undoFresh()
	undo := r.w.dialog.(*confirmation)
	r.until("the plan", func() bool { return undo.made != nil })
	r.key(fyne.KeyReturn)
	r.until("another check", func() bool { return count(s, "check 1 ") == checks+2 && r.idle() })
}

// Who hands out a password has no part in what a check says.
func TestUseIsNotChecked(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Account(harbor, platform.Kept{In: platform.KeptKeyring, User: "alice"})
	r := started(t, s)
	r.w.choose(harbor)
	checks := count(s, "check 1 ")
	r.w.showUse([]trust.Party{trust.Docker}, true)
	c := r.w.dialog.(*confirmation)
	r.until("the plan", func() bool { return c.made != nil })
	r.key(fyne.KeyReturn)
	r.until("the changes", func() bool { return slices.Contains(s.Calls(), "apply use ["+harbor+"]") && !c.acting && r.idle() })
	if n := count(s, "check 1 "); n != checks {
		t.Errorf("it was checked %d times", n-checks)
	}
}

// Where a plan cannot be made there is one button left, and Enter presses it.
func TestWithoutAPlanEnterCloses(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Account(harbor, plain)
	s.KeyringError = &keyring.Error{State: keyring.NoService, Err: errors.New("not provided by any .service files")}
	r := started(t, s)
	r.w.choose(harbor)
	r.w.showMove()
	r.until("the failure", func() bool { return strings.Contains(r.texts(), r.w.t.W.Error(s.KeyringError).What) })
	r.key(fyne.KeyReturn)
	if r.w.dialogShown() {
		t.Error("Enter does not close the dialog")
	}
}
