//go:build !nogui

package window

import (
	"context"
	"strings"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// showNewRequest makes a key and a signing request for a registry.
func (w *Window) showNewRequest(r trust.Registry) {
	d := w.newDialog(w.t.SayOf("client.request-new", r.String()))
	name := w.newEntry(w.t.Say("client.request-example"))
	do := widgets.NewButton(widgets.Primary, w.t.Say("client.request-do"), nil)
	do.Disable()
	name.OnChanged = func(s string) {
		d.say("")
		if s == "" {
			do.Disable()
		} else {
			do.Enable()
		}
	}
	submit := func() {
		text := name.Text
		if text == "" || d.job.busy() {
			return
		}
		d.job.start(func(ctx context.Context, _ func(func())) func() {
			q, err := w.service.NewSigningRequest(ctx, r, text)
			return func() {
				if err != nil {
					p := w.t.W.Error(err)
					d.say(p.What + "\n" + p.Hint)
					return
				}
				w.showRequest(q)
			}
		})
	}
	do.OnTapped(submit)
	name.OnSubmitted = func(string) { submit() }
	d.modal.SetBody(widgets.Column(6,
		widgets.NewText(w.t.Say("client.request-name"), widgets.Strong, widgets.Wrap), name,
		widgets.NewText(w.t.Say("client.request-about"), widgets.Secondary, widgets.Wrap)))
	back := widgets.NewButton(widgets.Outline, w.t.Say("link.back"), w.showClientCert)
	d.modal.SetFooter(nil, back, do)
	d.show(name)
}

// showRequest shows a request for the administrator, and where its key lies.
func (w *Window) showRequest(q platform.SigningRequest) {
	p := w.t.RequestPage(q)
	d := w.newDialog(p.Title)
	d.modal.SetBody(
		widgets.NewText(p.Says, widgets.Body, widgets.Wrap),
		widgets.Panel(widgets.Column(widgets.GapRow, widgets.NewText(strings.TrimSpace(p.PEM), widgets.Mono, widgets.Wrap),
			widgets.Actions([]widgets.Action{
				{Label: w.t.Say("client.request-copy"), Icon: theme.IconCopy, Do: func() { w.copy(p.PEM) }},
				{Label: w.t.Say("client.request-save"), Icon: theme.IconSave, Do: func() { w.saveText(vm.FileName(q.Name)+".csr", p.PEM) }},
			}))),
		widgets.NewText(p.Key, widgets.Secondary, widgets.Wrap))
	d.closeOnly(w.t.Say("act.close"))
	d.show(nil)
}
