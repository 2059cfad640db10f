//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// showHistoryPage shows what was changed for all registries.
func (w *Window) showHistoryPage() {
	w.leaveImages()
	w.leaveHealth()
	w.page.mode = showHistory
	w.shell.SetDrawer(false)
	w.page.refresh()
	w.loadHistory()
}

// historyPage draws the history of everything.
func (p *page) historyPage(d drawn) []fyne.CanvasObject {
	back := widgets.NewIconButton(theme.IconClose, p.w.t.Say("act.close"), func() {
		p.mode = showRegistry
		p.refresh()
	})
	p.focus["close"] = back
	heading := widgets.Heading(p.menuButton(),
		widgets.NewText(p.w.t.Say("history.title"), widgets.Title, widgets.CutEnd),
		widgets.NewText("", widgets.Secondary, widgets.CutEnd), back)
	return append([]fyne.CanvasObject{heading}, p.receiptTable(d.receipts, p.w.t.Say("history.empty"))...)
}

// receiptTable is one row a receipt, or a sentence when there is none.
func (p *page) receiptTable(receipts []vm.Receipt, empty string) []fyne.CanvasObject {
	if len(receipts) == 0 {
		muted := widgets.Look{Color: theme.ColorMuted}
		return []fyne.CanvasObject{widgets.Inset(10, 0, 0, 0, widgets.NewText(empty, muted, widgets.Wrap))}
	}
	var rows []fyne.CanvasObject
	for _, r := range receipts {
		row := widgets.NewFoldRow(p.receiptRow(r))
		p.focus["receipt:"+r.ID] = row
		rows = append(rows, row)
	}
	return []fyne.CanvasObject{widgets.RowTable(rows...)}
}

func (p *page) receiptRow(r vm.Receipt) widgets.RowData {
	id := "receipt:" + r.ID
	d := widgets.RowData{
		ID: id, State: theme.State(r.Mark), Title: r.Title, Word: r.State, Reason: r.When,
		Open: p.w.open[id], OnFold: func(on bool) { p.w.folded(id, on) },
		Body: widgets.Lines(lines(r.Lines)),
	}
	if r.CanUndo {
		d.Actions = []widgets.Action{{Label: p.w.t.Say("act.undo"), Icon: theme.IconUndo, Do: func() { p.w.showUndo(r.ID) }}}
	}
	return d
}

func lines(in []vm.Line) []widgets.Line {
	out := make([]widgets.Line, len(in))
	for i, l := range in {
		out[i] = widgets.Line{Sign: l.Sign, Text: l.Text, Note: l.Note, State: theme.State(l.Mark), Plain: l.Plain}
	}
	return out
}
