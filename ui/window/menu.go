//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/widgets"
)

type menuItem struct {
	label string
	icon  theme.IconName
	do    func()
}

// showMenu is what can be done with the whole list.
func (w *Window) showMenu(at *widgets.Button) {
	hidden := "menu.show-hidden"
	if w.showHidden {
		hidden = "menu.hide-hidden"
	}
	items := []menuItem{
		{w.t.Say("menu.check-all"), theme.IconRefresh, w.checkAll},
		{w.t.Say("menu.scan"), theme.IconSearch, w.scan},
		{w.t.Say("menu.examine"), theme.IconFile, w.chooseFile},
		{w.t.Say("menu.history"), theme.IconHistory, w.showHistoryPage},
		{w.t.Say(hidden), theme.IconMore, w.toggleHidden},
	}
	if w.options.Tour != nil {
		items = append(items, menuItem{w.t.Say("menu.tour"), theme.IconTour, w.tour})
	}
	items = append(items, menuItem{w.t.Say("menu.keys"), theme.IconMenu, w.showKeys})
	w.popUp(at, items)
}

func (w *Window) toggleHidden() {
	w.showHidden = !w.showHidden
	w.sidebar.refresh()
}

// popUp shows a menu by a button, above it if there is no room below.
func (w *Window) popUp(at *widgets.Button, items []menuItem) {
	var list []*fyne.MenuItem
	for _, it := range items {
		list = append(list, fyne.NewMenuItemWithIcon(it.label, theme.Icon(it.icon, theme.ColorMuted), it.do))
	}
	c := w.win.Canvas()
	menu := widget.NewPopUpMenu(fyne.NewMenu("", list...), c)
	pos := w.app.Driver().AbsolutePositionForObject(at)
	size, room := menu.MinSize(), c.Size()
	x := min(pos.X, room.Width-size.Width-8)
	y := pos.Y + at.Size().Height + 4
	if y+size.Height > room.Height {
		y = pos.Y - size.Height - 4
	}
	menu.ShowAtPosition(fyne.NewPos(max(4, x), max(4, y)))
}
