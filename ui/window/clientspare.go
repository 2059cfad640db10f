//go:build !nogui

package window

import (
	"context"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// requested lists the requests for this registry anew.
func (d *clientDialog) requested() {
	d.asks.start(func(ctx context.Context, _ func(func())) func() {
		all, err := d.w.service.SigningRequests(ctx)
		return func() {
			d.form.Requests = nil
			for _, r := range all {
				if r.Registry == d.form.Registry {
					d.form.Requests = append(d.form.Requests, r)
				}
			}
			d.render()
			if err != nil {
				d.say(d.w.t.W.Error(err).What)
			}
		}
	})
}

// ask asks whether a spare key is to be removed; "" asks no more.
func (d *clientDialog) ask(id string) {
	d.form.Spare = nil
	if id != "" {
		d.form.Spare = &vm.SpareKey{ID: id}
	}
	d.render()
}

// forget removes a spare key. To insist is the person's: that a pair which they
// cannot read has the key as well.
func (d *clientDialog) forget(id string, insist bool) {
	work := &vm.SpareKey{ID: id, Working: true}
	d.form.Spare = work
	d.asks.start(func(ctx context.Context, _ func(func())) func() {
		err := d.w.service.ForgetSigningRequest(ctx, id, insist)
		return func() {
			work.Working, work.Gone, work.Err = false, err == nil, err
			d.requested()
			d.render()
		}
	})
	d.render()
}

// spareKeys are the panels of the page that tells how an installation ended.
func (d *clientDialog) spareKeys() []fyne.CanvasObject {
	spare, gone := d.w.t.SpareKeys(d.form)
	var out []fyne.CanvasObject
	if gone.Sentence != "" {
		out = append(out, remarkLine(theme.State(gone.Mark), gone.Sentence))
	}
	for _, r := range spare {
		col := widgets.Column(widgets.GapRow, widgets.NewText(r.Detail, widgets.Body, widgets.Wrap))
		d.spareKey(col, r)
		out = append(out, widgets.Panel(col))
	}
	return out
}

// spareKey adds the button that removes a spare key, or the question that follows, or
// the answer. The one that keeps it comes to lie under the pointer: a second click
// meant for the first button does no harm.
func (d *clientDialog) spareKey(col *fyne.Container, r vm.KeptRequest) {
	t, v := d.w.t, r.Spare
	button := func(label string, do func()) fyne.CanvasObject {
		return widgets.NewButton(widgets.Outline, t.Say(label), do)
	}
	row := func(buttons ...fyne.CanvasObject) { col.Add(widgets.Row(widgets.GapRow, -1, false, buttons...)) }
	keep := button("client.forget-keep", func() { d.ask("") })
	switch {
	case v.Working:
		col.Add(widgets.Busy(t.Say("client.forgetting")))
	case v.Problem != nil:
		col.Add(d.w.markedProblem(theme.Attention, *v.Problem))
		if v.Insist {
			row(keep, button("client.forget-force", func() { d.forget(r.ID, true) }))
		}
	case v.Means != "":
		col.Add(remarkLine(theme.Attention, v.Means))
		row(keep, button("client.forget-do", func() { d.forget(r.ID, false) }))
	default:
		row(button("client.forget", func() { d.ask(r.ID) }))
	}
}
