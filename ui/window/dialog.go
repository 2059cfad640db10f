//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/words"
)

// dialog is what the window's dialogs have in common.
type panel struct {
	w     *Window
	modal *widgets.Modal
	job   *job
}

func (w *Window) newDialog(title string) *panel {
	if open, ok := w.dialog.(interface{ close() }); ok && w.dialogShown() {
		open.close()
	}
	d := &panel{w: w, modal: widgets.NewModal(w.win.Canvas(), title), job: w.d.newJob()}
	d.modal.OnClosed = d.job.stop
	w.dialog = d
	return d
}

func (d *panel) show(focus fyne.Focusable) { d.modal.Show(focus) }
func (d *panel) shown() bool               { return d.modal.Shown() }
func (d *panel) close()                    { d.modal.Close() }

func (d *panel) dropped(string, string, []byte) bool { return false }

// say shows a short result over the dialog's buttons.
func (d *panel) say(sentence string) { d.modal.Flash(sentence) }

// closeOnly gives the dialog a single button.
func (d *panel) closeOnly(label string) {
	d.modal.SetFooter(nil, widgets.NewButton(widgets.Primary, label, d.modal.Close))
}

// problem draws an error: what, why, what to do, and its own words to copy if they
// say more.
func (w *Window) problem(p words.Problem) fyne.CanvasObject {
	return w.markedProblem(theme.Refused, p)
}

// markedProblem is problem for what may be no refusal.
func (w *Window) markedProblem(mark theme.State, p words.Problem) fyne.CanvasObject {
	col := widgets.Column(4, widgets.NewText(p.What, widgets.Strong, widgets.Wrap))
	for _, s := range []string{p.Why, p.Hint} {
		if s != "" {
			col.Add(widgets.NewText(s, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap))
		}
	}
	if more := p.More(); more != "" {
		col.Add(widgets.Row(4, 0, false,
			widgets.NewText(more, widgets.Mono.In(theme.ColorMuted), widgets.Wrap),
			widgets.NewIconButton(theme.IconCopy, "", func() { w.copy(more) })))
	}
	return widgets.Tinted(mark, widgets.Row(12, 1, true, widgets.Icon(mark.Icon(), 22), col))
}

// remark draws a marked sentence.
func remarkLine(mark theme.State, sentence string) fyne.CanvasObject {
	return widgets.StateLine(mark, sentence)
}
