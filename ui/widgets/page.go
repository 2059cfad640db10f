//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Page is a column that scrolls, with room around it, and no wider than lines
// can be read.
type Page struct {
	Scroll  *container.Scroll
	content *fyne.Container
	body    *fyne.Container
}

// MaxPage is the width beyond which a page no longer grows: on a 4K screen its
// two columns stay together.
const MaxPage float32 = 1400

// NewPage returns an empty page.
func NewPage(padX, padY float32) *Page {
	p := &Page{content: Column(GapCard)}
	p.body = container.New(&capped{padX: padX, padY: padY, max: MaxPage}, p.content)
	p.Scroll = container.NewVScroll(p.body)
	return p
}

// Show replaces what is on the page and keeps its place.
func (p *Page) Show(objects ...fyne.CanvasObject) {
	p.content.Objects = objects
	p.content.Refresh()
	p.Settle()
}

// Settle lays the page out again after something on it was folded or replaced,
// and keeps the place.
func (p *Page) Settle() {
	p.body.Refresh()
	p.Scroll.Refresh()
}

// capped gives its child the width up to max, on the left.
type capped struct{ padX, padY, max float32 }

func (c *capped) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := max(0, min(c.max, size.Width-2*c.padX))
	for _, o := range objects {
		h := heightFor(o, w)
		o.Move(fyne.NewPos(c.padX, c.padY))
		o.Resize(fyne.NewSize(w, h))
	}
}

func (c *capped) MinSize(objects []fyne.CanvasObject) fyne.Size {
	var size fyne.Size
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size.AddWidthHeight(2*c.padX, 2*c.padY)
}

// Beside sets two columns side by side while there is room for both, the left
// one a little wider, and stacks them when there is not.
func Beside(breakAt float32, left, right fyne.CanvasObject) *fyne.Container {
	return container.New(&beside{breakAt: breakAt}, left, right)
}

type beside struct {
	breakAt float32
	stacked bool
}

func (b *beside) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l, r := objects[0], objects[1]
	b.stacked = size.Width < b.breakAt
	if b.stacked {
		h := heightFor(l, size.Width)
		l.Move(fyne.Position{})
		l.Resize(fyne.NewSize(size.Width, h))
		r.Move(fyne.NewPos(0, h+GapColumn))
		r.Resize(fyne.NewSize(size.Width, heightFor(r, size.Width)))
		return
	}
	lw := (size.Width - GapColumn) * 0.523
	rw := size.Width - GapColumn - lw
	l.Move(fyne.Position{})
	l.Resize(fyne.NewSize(lw, heightFor(l, lw)))
	r.Move(fyne.NewPos(lw+GapColumn, 0))
	r.Resize(fyne.NewSize(rw, heightFor(r, rw)))
}

func (b *beside) MinSize(objects []fyne.CanvasObject) fyne.Size {
	l, r := objects[0].MinSize(), objects[1].MinSize()
	w := max(l.Width, r.Width)
	if b.stacked {
		return fyne.NewSize(w, l.Height+GapColumn+r.Height)
	}
	return fyne.NewSize(w, max(l.Height, r.Height))
}
