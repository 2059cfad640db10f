//go:build !nogui

package window

import (
	"slices"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// renderForm draws the three questions and the button.
func (d *trustDialog) renderForm(p vm.TrustPage) {
	t := d.w.t
	d.modal.SetTitle(p.Title)
	d.modal.SetBody(
		widgets.Step(1, t.Say("trust.step-who"), "", d.who(p)),
		widgets.Step(2, t.Say("trust.step-what"), "", d.reach(p)),
		widgets.Step(3, t.Say("trust.step-changes"), p.Changes.Remark, d.changes(p)),
	)
	do := widgets.NewButton(widgets.Primary, t.Say("act.trust-it"), d.apply)
	if !p.CanApply {
		do.Disable()
	}
	var left []fyne.CanvasObject
	if p.Command != "" {
		left = append(left, widgets.NewButton(widgets.Plain, t.Say("act.copy-command"), func() { d.w.copy(p.Command) }))
	}
	d.modal.SetFooter(left, widgets.NewButton(widgets.Outline, t.Say("act.cancel"), d.leave), do)
	if len(p.Changes.Lines) > 0 { // else it is said in their place
		d.modal.Flash(p.WhyNot)
	} else {
		d.modal.Flash("")
	}
}

// who is the candidates, the chosen one with its fingerprint and the comparison.
func (d *trustDialog) who(p vm.TrustPage) fyne.CanvasObject {
	col := widgets.Column(widgets.GapRow)
	switch {
	case p.Looking && len(p.Candidates) == 0:
		return widgets.Panel(widgets.Busy(d.w.t.Say("trust.looking")))
	case p.None != "":
		col.Add(widgets.NewText(p.None, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap))
		col.Add(d.fileButton())
		return widgets.Panel(col)
	}
	d.candidates(col, p)
	if p.Claim != nil {
		col.Add(claimed(p.Claim))
	}
	col.Add(d.paste)
	col.Add(remarkLine(theme.State(p.Compare.Mark), p.Compare.Sentence))
	col.Add(d.fileButton())
	return widgets.Panel(col)
}

// candidates draws the chosen certificate, and the others only when asked for:
// the preview further down must not be pushed out of sight.
func (d *trustDialog) candidates(col *fyne.Container, p vm.TrustPage) {
	chosen := slices.IndexFunc(p.Candidates, func(c vm.CandidateView) bool { return c.Chosen })
	if chosen >= 0 && !d.all {
		col.Add(d.candidate(chosen, p.Candidates[chosen], false))
		if p.Others != "" {
			col.Add(widgets.Actions([]widgets.Action{{Label: p.Others, Icon: theme.IconChevronRight, Do: func() {
				d.all = true
				d.render()
			}}}))
		}
		return
	}
	for i, c := range p.Candidates {
		if i > 0 {
			col.Add(widgets.Rule())
		}
		col.Add(d.candidate(i, c, true))
	}
}

// claimed draws what a link says of the chosen certificate: muted where it is the
// same, for that is no comparison, and loud where it is another.
func claimed(c *vm.ClaimView) fyne.CanvasObject {
	if !c.Strong {
		return remarkLine(theme.State(c.Remark.Mark), c.Remark.Sentence)
	}
	col := widgets.Column(4, widgets.NewText(c.Remark.Sentence, widgets.Strong, widgets.Wrap),
		widgets.NewText(c.Label, widgets.Secondary, widgets.Wrap))
	for _, f := range c.Fingerprints {
		col.Add(widgets.NewText(f, widgets.Mono, widgets.Wrap))
	}
	mark := theme.State(c.Remark.Mark)
	return widgets.Tinted(mark, widgets.Row(12, 1, true, widgets.Icon(mark.Icon(), 22), col))
}

func (d *trustDialog) fileButton() fyne.CanvasObject {
	return widgets.Actions([]widgets.Action{{Label: d.w.t.Say("act.choose-file"), Icon: theme.IconFile, Do: d.w.chooseFile}})
}

// candidate draws one certificate; of several each can be chosen.
func (d *trustDialog) candidate(i int, c vm.CandidateView, several bool) fyne.CanvasObject {
	detail := widgets.Column(4, widgets.NewText(c.Detail, widgets.Secondary, widgets.Wrap))
	if c.Chosen {
		detail.Add(widgets.Row(4, -1, false,
			widgets.NewText(c.Fingerprint, widgets.Mono, widgets.Grow),
			widgets.NewIconButton(theme.IconCopy, "", func() { d.w.copy(c.Copy) })))
		detail.Add(widgets.NewText(c.Why, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap))
	}
	if c.Consequence != "" {
		detail.Add(remarkLine(theme.Attention, c.Consequence))
	}
	heading := widgets.Opposite(widgets.GapRow, widgets.NewText(c.Name, widgets.Strong, widgets.CutMiddle), c.Origin)
	if !several {
		return widgets.Column(4, heading, detail)
	}
	return widgets.NewChoice(heading, c.Chosen, detail, func() {
		d.form.Choose(i)
		d.others()
		d.settle()
	})
}

func (d *trustDialog) reach(p vm.TrustPage) fyne.CanvasObject {
	col := widgets.Column(4)
	for _, r := range p.Reaches {
		col.Add(widgets.NewChoice(widgets.NewText(r.Title, widgets.Strong, widgets.Wrap), r.Chosen,
			widgets.NewText(r.Detail, widgets.Secondary, widgets.Wrap), func() {
				d.form.SetReach(r.Reach)
				d.settle()
			}))
	}
	if p.Claim != nil {
		col.Add(widgets.Inset(0, 6, 0, 32, widgets.NewText(p.Claim.Reach, widgets.Secondary, widgets.Wrap)))
	}
	if p.Also != nil {
		also := widgets.NewTick(p.Also.Label, p.Also.Names, p.Also.On, func(on bool) {
			d.form.SetAlso(on)
			d.settle()
		})
		col.Add(widgets.Rule())
		col.Add(also)
	}
	return widgets.Panel(col)
}

// changes is the preview: every file and command, what will be true afterwards,
// and what it takes.
func (d *trustDialog) changes(p vm.TrustPage) fyne.CanvasObject {
	switch {
	case p.Problem != nil:
		return d.w.problem(*p.Problem)
	case p.Changes.Busy:
		return widgets.Panel(widgets.Busy(d.w.t.Say("trust.planning")))
	case len(p.Changes.Lines) == 0:
		return widgets.Panel(widgets.NewText(p.WhyNot, widgets.Secondary, widgets.Wrap))
	}
	col := widgets.Column(10, widgets.Lines(lines(p.Changes.Lines)))
	for _, n := range p.Changes.Notes {
		col.Add(remarkLine(theme.State(n.Mark), n.Sentence))
	}
	if len(p.Forecast) > 0 {
		col.Add(widgets.Rule())
		col.Add(d.forecast(p.Forecast))
	}
	return widgets.Panel(col)
}

// forecast says what each tool will do afterwards.
func (d *trustDialog) forecast(rows []vm.Row) fyne.CanvasObject {
	col := widgets.Column(5, widgets.NewText(d.w.t.Say("trust.step-after"), widgets.Look{Size: theme.SizeSecondary, Bold: true}, widgets.Wrap))
	for _, r := range rows {
		look := widgets.Look{Size: theme.SizeSecondary, Bold: true, Color: theme.State(r.Mark).Color()}
		if r.Muted {
			look = widgets.Secondary
		}
		col.Add(widgets.Row(widgets.GapRow, 1, false,
			widgets.Icon(theme.State(r.Mark).Icon(), 16),
			widgets.NewText(r.Title, widgets.Look{Size: theme.SizeSecondary}, widgets.CutEnd),
			widgets.NewText(r.Word, look, widgets.Grow)))
	}
	return col
}
