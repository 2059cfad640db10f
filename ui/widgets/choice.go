//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"mooring.dev/mooring/ui/theme"
)

// Choice is one of several that exclude each other, with what it means.
type Choice struct {
	clickable
	chosen bool
	dot    *radio
	back   *Surface
	root   *fyne.Container
}

// NewChoice returns an option; detail is what is drawn below its title.
func NewChoice(title fyne.CanvasObject, chosen bool, detail fyne.CanvasObject, tapped func()) *Choice {
	c := &Choice{chosen: chosen, dot: newRadio(chosen)}
	c.onTap = tapped
	c.back = NewSurface("", "", fynetheme.SizeNameSelectionRadius)
	words := Column(2, title)
	if detail != nil {
		words.Add(detail)
	}
	c.root = container.NewStack(c.back,
		Inset(6, 6, 6, 6, Row(10, 1, true, Inset(1, 0, 0, 0, c.dot), words)))
	c.extend(c)
	return c
}

// SetChosen marks it.
func (c *Choice) SetChosen(on bool) {
	c.chosen, c.dot.on = on, on
	c.Refresh()
}

// Chosen reports whether it is marked.
func (c *Choice) Chosen() bool { return c.chosen }

// CreateRenderer implements fyne.Widget.
func (c *Choice) CreateRenderer() fyne.WidgetRenderer {
	return &foldRenderer{content: c.root, before: func() {
		fill, stroke := fyne.ThemeColorName(""), fyne.ThemeColorName("")
		if c.hovered {
			fill = fynetheme.ColorNameHover
		}
		if c.focused {
			stroke = theme.ColorAccent
		}
		c.back.Set(fill, stroke)
	}}
}

// radio is the ring with or without its dot.
type radio struct {
	widget.BaseWidget
	on bool
}

func newRadio(on bool) *radio {
	r := &radio{on: on}
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *radio) CreateRenderer() fyne.WidgetRenderer {
	rr := &radioRenderer{r: r, ring: canvas.NewCircle(nil), dot: canvas.NewCircle(nil)}
	rr.paint()
	return rr
}

type radioRenderer struct {
	r         *radio
	ring, dot *canvas.Circle
}

func (r *radioRenderer) paint() {
	accent := theme.Color(theme.ColorAccent)
	r.ring.StrokeColor, r.ring.StrokeWidth = accent, 2
	r.dot.FillColor = accent
	r.dot.Hidden = !r.r.on
}

func (r *radioRenderer) Layout(fyne.Size) {
	r.ring.Resize(fyne.NewSquareSize(16))
	r.dot.Move(fyne.NewPos(4, 4))
	r.dot.Resize(fyne.NewSquareSize(8))
}

func (r *radioRenderer) MinSize() fyne.Size { return fyne.NewSquareSize(16) }
func (r *radioRenderer) Refresh() {
	r.paint()
	r.ring.Refresh()
	r.dot.Refresh()
}
func (r *radioRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.ring, r.dot} }
func (r *radioRenderer) Destroy()                     {}
