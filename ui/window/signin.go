//go:build !nogui

package window

import (
	"context"
	"strings"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// signInDialog asks who one is at a registry, has that proved there, and offers it
// to docker and podman. The password is in its field only, and in the request while
// that is on its way.
type signInDialog struct {
	*panel
	form   *vm.SignInForm
	user   *widgets.Entry
	secret *widgets.Secret
	caps   *widgets.Text
	ring   *job // asks the keyring
	use    *job // the second step
}

// showSignIn opens the dialog for the registry on the page.
func (w *Window) showSignIn() {
	e, ok := w.entry()
	if !ok {
		return
	}
	d := &signInDialog{
		form: vm.NewSignInForm(e, w.accounts[e.ID()], w.tools), ring: w.d.newJob(), use: w.d.newJob(),
	}
	d.panel = w.newDialog("")
	w.dialog = d
	d.modal.OnClosed = d.closed
	d.modal.OnEscape = d.escape
	d.fields()
	d.render()
	d.show(nil)
	d.ask()
	d.askKeyring()
}

func (d *signInDialog) fields() {
	d.user = d.w.newEntry("")
	d.user.OnSubmitted = func(string) { d.submit() }
	d.secret = widgets.NewSecret("")
	d.secret.OnShortcut = d.w.keys.TypedShortcut
	d.secret.OnSubmitted = func(string) { d.submit() }
	d.secret.Probe = d.w.options.CapsLock
	d.caps = widgets.NewText("", widgets.Secondary.In(theme.ColorAttention), widgets.Grow)
	d.secret.OnCaps = func(on bool) {
		d.caps.SetText("")
		if on {
			d.caps.SetText(d.w.t.Say("signin.caps"))
		}
		d.modal.Settle()
	}
}

func (d *signInDialog) closed() {
	d.ring.stop()
	d.use.stop()
	d.job.stop()
	d.secret.Clear()
}

// escape steps back: out of an attempt, else out of the dialog. Changes that are
// being made are never left half done.
func (d *signInDialog) escape() {
	switch {
	case d.form.Step == vm.SigningIn:
		d.cancel()
	case d.form.Use == nil || d.form.Use.Phase != vm.Applying:
		d.close()
	}
}

// ask finds out how the registry wants to be signed in to.
func (d *signInDialog) ask() {
	r := d.form.Registry()
	d.form.Step, d.form.Err = vm.AskingHow, nil
	d.job.start(func(ctx context.Context, _ func(func())) func() {
		m, err := d.w.service.SignInMethod(ctx, r)
		return func() {
			d.form.SetMethod(m, err)
			d.user.SetText(d.form.User)
			d.render()
			d.focus()
		}
	})
	d.render()
}

// askKeyring finds out whether there is a place for the password.
func (d *signInDialog) askKeyring() {
	d.ring.start(func(ctx context.Context, _ func(func())) func() {
		err := d.w.service.Keyring(ctx)
		return func() {
			d.form.SetKeyring(err)
			d.render()
		}
	})
}

// focus goes to the first field that wants something.
func (d *signInDialog) focus() {
	c := d.w.win.Canvas()
	switch {
	case d.form.Step != vm.Typing || !d.shown():
	case d.user.Text == "":
		c.Focus(d.user)
	default:
		c.Focus(d.secret)
	}
}

// submit sends what was typed, if there is anything to send.
func (d *signInDialog) submit() {
	user := strings.TrimSpace(d.user.Text)
	switch {
	case d.form.Step != vm.Typing:
		return
	case user == "":
		d.say(d.w.t.Say("signin.no-user"))
		d.w.win.Canvas().Focus(d.user)
		return
	case d.secret.Text == "":
		d.say(d.w.t.Say("signin.no-secret"))
		d.w.win.Canvas().Focus(d.secret)
		return
	}
	d.say("")
	d.prove(d.form.Request(user, trust.NewSecret(d.secret.Text)))
}

// prove has the registry say whether it accepts a credential.
func (d *signInDialog) prove(q platform.SignInRequest) {
	d.form.Begin(q.Credential.User)
	d.lock(true)
	d.job.start(func(ctx context.Context, _ func(func())) func() {
		out, err := d.w.service.SignIn(ctx, q)
		return func() { d.proved(out, err) }
	})
	d.render()
}

func (d *signInDialog) proved(out signin.Outcome, err error) {
	fate := d.form.End(out, err)
	d.lock(false)
	if fate == vm.ClearSecret {
		d.secret.Clear()
	}
	d.render()
	d.w.loadAccounts()
	switch {
	case err == nil:
		d.w.renewImages(d.form.Registry().String())
		d.planUse()
	case d.form.Step == vm.Typing:
		d.w.win.Canvas().Focus(d.secret)
	}
	if fate == vm.SelectSecret {
		d.secret.SelectAll()
	}
}

// lock keeps what is on its way from being changed.
func (d *signInDialog) lock(on bool) {
	if on {
		d.w.win.Canvas().Unfocus()
		d.user.Disable()
		d.secret.Disable()
		return
	}
	d.user.Enable()
	d.secret.Enable()
}

// cancel takes an attempt back: the request is broken off, and a late answer to it
// is not heard.
func (d *signInDialog) cancel() {
	d.job.stop()
	d.form.Stop()
	d.lock(false)
	d.render()
	d.say(d.w.t.Say("signin.cancelled"))
	d.focus()
}

// planUse works out what would let the tools use the sign-in.
func (d *signInDialog) planUse() {
	f := d.form
	if !f.Kept() || len(f.Tools) == 0 {
		return
	}
	f.BeginUse()
	d.use.start(func(ctx context.Context, _ func(func())) func() {
		p, err := d.w.service.PlanUse(ctx, f.Registry(), f.Tools, true)
		return func() {
			f.SetUse(p, err)
			d.render()
		}
	})
	d.render()
}

// applyUse makes the changes that were shown.
func (d *signInDialog) applyUse() {
	f := d.form
	if !f.CanUse() {
		return
	}
	u, plan := f.Use, *f.Use.Plan
	u.Phase, u.Progress = vm.Applying, platform.Progress{}
	d.w.apply(d.use, plan, func(p platform.Progress) {
		u.Progress = p
		d.render()
	}, func(receipt trust.Receipt, err error) {
		u.Phase, u.Err = vm.Failed, err
		if err == nil {
			u.Phase, u.Receipt = vm.Done, &receipt
		}
		d.w.changed(receipt, err, plan.Registries)
		d.render()
	})
	d.render()
}

// changed takes note that files were changed for registries.
func (w *Window) changed(receipt trust.Receipt, err error, regs []string) {
	if err == nil {
		for _, id := range regs {
			w.book.Made(id, receipt)
		}
		w.outdated(receipt, regs)
	}
	w.loadHistory()
	w.loadAccounts()
	w.render()
}

// outdated has what a change can have made untrue asked anew: what registries show,
// and what the last check of them said.
func (w *Window) outdated(receipt trust.Receipt, ids []string) {
	w.renewImages(ids...)
	var regs []trust.Registry
	for _, id := range ids {
		if e, ok := w.book.Entry(id); ok {
			regs = append(regs, e.Known.Registry)
		}
	}
	if len(regs) > 0 && (receipt.Judged() || receipt.Moved()) {
		w.checkThese(regs, nil)
	}
}

// trustFirst opens the trust dialog and comes back once the registry is trusted.
func (d *signInDialog) trustFirst() {
	d.w.showTrust(nil)
	if t, ok := d.w.dialog.(*trustDialog); ok {
		t.then = d.w.showSignIn
		return
	}
	d.say(d.w.t.Say("account.trust-first"))
}
