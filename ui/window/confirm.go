//go:build !nogui

package window

import (
	"cmp"
	"context"
	"slices"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// confirmation is a dialog that shows a plan, and carries it out on a click:
// undoing a change, or ceasing to trust.
type confirmation struct {
	*panel
	title, question, label, empty string
	plan                          func(context.Context) (trust.Plan, error)
	act                           func(context.Context, trust.Plan, func(platform.Progress)) (trust.Receipt, error)
	done                          string                             // what is said afterwards
	told                          func(trust.Plan) string            // the same, where it depends on the plan
	cancel                        string                             // the button that does nothing; "" for the usual word
	note                          string                             // what undoing means, "" for nothing special
	bare                          bool                               // there is something to do even if no file changes
	choice                        func(trust.Plan) fyne.CanvasObject // what the person may decide besides; nil for nothing
	after                         func()                             // what follows when it is done; nil for nothing
	stays                         bool                               // open, with the receipt and the way back
	regs                          []string
	made                          *trust.Plan
	acting                        bool
}

// showUndo shows what undoing a receipt takes back.
func (w *Window) showUndo(receipt string) {
	c := &confirmation{
		title: w.undoTitle(receipt), question: w.t.Say("undo.question"), label: w.t.Say("undo.do"), done: w.t.Say("undo.done"),
		cancel: w.t.Say("undo.cancel"),
		plan:   func(ctx context.Context) (trust.Plan, error) { return w.service.PlanUndo(ctx, receipt) },
		act: func(ctx context.Context, _ trust.Plan, progress func(platform.Progress)) (trust.Receipt, error) {
			return w.service.Undo(ctx, receipt, progress)
		},
	}
	c.open(w)
}

// undoTitle says in words what undoing a receipt takes back.
func (w *Window) undoTitle(receipt string) string {
	known := w.receipts
	if e, ok := w.entry(); ok { // the history may not have been read again yet
		known = slices.Concat(known, e.Fresh)
	}
	i := slices.IndexFunc(known, func(r trust.Receipt) bool { return r.ID == receipt })
	if i < 0 {
		return w.t.Say("undo.title")
	}
	return w.t.UndoTitle(known[i])
}

func (c *confirmation) open(w *Window) {
	c.panel = w.newDialog(c.title)
	w.dialog = c
	c.modal.OnEscape = func() {
		if !c.acting {
			c.close()
		}
	}
	c.replan()
	c.show(nil)
}

// replan makes the plan, or makes it anew.
func (c *confirmation) replan() {
	c.draw(widgets.Busy(c.w.t.Say("trust.planning")))
	c.buttons(false)
	plan := c.plan
	c.job.start(func(ctx context.Context, _ func(func())) func() {
		p, err := plan(ctx)
		return func() { c.planned(p, err) }
	})
}

func (c *confirmation) planned(p trust.Plan, err error) {
	t := c.w.t
	if err != nil {
		c.draw(c.w.problem(t.W.Error(err)))
		c.closeOnly(t.Say("act.close"))
		return
	}
	c.made, c.regs = &p, p.Registries
	if c.told != nil {
		c.done = c.told(p)
	}
	v := t.Changes(p)
	question := widgets.NewText(c.question, widgets.Look{}, widgets.Wrap)
	switch none := len(p.Pending()) == 0; {
	case none && c.bare:
		c.draw(question)
		c.buttons(true)
		return
	case none && c.empty != "":
		col := widgets.Column(10, widgets.NewText(c.empty, widgets.Look{}, widgets.Wrap))
		for _, n := range v.Notes {
			col.Add(remarkLine(theme.State(n.Mark), n.Sentence))
		}
		c.draw(c.withChoice(p, []fyne.CanvasObject{col})...)
		c.closeOnly(t.Say("act.close"))
		return
	}
	col := widgets.Column(10, widgets.Lines(lines(v.Lines)))
	for _, n := range v.Notes {
		col.Add(remarkLine(theme.State(n.Mark), n.Sentence))
	}
	if c.note != "" {
		col.Add(remarkLine(theme.Attention, c.note))
	}
	c.draw(c.withChoice(p, []fyne.CanvasObject{question, widgets.Panel(col)})...)
	c.buttons(true)
}

// withChoice adds what the person may decide besides.
func (c *confirmation) withChoice(p trust.Plan, objects []fyne.CanvasObject) []fyne.CanvasObject {
	if c.choice == nil {
		return objects
	}
	if o := c.choice(p); o != nil {
		objects = append(objects, o)
	}
	return objects
}

func (c *confirmation) draw(objects ...fyne.CanvasObject) { c.modal.SetBody(objects...) }

func (c *confirmation) buttons(ready bool) {
	do := widgets.NewButton(widgets.Primary, c.label, c.carryOut)
	if !ready {
		do.Disable()
	}
	c.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, cmp.Or(c.cancel, c.w.t.Say("act.cancel")), c.close), do)
}

func (c *confirmation) carryOut() {
	if c.made == nil || c.acting {
		return
	}
	c.acting = true
	c.modal.SetFooter(nil)
	plan := *c.made
	form := &vm.TrustForm{Plan: &plan, Phase: vm.Applying}
	redraw := func() {
		o := c.w.t.Outcome(form)
		c.draw(append([]fyne.CanvasObject{widgets.Busy(o.Current)}, remarks(c.w.t.Say("trust.doing"), o.Steps)...)...)
	}
	redraw()
	c.job.start(func(ctx context.Context, post func(func())) func() {
		receipt, err := c.act(ctx, plan, func(p platform.Progress) {
			post(func() {
				form.Progress = p
				redraw()
			})
		})
		return func() { c.finish(receipt, err) }
	})
}

func (c *confirmation) finish(receipt trust.Receipt, err error) {
	c.acting = false
	w := c.w
	w.loadHistory()
	w.loadAccounts()
	if err == nil && c.after != nil {
		c.after()
	}
	if err == nil && c.stays {
		c.settled(receipt)
		return
	}
	if err != nil {
		c.draw(c.w.problem(w.t.W.Error(err)))
		c.closeOnly(w.t.Say("act.close"))
		return
	}
	c.close()
	w.say(theme.Trusted, c.done)
	for _, id := range c.regs {
		w.book.Forget(id, receipt)
	}
	w.outdated(receipt, c.regs)
}

// settled shows what was done, with the way back.
func (c *confirmation) settled(receipt trust.Receipt) {
	t := c.w.t
	c.w.changed(receipt, nil, c.regs)
	form := &vm.TrustForm{Plan: c.made, Phase: vm.Done, Receipt: &receipt}
	body := []fyne.CanvasObject{widgets.Banner(widgets.BannerData{State: theme.Trusted, Sentence: c.done})}
	c.draw(append(body, remarks(t.Say("trust.doing"), t.Outcome(form).Steps)...)...)
	undo := widgets.NewButton(widgets.Outline, t.Say("act.undo"), func() { c.w.showUndo(receipt.ID) })
	c.modal.SetFooter(nil, undo, widgets.NewButton(widgets.Primary, t.Say("act.close"), c.close))
}

// apply makes the changes of a plan as the work of a dialog's job: step is told of
// each, and over how it ended, both on the UI goroutine.
func (w *Window) apply(j *job, plan trust.Plan, step func(platform.Progress), over func(trust.Receipt, error)) {
	j.start(func(ctx context.Context, post func(func())) func() {
		receipt, err := w.service.Apply(ctx, plan, func(p platform.Progress) { post(func() { step(p) }) })
		return func() { over(receipt, err) }
	})
}
