//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

func (d *signInDialog) render() {
	p := d.w.t.SignInPage(d.form)
	d.modal.SetTitle(p.Title)
	// Somebody who opened it may be typing a password, with a space in it, though
	// there is no field for one yet, or none at all.
	d.modal.Unasked = p.Done == nil
	if p.Done != nil {
		d.renderDone(*p.Done)
		return
	}
	body := []fyne.CanvasObject{d.who(p)}
	if p.Problem != nil { // before the fields: in a low window the end is out of sight
		body = append(body, d.w.markedProblem(theme.State(p.Mark), *p.Problem))
	}
	if p.Fields {
		body = append(body, d.questions(p))
	}
	if p.Busy != "" {
		body = append(body, widgets.Busy(p.Busy))
	}
	d.modal.SetBody(body...)
	d.buttons(p)
}

// who is the registry, how far it is trusted, and how it wants to be signed in to.
func (d *signInDialog) who(p vm.SignInPage) fyne.CanvasObject {
	mark := theme.State(p.Standing.Mark)
	col := widgets.Column(4,
		widgets.NewText(p.Name, widgets.Strong, widgets.CutMiddle),
		widgets.NewText(p.Standing.Sentence, widgets.Look{Size: theme.SizeSecondary, Bold: true, Color: mark.Color()}, widgets.Wrap))
	for _, s := range p.How {
		col.Add(widgets.NewText(s, widgets.Secondary, widgets.Wrap))
	}
	return widgets.Panel(widgets.Row(11, 1, true, widgets.Icon(mark.Icon(), 18), col))
}

// questions is the two fields and the places where the password could be kept.
func (d *signInDialog) questions(p vm.SignInPage) fyne.CanvasObject {
	label := func(s string) *widgets.Text { return widgets.NewText(s, widgets.Strong, widgets.CutEnd) }
	keep := widgets.Column(4)
	for _, k := range p.Keep {
		keep.Add(d.keep(k, p.Locked))
	}
	return widgets.Column(widgets.GapCard,
		widgets.Column(5, label(p.User), d.user),
		widgets.Column(5, widgets.Row(widgets.GapRow, 0, false, label(p.Secret), d.caps), d.secret),
		widgets.Column(5, label(d.w.t.Say("signin.where")), widgets.Panel(keep)))
}

func (d *signInDialog) keep(k vm.KeepView, locked bool) fyne.CanvasObject {
	title := widgets.Strong
	if k.Missing {
		title = title.In(theme.ColorMuted)
	}
	c := widgets.NewChoice(widgets.NewText(k.Title, title, widgets.Wrap), k.Chosen,
		widgets.NewText(k.Detail, widgets.Secondary, widgets.Wrap), func() {
			d.form.SetSession(k.Session)
			d.render()
		})
	if k.Missing || locked {
		c.Disable()
	}
	return c
}

func (d *signInDialog) buttons(p vm.SignInPage) {
	t := d.w.t
	leave := widgets.NewButton(widgets.Outline, t.Say("act.cancel"), d.escape)
	var do *widgets.Button
	switch {
	case p.Trust != "":
		do = widgets.NewButton(widgets.Primary, p.Trust, d.trustFirst)
	case d.form.Step == vm.Needless:
		d.closeOnly(t.Say("act.close"))
		return
	case p.Again != "":
		do = widgets.NewButton(widgets.Primary, p.Again, d.ask)
	default:
		do = widgets.NewButton(widgets.Primary, t.Say("act.sign-in-now"), d.submit)
		if !p.Fields || p.Locked {
			do.Disable()
		}
	}
	d.modal.SetFooter(nil, leave, do)
}

// renderDone is the dialog once the registry has said yes: what came of it, and the
// offer to the tools.
func (d *signInDialog) renderDone(v vm.SignedInView) {
	body := []fyne.CanvasObject{
		widgets.Banner(widgets.BannerData{State: theme.Trusted, Sentence: v.Sentence, Detail: v.Detail}),
	}
	switch {
	case v.Heading != "":
		body = append(body, widgets.Column(widgets.GapRow, widgets.NewText(v.Heading, widgets.Name, widgets.Wrap), d.second(v)))
	case v.Why != "":
		body = append(body, remarkLine(theme.Unknown, v.Why))
	}
	d.modal.SetBody(body...)
	d.doneButtons(v)
}

// second is the offer to the tools: what would change, then what was done.
func (d *signInDialog) second(v vm.SignedInView) fyne.CanvasObject {
	col := widgets.Column(10)
	if v.Outcome != nil && v.Outcome.Over && v.Outcome.Problem == nil {
		col.Add(remarkLine(theme.Trusted, v.Why))
	} else if v.Why != "" {
		col.Add(widgets.NewText(v.Why, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap))
	}
	switch {
	case v.Problem != nil:
		col.Add(d.w.problem(*v.Problem))
	case v.Changes.Busy:
		col.Add(widgets.Busy(d.w.t.Say("trust.planning")))
	case v.Outcome != nil:
		d.progress(col, *v.Outcome)
	case len(v.Changes.Lines) > 0:
		col.Add(widgets.Lines(lines(v.Changes.Lines)))
		for _, n := range v.Changes.Notes {
			col.Add(remarkLine(theme.State(n.Mark), n.Sentence))
		}
	}
	return widgets.Panel(col)
}

func (d *signInDialog) progress(col *fyne.Container, o vm.Outcome) {
	if o.Problem != nil {
		col.Add(d.w.problem(*o.Problem))
	}
	for _, s := range o.Steps {
		col.Add(remarkLine(theme.State(s.Mark), s.Sentence))
	}
	if o.Current != "" {
		col.Add(widgets.Busy(o.Current))
	}
}

func (d *signInDialog) doneButtons(v vm.SignedInView) {
	t := d.w.t
	shut := widgets.NewButton(widgets.Primary, t.Say("act.close"), d.close)
	switch {
	case v.Outcome != nil && !v.Outcome.Over:
		d.modal.SetFooter(nil)
	case v.Outcome != nil && v.Outcome.Undo != "":
		undo := widgets.NewButton(widgets.Outline, t.Say("act.undo"), func() { d.w.showUndo(v.Outcome.Undo) })
		d.modal.SetFooter(nil, undo, shut)
	case v.Do != "" && v.Outcome == nil:
		do := widgets.NewButton(widgets.Primary, v.Do, d.applyUse)
		if !v.CanDo {
			do.Disable()
		}
		d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, t.Say("act.not-now"), d.close), do)
	default:
		d.modal.SetFooter(nil, shut)
	}
}
