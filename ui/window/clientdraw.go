//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

func (d *clientDialog) render() {
	if d.form.Phase == vm.Deciding {
		d.renderForm(d.w.t.ClientPage(d.form))
		return
	}
	o := d.w.t.ClientOutcome(d.form)
	d.modal.SetTitle(o.Title)
	d.modal.SetBody(append(d.w.outcomeBody(o), d.spareKeys()...)...)
	d.outcomeButtons(o)
}

// renderForm draws the three questions and the button.
func (d *clientDialog) renderForm(p vm.ClientPage) {
	t := d.w.t
	d.modal.SetTitle(p.Title)
	body := []fyne.CanvasObject{widgets.Step(1, t.Say("client.step-files"), "", d.files(p))}
	if p.Reviewing || p.Pair != nil || len(p.Problems)+len(p.Accepts) > 0 {
		body = append(body, widgets.Step(2, t.Say("client.step-fits"), "", d.fits(p)))
	}
	if p.Problem != nil || p.Changes.Busy || len(p.Changes.Lines) > 0 {
		body = append(body, widgets.Step(3, t.Say("trust.step-changes"), p.Changes.Remark, d.changes(p)))
	}
	d.modal.SetBody(body...)
	do := widgets.NewButton(widgets.Primary, t.Say("client.do"), d.apply)
	if !p.CanApply {
		do.Disable()
	}
	d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, t.Say("act.cancel"), d.close), do)
	d.modal.Flash(p.WhyNot)
	d.focusPassphrase(p)
}

// focusPassphrase goes to the field when it appears: it is what the person is
// asked for.
func (d *clientDialog) focusPassphrase(p vm.ClientPage) {
	if p.Passphrase != "" && !d.locked {
		d.w.win.Canvas().Focus(d.passphrase)
	}
	d.locked = p.Passphrase != ""
}

// files is what was brought, and the ways to bring more.
func (d *clientDialog) files(p vm.ClientPage) fyne.CanvasObject {
	t := d.w.t
	col := widgets.Column(widgets.GapRow, remarkLine(theme.State(p.Wanted.Mark), p.Wanted.Sentence))
	if len(p.Files) == 0 {
		col.Add(widgets.NewText(t.Say("client.drop"), widgets.Body, widgets.Wrap))
	}
	for _, f := range p.Files {
		icon := theme.Icon(theme.IconFile, theme.ColorMuted)
		if f.Mark != "" {
			icon = theme.State(f.Mark).Icon()
		}
		col.Add(widgets.Row(widgets.GapRow, 1, false, widgets.Icon(icon, 16),
			widgets.NewText(f.Name, widgets.Strong, widgets.CutMiddle), widgets.NewText(f.Kind, widgets.Secondary, widgets.Grow),
			widgets.NewIconButton(theme.IconClose, "", func() { d.remove(f.ID) })))
	}
	if p.Passphrase != "" {
		open := widgets.NewButton(widgets.Outline, t.Say("client.unlock"), func() { d.unlock(d.passphrase.Text) })
		col.Add(widgets.Row(widgets.GapRow, 0, false, d.passphrase, open))
		col.Add(d.caps)
		col.Add(remarkLine(theme.Attention, p.Passphrase))
	}
	actions := []widgets.Action{{Label: t.Say("client.choose"), Icon: theme.IconFile, Do: func() { d.w.chooseFileOf(clientFiles) }}}
	if len(p.Files) == 0 {
		actions = append(actions, widgets.Action{Label: t.Say("client.request"), Icon: theme.IconPlus, Do: func() { d.w.showNewRequest(d.form.Registry) }})
	}
	col.Add(widgets.Actions(actions))
	if len(p.Files) == 0 {
		d.requests(col, p)
	}
	return widgets.Panel(col)
}

// requests lists what was sent to the administrator and is not answered yet, and
// whose key is a spare one since it was.
func (d *clientDialog) requests(col *fyne.Container, p vm.ClientPage) {
	if gone := d.w.t.SpareGone(d.form); gone.Sentence != "" {
		col.Add(remarkLine(theme.State(gone.Mark), gone.Sentence))
	}
	for _, r := range p.Requests {
		col.Add(widgets.Rule())
		col.Add(widgets.Column(2, widgets.NewText(r.Title, widgets.Strong, widgets.Wrap),
			widgets.NewText(r.Detail, widgets.Secondary, widgets.Wrap)))
		if r.Spare != nil {
			d.spareKey(col, r)
			continue
		}
		col.Add(widgets.Actions([]widgets.Action{
			{Label: d.w.t.Say("client.answer"), Icon: theme.IconFile, Do: func() { d.w.chooseFileOf(clientFiles) }},
			{Label: d.w.t.Say("client.request-copy"), Icon: theme.IconCopy, Do: func() { d.w.copy(r.PEM) }},
		}))
	}
}

// fits is the certificate that the files make, what is wrong with it, and whose
// the registry takes.
func (d *clientDialog) fits(p vm.ClientPage) fyne.CanvasObject {
	if p.Reviewing {
		return widgets.Panel(widgets.Busy(d.w.t.Say("client.reviewing")))
	}
	all := widgets.Column(widgets.GapRow)
	if p.Pair != nil {
		all.Add(widgets.Panel(clientPair(p.Pair)))
	}
	for _, problem := range p.Problems {
		col := widgets.Column(3, widgets.NewText(problem.Title, widgets.Strong, widgets.Wrap),
			widgets.NewText(problem.Detail, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap),
			widgets.NewText(problem.Fix, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap))
		mark := theme.State(problem.Mark)
		all.Add(widgets.Tinted(mark, widgets.Row(12, 1, true, widgets.Icon(mark.Icon(), 20), col)))
	}
	if len(p.Accepts) > 0 {
		col := widgets.Column(3, widgets.NewText(d.w.t.W.AcceptableCAs(), widgets.Secondary, widgets.Wrap))
		for _, name := range p.Accepts {
			col.Add(widgets.NewText(name, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap))
		}
		all.Add(widgets.Panel(col))
	}
	return all
}

func clientPair(p *vm.ClientPair) fyne.CanvasObject {
	validity := widgets.ValidityBar(widgets.Validity{
		Spent: p.Validity.Spent, State: theme.State(p.Validity.Mark), Left: p.Validity.Left, Dates: p.Validity.Dates,
	})
	return widgets.Column(5, widgets.NewText(p.Name, widgets.Strong, widgets.CutMiddle),
		widgets.NewText(p.Detail, widgets.Secondary, widgets.Wrap), validity,
		widgets.NewText(p.Files, widgets.Secondary, widgets.Wrap))
}

// changes is the preview: every file with who can read it.
func (d *clientDialog) changes(p vm.ClientPage) fyne.CanvasObject {
	switch {
	case p.Problem != nil:
		return d.w.problem(*p.Problem)
	case p.Changes.Busy:
		return widgets.Panel(widgets.Busy(d.w.t.Say("trust.planning")))
	}
	col := widgets.Column(10, widgets.Lines(lines(p.Changes.Lines)))
	for _, n := range p.Changes.Notes {
		col.Add(remarkLine(theme.State(n.Mark), n.Sentence))
	}
	return widgets.Panel(col)
}

func (d *clientDialog) outcomeButtons(o vm.Outcome) {
	t := d.w.t
	shut := widgets.NewButton(widgets.Primary, t.Say("act.close"), d.close)
	switch {
	case !o.Over:
		d.modal.SetFooter(nil)
	case o.Undo == "" && o.Problem != nil:
		again := widgets.NewButton(widgets.Primary, t.Say("act.try-again"), d.again)
		d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, t.Say("act.close"), d.close), again)
	case o.Undo != "":
		d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, t.Say("act.undo"), func() { d.w.showUndo(o.Undo) }), shut)
	default:
		d.modal.SetFooter(nil, shut)
	}
	d.modal.Flash("")
}
