//go:build !nogui

package window

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"go.uber.org/goleak"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/window/windowtest"
)

const (
	harbor   = "harbor.lab.example"
	password = "correct horse"
)

// signing opens the sign-in dialog for id on a machine where alice may sign in to
// harbor.
func signing(t *testing.T, s *windowtest.Service, id string) (*rig, *signInDialog) {
	t.Helper()
	s.Users = map[string]string{harbor + " alice": password}
	r := started(t, s)
	r.until("the accounts", func() bool { return r.w.accounts != nil })
	r.w.choose(id)
	r.shortcut(fyne.KeyL, 0)
	d, ok := r.w.dialog.(*signInDialog)
	if !ok {
		t.Fatalf("Ctrl+L opens %T", r.w.dialog)
	}
	r.until("the registry's word", func() bool { return d.form.Step != vm.AskingHow })
	return r, d
}

// write types text into what has the focus.
func (r *rig) write(text string) {
	r.t.Helper()
	f := r.w.win.Canvas().Focused()
	if f == nil {
		r.t.Fatalf("nothing has the focus to type %q", text)
	}
	for _, c := range text {
		f.TypedRune(c)
	}
}

func (r *rig) tab() fyne.Focusable {
	r.w.win.Canvas().FocusNext()
	return r.w.win.Canvas().Focused()
}

// TestSignInByKeyboard goes the whole way without a mouse: user, password, Enter,
// and the tools with one more Enter.
func TestSignInByKeyboard(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	r.has("Sign in to " + harbor)
	r.has("Docker and Podman trust this registry.")
	r.has("The registry itself asks for user and password.")
	if got := r.w.win.Canvas().Focused(); got != fyne.Focusable(d.user) {
		t.Fatalf("the focus is on %T, not on the user", got)
	}
	r.write("alice")
	if got := r.tab(); got != fyne.Focusable(d.secret) {
		t.Fatalf("after the user comes %T", got)
	}
	r.write(password)
	for i := range 2 {
		if _, ok := r.tab().(*widgets.Choice); !ok {
			t.Fatalf("after the password comes %T as place %d", r.w.win.Canvas().Focused(), i)
		}
	}
	for _, label := range []string{"Cancel", "Sign in"} {
		if b, ok := r.tab().(*widgets.Button); !ok || b.Label() != label {
			t.Fatalf("the focus is on %T, want the button %q", r.w.win.Canvas().Focused(), label)
		}
	}
	r.w.win.Canvas().Focus(d.secret)
	r.key(fyne.KeyReturn)
	r.until("the preview", d.form.CanUse)
	r.has("You are signed in to " + harbor + " as alice.")
	r.has("Let Docker and Podman use this sign-in")
	r.has("/home/alice/.docker/config.json")
	r.has("credHelpers › " + harbor + " = mooring")
	if d.secret.Text != "" {
		t.Error("the password is still in its field")
	}
	r.press("Let Docker and Podman use it")
	r.until("the changes", func() bool { return d.form.Use.Phase == vm.Done && r.idle() })
	r.has("Docker and Podman now get the password from the keyring.")
	r.button("Undo")
	r.press("Close")
	r.until("the account", func() bool { return len(vm.Users(r.w.account())) == 2 })
	r.w.showTab(tabSignIn)
	r.has("You are signed in as alice.")
	r.has("Docker and Podman use it")
	if s.Holds(password) {
		t.Error("the password is in what the machine was asked")
	}
}

// Before a registry is trusted there is nothing to type a password into, and the way
// on leads over trust and back.
func TestSignInWantsTrustFirst(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, "registry.corp.example:5000")
	for _, o := range r.objects() {
		switch o.(type) {
		case *widgets.Secret, *widgets.Entry:
			t.Fatalf("there is a %T for a registry that nobody trusts", o)
		}
	}
	if !d.form.NeedsTrust() {
		t.Fatalf("it is at step %d: %v", d.form.Step, d.form.Err)
	}
	r.press("Trust this registry…")
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	r.press("Trust it")
	r.until("the proof", func() bool { return strings.Contains(r.texts(), "The proof") })
	r.press("Go on to sign in")
	back, ok := r.w.dialog.(*signInDialog)
	if !ok || !back.shown() {
		t.Fatalf("the way leads to %T", r.w.dialog)
	}
	r.until("the fields", func() bool { return back.form.Step == vm.Typing })
	r.has("Password")
}

// Leaving the trust dialog without trusting does not come back.
func TestLeavingTrustDoesNotComeBack(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, _ := signing(t, s, "registry.corp.example:5000")
	r.press("Trust this registry…")
	r.until("the plan", func() bool { return !r.button("Trust it").Disabled() })
	r.key(fyne.KeyEscape)
	if r.w.dialogShown() {
		t.Errorf("%T is open", r.w.dialog)
	}
}

func TestWrongPasswordIsSelected(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	d.user.SetText("alice")
	r.w.win.Canvas().Focus(d.secret)
	r.write("wrong")
	r.key(fyne.KeyReturn)
	r.until("the refusal", func() bool { return d.form.Step == vm.Typing })
	r.has(r.w.t.W.Error(d.form.Err).What)
	if got := r.w.win.Canvas().Focused(); got != fyne.Focusable(d.secret) {
		t.Errorf("the focus is on %T", got)
	}
	r.write("c") // replaces what was wrong
	if d.secret.Text != "c" {
		t.Errorf("typing on makes it %d characters", len(d.secret.Text))
	}
}

// What becomes of the password after each refusal.
func TestPasswordAfterARefusal(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, _ := signing(t, s, harbor)
	for _, c := range []struct {
		why  signin.Why
		kept bool
		step vm.SignInStep
	}{
		{signin.NoConnection, true, vm.Typing},
		{signin.Unavailable, true, vm.Typing},
		{signin.RateLimited, true, vm.Typing},
		{signin.WrongPassword, true, vm.Typing},
		{signin.SecondFactor, false, vm.Typing},
		{signin.Locked, false, vm.Typing},
		{signin.Forbidden, false, vm.Typing},
		{signin.Unverified, false, vm.Barred},
		{signin.Redirected, false, vm.Barred},
	} {
		s.SignInError = &signin.Refusal{Why: c.why, Endpoint: harbor}
		r.w.showSignIn()
		d := r.w.dialog.(*signInDialog)
		r.until("the registry's word", func() bool { return d.form.Step == vm.Typing })
		d.user.SetText("alice")
		d.secret.SetText(password)
		d.submit()
		r.until("the refusal", func() bool { return d.form.Step != vm.SigningIn })
		if kept := d.secret.Text != ""; kept != c.kept || d.form.Step != c.step {
			t.Errorf("%s: kept %v at step %d, want %v at %d", c.why, kept, d.form.Step, c.kept, c.step)
		}
		r.has(r.w.t.W.Error(d.form.Err).What)
	}
}

// Escape takes an attempt back; the answer that comes late is not heard.
func TestCancelledAttempt(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	s.Gate = make(chan struct{})
	d.user.SetText("alice")
	d.secret.SetText(password)
	d.submit()
	r.has("Asking " + harbor + " whether it accepts this…")
	if !d.user.Disabled() || !d.secret.Disabled() {
		t.Error("what is on its way can be changed")
	}
	r.key(fyne.KeyEscape)
	if !d.shown() || d.form.Step != vm.Typing || d.secret.Text == "" {
		t.Fatalf("shown %v, step %d", d.shown(), d.form.Step)
	}
	r.has("Cancelled. Nothing was kept.")
	r.key(fyne.KeyEscape)
	if d.shown() {
		t.Fatal("the second Escape does not close the dialog")
	}
	if d.secret.Text != "" {
		t.Error("the password is still in the closed dialog")
	}
}

// A closed dialog draws nothing any more.
func TestLateSignInIsDropped(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	held := make(chan struct{})
	d.user.SetText("alice")
	d.secret.SetText(password)
	s.Gate = held
	d.submit()
	d.close()
	close(held)
	(<-r.posted)() // the late answer
	if d.form.Step == vm.SignedIn {
		t.Error("a late answer reached a closed dialog")
	}
}

// Without a keyring there is memory, and never a file.
func TestWithoutAKeyring(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.KeyringError = &keyring.Error{State: keyring.NoService, Err: errors.New("not provided by any .service files")}
	r, d := signing(t, s, harbor)
	r.until("the keyring's word", func() bool { return !d.form.KeyringReady() })
	r.has(r.w.t.W.Error(s.KeyringError).What)
	if !d.form.Session() {
		t.Error("it would go into a keyring that is not there")
	}
	d.user.SetText("alice")
	d.secret.SetText(password)
	d.submit()
	r.until("the sign-in", func() bool { return d.form.Step == vm.SignedIn })
	r.has("It is kept in memory and forgotten when Mooring closes.")
	r.has("Docker and Podman cannot use it")
	if !slices.Contains(s.Calls(), "sign in "+harbor+" as alice session=true") {
		t.Errorf("asked for %v", s.Calls())
	}
}

// A keyring that fails only when it is used: the password was right and stays, for
// another try or for memory.
func TestKeyringThatFails(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	r.until("the keyring's word", func() bool { return slices.Contains(s.Calls(), "keyring") && !d.ring.busy() })
	s.KeyringError = &keyring.Error{State: keyring.Dismissed, Err: errors.New("prompt dismissed")}
	d.user.SetText("alice")
	d.secret.SetText(password)
	d.submit()
	r.until("the failure", func() bool { return d.form.Step == vm.Typing })
	r.has(harbor + " accepted this, but it could not be kept.")
	if d.secret.Text != password || !d.form.KeyringReady() {
		t.Error("the password or the choice is gone")
	}
	s.KeyringError = nil
	d.submit()
	r.until("the sign-in", func() bool { return d.form.Step == vm.SignedIn })
}

func TestNothingIsSentWithoutUserAndPassword(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	r.key(fyne.KeyReturn)
	r.has("Type the user first.")
	d.user.SetText("alice")
	r.key(fyne.KeyReturn)
	r.has("Type or paste the password first.")
	if got := r.w.win.Canvas().Focused(); got != fyne.Focusable(d.secret) {
		t.Errorf("the focus is on %T", got)
	}
	for _, c := range s.Calls() {
		if strings.HasPrefix(c, "sign in") {
			t.Errorf("sent: %s", c)
		}
	}
}

// A remembered user saves the way to the password.
func TestUserIsRemembered(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Account(harbor, platform.Kept{In: platform.KeptKeyring, User: "alice"})
	r, d := signing(t, s, harbor)
	if d.user.Text != "alice" || r.w.win.Canvas().Focused() != fyne.Focusable(d.secret) {
		t.Errorf("the user is %q, the focus on %T", d.user.Text, r.w.win.Canvas().Focused())
	}
}

func TestCapsLockIsSaid(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	r.w.win.Canvas().Focus(d.secret)
	r.write("A")
	r.has("Caps Lock is on")
	r.write("b")
	if strings.Contains(r.texts(), "Caps Lock is on") {
		t.Error("it is still said after a small letter")
	}
}

// Pasting goes into the password.
func TestPasswordCanBePasted(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r, d := signing(t, s, harbor)
	r.w.app.Clipboard().SetContent(password)
	d.secret.TypedShortcut(&fyne.ShortcutPaste{Clipboard: r.w.app.Clipboard()})
	if d.secret.Text != password {
		t.Errorf("pasted %d characters", len(d.secret.Text))
	}
	d.secret.SelectAll()
	r.w.app.Clipboard().SetContent("")
	d.secret.TypedShortcut(&fyne.ShortcutCopy{Clipboard: r.w.app.Clipboard()})
	if r.w.app.Clipboard().Content() != "" {
		t.Error("a hidden password can be copied out of its field")
	}
}

// The tab: who one is, what uses it, and what can be done about it.
func TestSignInTab(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Account(harbor, platform.Kept{In: platform.KeptKeyring, User: "alice", Readers: []trust.Party{trust.Docker}})
	r := started(t, s)
	r.until("the accounts", func() bool { return r.w.accounts != nil })
	r.w.choose(harbor)
	r.shortcut(fyne.Key2, 0)
	r.has("You are signed in as alice.")
	r.press("Let Podman use it…")
	r.until("the plan", func() bool { return !r.button("Let Podman use it").Disabled() })
	r.has("Podman will get the password for " + harbor + " from the keyring, through Mooring.")
	r.press("Let Podman use it")
	r.until("the receipt", func() bool { return strings.Contains(r.texts(), "Podman now gets the password from the keyring.") })
	r.press("Close")
	r.until("both", func() bool { return len(vm.Users(r.w.account())) == 2 && r.idle() })
	r.press("Sign out…")
	r.until("the plan", func() bool { return !r.button("Sign out").Disabled() })
	r.has("Docker and Podman no longer ask Mooring for it.")
	r.press("Sign out")
	r.until("nobody", func() bool { return len(r.w.account().Kept) == 0 && r.idle() })
	r.has("You are not signed in.")
	calls := strings.Join(s.Calls(), "\n")
	if apply, out := strings.LastIndex(calls, "apply unuse"), strings.LastIndex(calls, "sign out "+harbor); apply < 0 || out < apply {
		t.Errorf("the tools are not told before the password goes:\n%s", calls)
	}
}

func TestPlaintextIsMoved(t *testing.T) {
	s, _ := windowtest.Scene(t)
	s.Account(harbor, platform.Kept{In: platform.KeptFile, Path: "/home/alice/.docker/config.json", User: "alice", Readers: []trust.Party{trust.Docker}})
	r := started(t, s)
	r.until("the accounts", func() bool { return r.w.accounts != nil })
	r.w.choose(harbor)
	r.w.showTab(tabSignIn)
	r.has("The password for this registry lies in plain text.")
	r.press("Move into the keyring…")
	r.until("the plan", func() bool { return !r.button("Move it").Disabled() })
	r.has("Undoing this writes the password back into the file, in plain text.")
	r.press("Move it")
	r.until("the receipt", func() bool {
		return strings.Contains(r.texts(), "The password is in the keyring now, and no longer in a file.")
	})
	r.press("Close")
	r.until("the keyring", func() bool { own, ok := vm.Own(r.w.account()); return ok && own.In == platform.KeptKeyring })
	r.has("You are signed in as alice.")
}

// Nobody is urged to sign in: the list and the page of trust say nothing of it.
func TestNobodyNags(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose(harbor)
	for _, word := range []string{"You are not signed in", "Sign in…"} {
		if strings.Contains(r.texts(), word) {
			t.Errorf("the page of trust says %q", word)
		}
	}
}

func TestTabsByKeyboard(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := started(t, s)
	r.w.choose(harbor)
	for key, want := range map[fyne.KeyName]pageTab{fyne.Key2: tabSignIn, fyne.Key3: tabImages, fyne.Key4: tabHistory, fyne.Key1: tabTrust} {
		r.shortcut(key, 0)
		if r.w.page.tab != want {
			t.Errorf("Ctrl+%s shows tab %d, want %d", key, r.w.page.tab, want)
		}
	}
	r.w.showTab(tabHistory)
	r.w.keys.TypedShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyTab, Modifier: fyne.KeyModifierControl})
	if r.w.page.tab != tabTrust {
		t.Errorf("after the last tab Ctrl+Tab shows tab %d", r.w.page.tab)
	}
}

// Opening and leaving the dialog and the tabs while they wait leaves no goroutine
// behind.
func TestSignInLeaksNothing(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Run("window", func(t *testing.T) {
		s, _ := windowtest.Scene(t)
		s.Fill(harbor, 300)
		r := started(t, s)
		r.w.choose(harbor)
		s.Gate = make(chan struct{}) // nothing is answered from here on
		for range 5 {
			r.w.showSignIn()
			r.w.dialog.(interface{ close() }).close()
			r.w.showTab(tabImages)
			r.w.page.images.choose("platform/service-00000")
			r.w.showTab(tabSignIn)
		}
		r.until("quiet", func() bool { return !r.w.reading.busy() && !r.w.looking.busy() && !r.w.accounting.busy() })
	})
	goleak.VerifyNone(t, ignore, goleak.IgnoreAnyFunction("fyne.io/fyne/v2/internal/animation.(*Runner).runAnimations"))
}
