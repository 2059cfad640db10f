//go:build !nogui

package window

import (
	"context"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// restartDialog restarts an engine that has yet to see a change: what would stop, a
// click, and what the registries are after it.
type restartDialog struct {
	*panel
	form *vm.RestartForm
	regs []trust.Registry
}

// showRestart opens the dialog. The registries that wait for the engine are checked
// afterwards.
func (w *Window) showRestart(r trust.Restart) {
	d := &restartDialog{form: &vm.RestartForm{Restart: r}, regs: w.book.WaitingFor(r.Engine)}
	d.panel = w.newDialog("")
	w.dialog = d
	d.modal.OnEscape = func() {
		if !d.w.t.RestartPage(d.form).Held {
			d.close()
		}
	}
	d.ask()
	d.show(nil)
}

// showWaiting opens the dialog for what parties of the registry on the page wait for.
func (w *Window) showWaiting(parties ...trust.Party) {
	if e, ok := w.entry(); ok && e.Report != nil {
		if r, waits := vm.Waits(*e.Report, parties...); waits {
			w.showRestart(r)
		}
	}
}

// ask learns what would stop. It is asked anew after a failure: something may have
// stopped by then.
func (d *restartDialog) ask() {
	d.form.Phase, d.form.Impact, d.form.Err = vm.Deciding, nil, nil
	d.render()
	r := d.form.Restart
	d.job.start(func(ctx context.Context, _ func(func())) func() {
		i, err := d.w.service.RestartImpact(ctx, r)
		return func() {
			if d.form.Err = err; err == nil {
				d.form.Impact = &i
			}
			d.render()
		}
	})
}

func (d *restartDialog) restart() {
	if d.form.Phase != vm.Deciding || d.form.Impact == nil {
		return
	}
	d.form.Phase, d.form.Progress = vm.Applying, platform.Progress{}
	d.render()
	r := d.form.Restart
	d.job.start(func(ctx context.Context, post func(func())) func() {
		err := d.w.service.Restart(ctx, r, func(p platform.Progress) {
			post(func() {
				d.form.Progress = p
				d.render()
			})
		})
		return func() { d.over(err) }
	})
}

// over goes on to the proof. Whatever came of a restart, the verdicts from before are
// old.
func (d *restartDialog) over(err error) {
	d.form.Err, d.form.Phase = err, vm.Proving
	if err != nil {
		d.form.Phase = vm.Failed
		d.render()
		return
	}
	d.render()
	d.job.start(func(ctx context.Context, post func(func())) func() {
		err := d.w.service.Check(ctx, d.regs, platform.CheckOptions{EngineWord: true}, func(r trust.Report) {
			post(func() {
				d.w.book.Put(r)
				d.form.Proof = append(d.form.Proof, r)
			})
		})
		return func() {
			d.form.Err, d.form.Phase = err, vm.Done
			d.render()
			d.w.render()
		}
	})
}

func (d *restartDialog) render() {
	t := d.w.t
	p := t.RestartPage(d.form)
	d.modal.SetTitle(p.Title)
	var body []fyne.CanvasObject
	if p.Problem != nil {
		body = append(body, d.w.problem(*p.Problem))
	}
	for _, s := range p.Sayings {
		if s.Mark == "" {
			body = append(body, widgets.NewText(s.Sentence, widgets.Look{}, widgets.Wrap))
			continue
		}
		body = append(body, remarkLine(theme.State(s.Mark), s.Sentence))
	}
	if p.Busy != "" {
		body = append(body, widgets.Busy(p.Busy))
	}
	if d.form.Phase == vm.Deciding && p.Problem == nil {
		body = append(body, widgets.Column(4,
			widgets.NewText(t.Say("restart.command"), widgets.Secondary, widgets.Wrap),
			widgets.NewText(p.Command, widgets.Mono, widgets.Wrap)))
	}
	d.modal.SetBody(append(body, remarks(t.Say("restart.result"), p.Proof)...)...)
	d.buttons(p)
}

func (d *restartDialog) buttons(p vm.RestartPage) {
	t := d.w.t
	shut := func(kind widgets.Kind, label string) *widgets.Button {
		return widgets.NewButton(kind, t.Say(label), d.close)
	}
	switch {
	case p.Held || d.form.Phase == vm.Proving:
		d.modal.SetFooter(nil)
	case d.form.Phase == vm.Failed:
		d.modal.SetFooter(nil, shut(widgets.Outline, "act.close"), widgets.NewButton(widgets.Primary, t.Say("act.try-again"), d.ask))
	case p.Do != "":
		d.modal.SetFooter(nil, shut(widgets.Outline, "restart.later"), widgets.NewButton(widgets.Primary, p.Do, d.restart))
	default:
		d.modal.SetFooter(nil, shut(widgets.Primary, "act.close"))
	}
}
