//go:build !nogui

package window

import (
	"context"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// trustDialog is the way from red to green: who is it, for what, what changes,
// then progress and proof.
type trustDialog struct {
	*panel
	form  *vm.TrustForm
	paste *widgets.Entry
	plans *job
	all   bool   // every candidate is shown, not only the chosen one
	back  func() // where a person goes on from here; nil: nowhere
	then  func() // what goes on once the registry is trusted; nil for nothing
}

// given are certificates that a person brought, and the file they came from.
type given struct {
	anchors []trust.Anchor
	path    string
}

// showTrust opens the dialog for the registry on the page; g may be nil.
func (w *Window) showTrust(g *given) {
	if e, ok := w.entry(); ok && e.Report != nil {
		w.showTrustFor(e, g, nil, nil)
	}
}

// showTrustFor opens the dialog for a checked registry, with what a link or
// project file says of it, and with where to go afterwards; all may be nil.
func (w *Window) showTrustFor(e vm.Entry, g *given, claim *link.Claim, back func()) {
	d := &trustDialog{form: vm.NewTrustForm(*e.Report, w.service.Reaches()), plans: w.d.newJob(), back: back}
	d.form.Claim = claim
	d.panel = w.newDialog("")
	w.dialog = d
	d.modal.OnClosed = d.closed
	d.modal.OnEscape = d.escape
	d.paste = w.newEntry(w.t.Say("trust.paste"))
	d.paste.OnChanged = func(s string) {
		d.form.Paste(s)
		d.settle()
	}
	if g != nil {
		d.form.AddGiven(g.anchors, g.path)
	}
	d.render()
	d.show(nil)
	d.look()
}

func (d *trustDialog) closed() {
	d.plans.stop()
	d.job.stop()
}

// escape closes the dialog unless changes are being made: those are never left
// half done.
func (d *trustDialog) escape() {
	if d.form.Phase != vm.Applying {
		d.leave()
	}
}

// leave closes the dialog, and goes on with what had to wait for trust, or back where
// it was opened from.
func (d *trustDialog) leave() {
	d.close()
	switch p := d.form.Proof; {
	case d.then != nil && d.form.Phase == vm.Done && p != nil && p.Verdict() == trust.Trusted:
		d.then()
	case d.back != nil:
		d.back()
	}
}

// look finds the certificates that could be trusted.
func (d *trustDialog) look() {
	report, brought := d.form.Report, d.form.GivenAnchors()
	d.form.Looking = true
	d.job.start(func(ctx context.Context, _ func(func())) func() {
		cs, err := d.w.service.Candidates(ctx, report, brought)
		return func() {
			d.form.Err = err
			d.form.SetCandidates(cs)
			d.others()
			d.settle()
		}
	})
}

// others finds the registries that the chosen certificate would serve too.
func (d *trustDialog) others() {
	d.form.Others = nil
	if c, ok := d.form.Candidate(); ok && c.Anchor.Cert.IsCA {
		d.form.Others = d.w.book.SignedBy(c.Anchor, d.form.Registry.String())
	}
}

// settle plans anew if a choice changed, and draws.
func (d *trustDialog) settle() {
	if d.form.Plan == nil && d.form.Phase == vm.Deciding && !d.form.Looking {
		d.plan()
	}
	d.render()
}

func (d *trustDialog) plan() {
	q, ok := d.form.Request()
	if !ok {
		return
	}
	d.form.Planning, d.form.Err = true, nil
	d.plans.start(func(ctx context.Context, _ func(func())) func() {
		p, err := d.w.service.PlanTrust(ctx, q)
		return func() {
			d.form.Planning, d.form.Err = false, err
			if err == nil {
				d.form.Plan = &p
			}
			d.render()
		}
	})
}

// dropped takes certificate files into the dialog.
func (d *trustDialog) dropped(name, path string, data []byte) bool {
	if d.form.Phase != vm.Deciding {
		return true
	}
	certs, err := certfile.Read(data)
	if err != nil {
		d.say(d.w.t.W.Error(err).What)
		return true
	}
	var anchors []trust.Anchor
	for _, c := range certs {
		anchors = append(anchors, trust.Anchor{Cert: c, Source: givenSource(path)})
	}
	d.form.AddGiven(anchors, path)
	d.look()
	d.render()
	return true
}

func givenSource(path string) trust.Source {
	if path == "" {
		return "given"
	}
	return trust.FileSource(path)
}

// apply makes the changes that were shown, and proves them.
func (d *trustDialog) apply() {
	if d.form.Blocked() != vm.NotBlocked {
		return
	}
	plan := *d.form.Plan
	regs := d.request().Registries
	d.form.Phase, d.form.Progress = vm.Applying, platform.Progress{}
	d.w.apply(d.job, plan, func(p platform.Progress) {
		d.form.Progress = p
		d.render()
	}, func(receipt trust.Receipt, err error) {
		if err != nil {
			d.finish(vm.Failed, err)
			return
		}
		d.prove(receipt, regs)
	})
	d.render()
}

func (d *trustDialog) request() platform.TrustRequest {
	q, _ := d.form.Request()
	return q
}

// prove makes a new connection, judged with freshly read policies, and asks the
// engines.
func (d *trustDialog) prove(receipt trust.Receipt, regs []trust.Registry) {
	d.form.Receipt, d.form.Phase = &receipt, vm.Proving
	for _, r := range regs {
		d.w.book.Made(r.String(), receipt)
	}
	d.w.loadHistory()
	d.render()
	d.job.start(func(ctx context.Context, post func(func())) func() {
		err := d.w.service.Check(ctx, regs, platform.CheckOptions{EngineWord: true}, func(r trust.Report) {
			post(func() {
				d.w.book.Put(r)
				if r.Registry == d.form.Registry {
					d.form.Proof = &r
				}
			})
		})
		return func() { d.finish(vm.Done, err) }
	})
}

func (d *trustDialog) finish(p vm.Phase, err error) {
	d.form.Phase, d.form.Err = p, err
	if r := d.form.Receipt; r != nil {
		d.w.renewImages(r.Registries...)
	}
	d.render()
	d.w.render()
}

// again goes back from a failure to the preview, which is made anew: something
// may have changed since.
func (d *trustDialog) again() {
	d.form.Phase, d.form.Err, d.form.Plan, d.form.Receipt = vm.Deciding, nil, nil, nil
	d.settle()
}

func (d *trustDialog) render() {
	if d.form.Phase == vm.Deciding {
		d.renderForm(d.w.t.TrustPage(d.form))
		return
	}
	d.renderOutcome(d.w.t.Outcome(d.form))
}

func (d *trustDialog) renderOutcome(o vm.Outcome) {
	d.modal.SetTitle(o.Title)
	d.modal.SetBody(d.w.outcomeBody(o)...)
	d.outcomeButtons(o)
}

// outcomeBody is what has come of a plan so far.
func (w *Window) outcomeBody(o vm.Outcome) []fyne.CanvasObject {
	var body []fyne.CanvasObject
	if o.Problem != nil {
		body = append(body, w.problem(*o.Problem))
	}
	if o.Summary.Sentence != "" {
		body = append(body, widgets.Banner(widgets.BannerData{State: theme.State(o.Summary.Mark), Sentence: o.Summary.Sentence}))
	}
	if o.Current != "" {
		body = append(body, widgets.Busy(o.Current))
	}
	body = append(body, remarks(w.t.Say("trust.doing"), o.Steps)...)
	return append(body, remarks(w.t.Say("trust.proof"), o.Proof)...)
}

func (d *trustDialog) outcomeButtons(o vm.Outcome) {
	if !o.Over {
		d.modal.SetFooter(nil)
		return
	}
	label := "act.close"
	if d.then != nil && o.Problem == nil {
		label = "act.go-on"
	}
	shut := widgets.NewButton(widgets.Primary, d.w.t.Say(label), d.leave)
	if o.Undo == "" && o.Problem != nil {
		again := widgets.NewButton(widgets.Primary, d.w.t.Say("act.try-again"), d.again)
		d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, d.w.t.Say("act.close"), d.leave), again)
		return
	}
	var more []fyne.CanvasObject
	if o.Undo != "" {
		more = append(more, widgets.NewButton(widgets.Outline, d.w.t.Say("act.undo"), func() { d.w.showUndo(o.Undo) }))
	}
	if o.Restart != nil {
		more = append(more, widgets.NewButton(widgets.Outline, o.ToRestart, func() { d.w.showRestart(*o.Restart) }))
	}
	d.modal.SetFooter(nil, append(more, shut)...)
}

// remarks is a titled list of marked sentences; nothing for none.
func remarks(title string, rs []vm.Remark) []fyne.CanvasObject {
	if len(rs) == 0 {
		return nil
	}
	col := widgets.Column(6, widgets.NewText(title, widgets.Strong, widgets.Wrap))
	for _, r := range rs {
		col.Add(remarkLine(theme.State(r.Mark), r.Sentence))
	}
	return []fyne.CanvasObject{widgets.Panel(col)}
}
