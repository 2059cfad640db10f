//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
)

// The design's grid, in Fyne's units.
const (
	GapRow    float32 = 8  // inside rows
	GapCard   float32 = 14 // inside cards
	GapColumn float32 = 22 // between columns
)

// Column stacks objects with gap between them. Each is given the width before
// it is asked for its height, so that wrapped text pushes down what follows.
func Column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&column{gap: gap}, objects...)
}

type column struct{ gap float32 }

func (c *column) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	y := float32(0)
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		h := heightFor(o, size.Width)
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, h))
		y += h + c.gap
	}
}

func (c *column) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		if size.Height > 0 {
			size.Height += c.gap
		}
		size = fyne.NewSize(max(size.Width, m.Width), size.Height+m.Height)
	}
	return size
}

// heightFor gives o the width and returns the height that it then wants.
func heightFor(o fyne.CanvasObject, width float32) float32 {
	if o.Size().Width != width {
		o.Resize(fyne.NewSize(width, o.MinSize().Height))
	}
	return o.MinSize().Height
}

// Row sets objects side by side. The one at stretch takes what room is left
// (none does if stretch is negative); shorter ones are centred or, with top, lie
// along the upper edge.
func Row(gap float32, stretch int, top bool, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(&row{gap: gap, stretch: stretch, top: top}, objects...)
}

type row struct {
	gap     float32
	stretch int
	top     bool
}

func (r *row) widths(objects []fyne.CanvasObject, total float32) []float32 {
	widths := make([]float32, len(objects))
	rest, shown := total, 0
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		if shown++; i != r.stretch {
			widths[i] = o.MinSize().Width
			rest -= widths[i]
		}
	}
	rest -= r.gap * float32(max(0, shown-1))
	if r.stretch >= 0 && r.stretch < len(widths) {
		widths[r.stretch] = max(0, rest)
	}
	return widths
}

func (r *row) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	widths, x := r.widths(objects, size.Width), float32(0)
	for i, o := range objects {
		if !o.Visible() {
			continue
		}
		h, y := heightFor(o, widths[i]), float32(0)
		if !r.top {
			y = (size.Height - h) / 2
		}
		o.Move(fyne.NewPos(x, y))
		o.Resize(fyne.NewSize(widths[i], h))
		x += widths[i] + r.gap
	}
}

func (r *row) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	shown := 0
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		m := o.MinSize()
		shown++
		size = fyne.NewSize(size.Width+m.Width, max(size.Height, m.Height))
	}
	size.Width += r.gap * float32(max(0, shown-1))
	return size
}

// Inset puts room around o.
func Inset(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(layout.NewCustomPaddedLayout(top, bottom, left, right), o)
}

// Sized gives o at least this size.
func Sized(width, height float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&sized{fyne.NewSize(width, height)}, o)
}

type sized struct{ min fyne.Size }

func (s *sized) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		o.Resize(size)
	}
}

func (s *sized) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m := s.min
	for _, o := range objects {
		m = m.Max(o.MinSize())
	}
	return m
}

// Icon is a picture of one size.
func Icon(res fyne.Resource, size float32) *canvas.Image {
	img := canvas.NewImageFromResource(res)
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSquareSize(size))
	return img
}

// Space is an empty stretch.
func Space(width, height float32) fyne.CanvasObject {
	r := canvas.NewRectangle(nil)
	r.SetMinSize(fyne.NewSize(width, height))
	return r
}
