//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// NewTabs returns a strip of tabs over a line; chosen is called with the index
// of the tab that is pressed.
func NewTabs(labels []string, current int, chosen func(int)) fyne.CanvasObject {
	strip := Row(18, -1, false)
	for i, l := range labels {
		strip.Add(newTab(l, i == current, func() { chosen(i) }))
	}
	return Column(0, strip, Rule())
}

// Tab is one label of a strip.
type Tab struct {
	clickable
	label   string
	current bool
}

func newTab(label string, current bool, tapped func()) *Tab {
	t := &Tab{label: label, current: current}
	t.onTap = tapped
	t.extend(t)
	return t
}

// CreateRenderer implements fyne.Widget.
func (t *Tab) CreateRenderer() fyne.WidgetRenderer {
	r := &tabRenderer{t: t, text: &canvas.Text{}, line: canvas.NewRectangle(nil), ring: canvas.NewRectangle(nil)}
	r.paint()
	return r
}

type tabRenderer struct {
	t          *Tab
	text       *canvas.Text
	line, ring *canvas.Rectangle
}

func (r *tabRenderer) paint() {
	color := theme.ColorMuted
	if r.t.current || r.t.hovered {
		color = theme.ColorInk
	}
	r.text.Text, r.text.Color = r.t.label, theme.Color(color)
	r.text.TextSize = theme.Size(fynetheme.SizeNameText)
	r.text.TextStyle = fyne.TextStyle{Bold: r.t.current}
	r.line.FillColor = theme.Color(theme.ColorAccent)
	r.line.Hidden = !r.t.current
	r.ring.StrokeColor, r.ring.StrokeWidth = theme.Color(fynetheme.ColorNameFocus), 2
	r.ring.CornerRadius = 4
	r.ring.Hidden = !r.t.focused
}

func (r *tabRenderer) MinSize() fyne.Size {
	return r.text.MinSize().AddWidthHeight(4, 20)
}

func (r *tabRenderer) Layout(size fyne.Size) {
	m := r.text.MinSize()
	r.text.Move(fyne.NewPos(2, (size.Height-m.Height)/2))
	r.text.Resize(m)
	r.line.Move(fyne.NewPos(0, size.Height-2))
	r.line.Resize(fyne.NewSize(size.Width, 2))
	r.ring.Move(fyne.NewPos(-3, 4))
	r.ring.Resize(fyne.NewSize(size.Width+6, size.Height-8))
}

func (r *tabRenderer) Refresh() {
	r.paint()
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *tabRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.text, r.line, r.ring}
}
func (r *tabRenderer) Destroy() {}
