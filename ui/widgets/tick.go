//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// Tick is a box that can be ticked, with what ticking it means.
type Tick struct {
	clickable
	on   bool
	box  *Surface
	mark *canvas.Image
	back *Surface
	root *fyne.Container
}

// NewTick returns a box; changed is told of every change.
func NewTick(title, detail string, on bool, changed func(bool)) *Tick {
	t := &Tick{on: on, box: NewSurface("", theme.ColorAccent, fynetheme.SizeNamePadding)}
	t.box.strokeWidth = 2
	t.mark = Icon(theme.Icon(theme.IconCheck, theme.ColorOnAccent), 12)
	t.back = NewSurface("", "", fynetheme.SizeNameSelectionRadius)
	words := Column(2, NewText(title, Strong, Wrap), NewText(detail, Secondary, Wrap))
	box := container.NewStack(Sized(16, 16, t.box), container.NewCenter(t.mark))
	t.root = container.NewStack(t.back,
		Inset(6, 6, 6, 6, Row(10, 1, true, Inset(1, 0, 0, 0, box), words)))
	t.onTap = func() {
		t.on = !t.on
		t.Refresh()
		changed(t.on)
	}
	t.extend(t)
	return t
}

// CreateRenderer implements fyne.Widget.
func (t *Tick) CreateRenderer() fyne.WidgetRenderer {
	r := &foldRenderer{content: t.root, before: t.paint}
	t.paint()
	return r
}

func (t *Tick) paint() {
	t.mark.Hidden = !t.on
	fill := fyne.ThemeColorName("")
	if t.on {
		fill = theme.ColorAccent
	}
	t.box.Set(fill, theme.ColorAccent)
	back, stroke := fyne.ThemeColorName(""), fyne.ThemeColorName("")
	if t.hovered {
		back = fynetheme.ColorNameHover
	}
	if t.focused {
		stroke = theme.ColorAccent
	}
	t.back.Set(back, stroke)
}
