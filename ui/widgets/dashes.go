//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"mooring.dev/mooring/ui/theme"
)

// dashes is a dashed frame that fills its room: it stands around what is not
// there. Fyne strokes are never dashed, so it is made of short bars.
type dashes struct {
	widget.BaseWidget
	color fyne.ThemeColorName
}

func newDashes(c fyne.ThemeColorName) *dashes {
	d := &dashes{color: c}
	d.ExtendBaseWidget(d)
	return d
}

const (
	dashLength, dashPitch, dashCorner float32 = 6, 10, 5
	dashThick                         float32 = 1.5
)

// CreateRenderer implements fyne.Widget.
func (d *dashes) CreateRenderer() fyne.WidgetRenderer { return &dashRenderer{d: d} }

type dashRenderer struct {
	d    *dashes
	size fyne.Size
	bars []fyne.CanvasObject
}

func (r *dashRenderer) Layout(size fyne.Size) {
	if size == r.size {
		return
	}
	r.size, r.bars = size, nil
	for x := dashCorner; x+dashLength <= size.Width-dashCorner; x += dashPitch {
		r.bar(x, 0, dashLength, dashThick)
		r.bar(x, size.Height-dashThick, dashLength, dashThick)
	}
	for y := dashCorner; y+dashLength <= size.Height-dashCorner; y += dashPitch {
		r.bar(0, y, dashThick, dashLength)
		r.bar(size.Width-dashThick, y, dashThick, dashLength)
	}
}

func (r *dashRenderer) bar(x, y, w, h float32) {
	b := canvas.NewRectangle(theme.Color(r.d.color))
	b.Move(fyne.NewPos(x, y))
	b.Resize(fyne.NewSize(w, h))
	r.bars = append(r.bars, b)
}

func (r *dashRenderer) MinSize() fyne.Size { return fyne.Size{} }

func (r *dashRenderer) Refresh() {
	for _, b := range r.bars {
		b.(*canvas.Rectangle).FillColor = theme.Color(r.d.color)
		b.Refresh()
	}
}

func (r *dashRenderer) Objects() []fyne.CanvasObject { return r.bars }
func (r *dashRenderer) Destroy()                     {}
