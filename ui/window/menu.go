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
	off   bool // shown, and cannot be chosen: the label says why
}

// showMenu is what can be done with the whole list.
func (w *Window) showMenu(at *widgets.Button) {
	hidden := "menu.show-hidden"
	if w.showHidden {
		hidden = "menu.hide-hidden"
	}
	items := []menuItem{
		{label: w.t.Say("menu.check-all"), icon: theme.IconRefresh, do: w.checkAll},
		{label: w.t.Say("menu.scan"), icon: theme.IconSearch, do: w.scan},
		{label: w.t.Say("menu.examine"), icon: theme.IconFile, do: w.chooseFile},
		{label: w.t.Say("menu.health"), icon: theme.IconCheck, do: w.showHealthPage},
		{label: w.t.Say("menu.history"), icon: theme.IconHistory, do: w.showHistoryPage},
		{label: w.t.Say(hidden), icon: theme.IconMore, do: w.toggleHidden},
	}
	if w.options.Tour != nil {
		items = append(items, menuItem{label: w.t.Say("menu.tour"), icon: theme.IconTour, do: w.tour})
	}
	if !w.options.Sandbox {
		items = append(items, menuItem{label: w.t.Say("menu.watch"), icon: theme.IconRefresh, do: w.showWatch})
	}
	items = append(items, menuItem{label: w.t.Say("menu.keys"), icon: theme.IconMenu, do: w.showKeys})
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
		item := fyne.NewMenuItemWithIcon(it.label, theme.Icon(it.icon, theme.ColorMuted), it.do)
		item.Disabled = it.off
		list = append(list, item)
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
