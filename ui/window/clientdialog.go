//go:build !nogui

package window

import (
	"context"
	"errors"
	"path/filepath"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// clientDialog installs a client certificate: which files, do they fit, what
// changes, then progress and proof.
type clientDialog struct {
	*panel
	form       *vm.ClientForm
	passphrase *widgets.Secret
	caps       *widgets.Text
	locked     bool // the field for the passphrase is drawn
	plans      *job
	asks       *job // for signing requests and their keys
}

// clientFiles are the endings that certificates and keys come with.
var clientFiles = []string{".pem", ".crt", ".cer", ".der", ".cert", ".key", ".p12", ".pfx", ".p7b", ".p7c", ".p8"}

// showClientCert opens the dialog for the registry on the page.
func (w *Window) showClientCert() {
	if e, ok := w.entry(); ok {
		w.showClientForm(vm.NewClientForm(e.Known.Registry, e.Report))
	}
}

func (w *Window) showClientForm(form *vm.ClientForm) {
	d := &clientDialog{form: form, plans: w.d.newJob(), asks: w.d.newJob()}
	d.panel = w.newDialog("")
	w.dialog = d
	d.modal.OnClosed = d.closed
	d.modal.OnEscape = d.escape
	d.passphrase = widgets.NewSecret(w.t.Say("client.passphrase"))
	d.passphrase.OnShortcut, d.passphrase.Probe = w.keys.TypedShortcut, w.options.CapsLock
	d.caps = widgets.NewText("", widgets.Secondary.In(theme.ColorAttention), widgets.Wrap)
	d.caps.Hide()
	d.passphrase.OnCaps = func(on bool) {
		d.caps.SetText(w.t.Say("signin.caps"))
		d.caps.Hidden = !on
		d.modal.Settle()
	}
	d.passphrase.OnSubmitted = func(s string) { d.unlock(s) }
	d.render()
	d.show(nil)
	d.requested()
	if !form.Empty() {
		d.review()
	}
}

// closed stops what is under way and forgets the key.
func (d *clientDialog) closed() {
	for _, j := range []*job{d.asks, d.plans, d.job} {
		j.stop()
	}
	d.passphrase.SetText("")
	d.form.Forget()
}

// escape closes the dialog unless changes are being made.
func (d *clientDialog) escape() {
	if d.form.Phase != vm.Applying {
		d.close()
	}
}

// dropped takes a file into the dialog, whatever it holds.
func (d *clientDialog) dropped(name, path string, data []byte) bool {
	if d.form.Phase != vm.Deciding {
		return true
	}
	if !d.form.Add(d.named(name, path), data) {
		d.say(d.w.t.Say("client.too-many"))
		return true
	}
	d.review()
	return true
}

// named is the file's own name, or its path where another of that name is there.
func (d *clientDialog) named(name, path string) string {
	for _, f := range d.form.Request().Files {
		if filepath.Base(f.Name) == name && f.Name != path && path != "" {
			return path
		}
	}
	return name
}

func (d *clientDialog) remove(name string) {
	d.form.Remove(name)
	if d.form.Empty() {
		d.form.Forget()
		d.passphrase.SetText("")
	}
	d.review()
}

func (d *clientDialog) unlock(text string) {
	d.form.SetPassphrase(trust.NewSecret(text))
	d.review()
}

// review reads the files and holds them against what the registry asks for.
func (d *clientDialog) review() {
	d.plans.stop()
	d.form.Planning, d.form.Reviewing = false, !d.form.Empty()
	if d.form.Empty() {
		d.job.stop()
		d.render()
		return
	}
	q := d.form.Request()
	d.job.start(func(ctx context.Context, _ func(func())) func() {
		r, err := d.w.service.ReviewClientCert(ctx, q)
		return func() {
			d.form.Reviewing, d.form.Err = false, err
			if err == nil {
				d.form.Review = &r
			}
			if d.form.Ready() {
				d.plan()
			}
			d.render()
		}
	})
	d.render()
}

func (d *clientDialog) plan() {
	q, r := d.form.Request(), *d.form.Review
	d.form.Planning = true
	d.plans.start(func(ctx context.Context, _ func(func())) func() {
		p, err := d.w.service.PlanClientCert(ctx, q, r)
		return func() {
			d.form.Planning, d.form.Err = false, err
			if err == nil {
				d.form.Plan = &p
			}
			d.render()
		}
	})
}

// apply makes the changes that were shown, and proves them.
func (d *clientDialog) apply() {
	if !d.w.t.ClientPage(d.form).CanApply {
		return
	}
	plan := *d.form.Plan
	d.form.Phase, d.form.Progress = vm.Applying, platform.Progress{}
	d.w.apply(d.job, plan, func(p platform.Progress) {
		d.form.Progress = p
		d.render()
	}, func(receipt trust.Receipt, err error) {
		if err != nil {
			d.finish(vm.Failed, err)
			return
		}
		d.prove(receipt)
	})
	d.render()
}

// prove makes new connections: one judged with what is installed now, and one that
// shows the pair to the registry.
func (d *clientDialog) prove(receipt trust.Receipt) {
	d.form.Receipt, d.form.Phase = &receipt, vm.Proving
	d.w.book.Made(d.form.Registry.String(), receipt)
	d.w.loadHistory()
	d.render()
	regs, pair := []trust.Registry{d.form.Registry}, *d.form.Review.Pair
	d.job.start(func(ctx context.Context, post func(func())) func() {
		err := d.w.service.Check(ctx, regs, platform.CheckOptions{EngineWord: true}, func(r trust.Report) {
			post(func() {
				d.w.book.Put(r)
				d.form.Proof = &r
			})
		})
		proof, perr := d.w.service.ProveClientCert(ctx, d.form.Registry, pair)
		return func() {
			if perr == nil {
				d.form.Shown = &proof
			}
			d.finish(vm.Done, errors.Join(err, perr))
		}
	})
}

func (d *clientDialog) finish(p vm.Phase, err error) {
	d.form.Phase, d.form.Err = p, err
	d.w.renewImages(d.form.Registry.String())
	d.requested() // one is answered now
	d.render()
	d.w.render()
}

// again goes back from a failure to the preview, which is made anew.
func (d *clientDialog) again() {
	d.form.Phase, d.form.Err, d.form.Plan, d.form.Receipt = vm.Deciding, nil, nil, nil
	d.review()
}
