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

// showHealthPage shows what is wrong and what is stale on this computer. It looks
// each time that the page is opened.
func (w *Window) showHealthPage() {
	w.leaveImages()
	w.page.mode = showHealth
	w.shell.SetDrawer(false)
	w.page.body.Scroll.ScrollToTop()
	w.examine()
}

// examine looks at this computer, and at its registries.
func (w *Window) examine() {
	w.health.Running, w.health.Progress = true, platform.Progress{}
	w.examining.start(func(ctx context.Context, post func(func())) func() {
		found, err := w.service.Examine(ctx, func(p platform.Progress) {
			post(func() { w.examined(p) })
		})
		return func() {
			w.health = vm.Examination{Done: err == nil, Found: found, Err: err}
			w.page.refresh()
		}
	})
	w.page.refresh()
}

// examined notes how far an examination is. The page is not drawn for each of a
// thousand registries.
func (w *Window) examined(p platform.Progress) {
	const steps = 50
	old := w.health.Progress
	if old.Total == p.Total && p.Done < p.Total && p.Done*steps/max(p.Total, 1) == old.Done*steps/max(old.Total, 1) {
		return
	}
	w.health.Progress = p
	w.page.refresh()
}

// leaveHealth ends an examination of which nobody waits for the result.
func (w *Window) leaveHealth() {
	w.examining.stop()
	w.health.Running = false
}

// healthPage draws the last examination.
func (p *page) healthPage(h vm.Health) {
	w := p.w
	again := widgets.NewIconButton(theme.IconRefresh, "", w.examine)
	if h.Running != "" {
		again.Disable()
	}
	back := widgets.NewIconButton(theme.IconClose, w.t.Say("act.close"), func() {
		w.leaveHealth()
		p.mode = showRegistry
		p.refresh()
	})
	p.focus["again"], p.focus["close"] = again, back
	heading := widgets.Heading(p.menuButton(),
		widgets.NewText(w.t.Say("health.title"), widgets.Title, widgets.CutEnd),
		widgets.NewText("", widgets.Secondary, widgets.CutEnd), again, back)
	objects := []fyne.CanvasObject{heading}
	if h.Running != "" {
		objects = append(objects, p.examiningLine(h))
	}
	switch {
	case h.Summary.Sentence != "":
		objects = append(objects, p.banner(h.Summary))
	case h.Well:
		objects = append(objects, p.banner(vm.Banner{Mark: vm.MarkTrusted, Sentence: w.t.Say("health.well"), Detail: w.t.Say("health.well-detail")}))
	}
	if len(h.Rows) > 0 {
		objects = append(objects, p.ailmentTable(h.Rows))
	}
	if h.More != "" {
		objects = append(objects, widgets.NewText(h.More, widgets.Secondary, widgets.Wrap))
	}
	p.scrolling(objects...)
}

// examiningLine says how far an examination is, and can end it.
func (p *page) examiningLine(h vm.Health) fyne.CanvasObject {
	w := p.w
	stop := widgets.NewButton(widgets.Outline, w.t.Say("act.stop"), func() {
		w.leaveHealth()
		p.refresh()
	})
	p.focus["stop"] = stop
	return widgets.Column(8, widgets.Row(12, 0, false, widgets.Busy(h.Running), stop), widgets.NewProgress(h.Share))
}

// ailmentTable is a row for each ailment, with what can be pressed about it.
func (p *page) ailmentTable(rows []vm.Row) fyne.CanvasObject {
	var list []fyne.CanvasObject
	for i, r := range rows {
		a := p.w.health.Found[i]
		d := p.rowData(r)
		d.Label, d.Actions = "", nil
		for _, act := range r.Acts {
			d.Actions = append(d.Actions, widgets.Action{Label: act.Label, Do: func() { p.w.treat(a, act.Do) }})
		}
		row := widgets.NewFoldRow(d)
		p.focus[r.ID] = row
		list = append(list, row)
	}
	return widgets.RowTable(list...)
}

// treat does what was pressed about an ailment.
func (w *Window) treat(a platform.Ailment, do vm.Action) {
	if do == vm.ActRepair {
		w.showRepair(a)
		return
	}
	w.choose(a.Registry.String())
	if e, ok := w.entry(); !ok || e.ID() != a.Registry.String() {
		return
	}
	switch do {
	case vm.ActTrust:
		w.showTrust(nil)
	case vm.ActSignIn:
		w.showSignIn()
	}
}

// showRepair shows the plan that mends an ailment, carries it out on a click, and
// looks again.
func (w *Window) showRepair(a platform.Ailment) {
	what, _ := w.t.W.Ailment(a)
	c := &confirmation{
		title: w.t.W.AilmentTitle(a.Code), question: what, label: w.t.Say("health.do"), done: w.t.Say("health.done"),
		empty: w.t.Say("health.none"), stays: true, act: w.service.Apply,
		plan:  func(ctx context.Context) (trust.Plan, error) { return w.service.PlanRepair(ctx, a) },
		after: w.examine,
	}
	c.open(w)
}
