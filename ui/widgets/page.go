//go:build !nogui

package widgets

import (
	"slices"

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
	adopt(p.content, p.reveal)
	p.Settle()
}

// TypedKey scrolls by the keys that do so everywhere; false for another key.
func (p *Page) TypedKey(e *fyne.KeyEvent) bool {
	page := max(40, p.Scroll.Size().Height-60)
	switch e.Name {
	case fyne.KeyPageDown:
		p.scrollBy(page)
	case fyne.KeyPageUp:
		p.scrollBy(-page)
	case fyne.KeyHome:
		p.Scroll.ScrollToTop()
	case fyne.KeyEnd:
		p.Scroll.ScrollToBottom()
	default:
		return false
	}
	return true
}

func (p *Page) scrollBy(dy float32) {
	last := max(0, p.body.MinSize().Height-p.Scroll.Size().Height)
	p.Scroll.ScrollToOffset(fyne.NewPos(0, min(max(0, p.Scroll.Offset.Y+dy), last)))
}

// reveal scrolls so that o, which has just got the focus, is in sight. Fyne moves
// the focus by the Tab key without looking where that is.
func (p *Page) reveal(o fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	const room = 12
	top := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(p.Scroll).Y
	bottom := top + o.Size().Height
	switch height := p.Scroll.Size().Height; {
	case top < 0 || bottom-top > height:
		p.scrollBy(top - room)
	case bottom > height:
		p.scrollBy(bottom - height + room)
	}
}

// ShowHeld is Show for a page that is drawn anew in answer to what has the focus
// on it, such as an option: the focus goes to what takes that one's place.
func (p *Page) ShowHeld(c fyne.Canvas, objects ...fyne.CanvasObject) {
	place := slices.Index(focusables(p.content), c.Focused())
	p.Show(objects...)
	now := focusables(p.content)
	if place < 0 || slices.Contains(now, c.Focused()) {
		return
	}
	if place < len(now) {
		c.Focus(now[place])
		return
	}
	c.Unfocus()
}

// focusables lists what takes the focus within o, in the order of the Tab key.
func focusables(o fyne.CanvasObject) []fyne.Focusable {
	if !o.Visible() {
		return nil
	}
	var out []fyne.Focusable
	if f, ok := o.(fyne.Focusable); ok {
		out = append(out, f)
	}
	children := []fyne.CanvasObject{}
	switch o := o.(type) {
	case *fyne.Container:
		children = o.Objects
	case nested:
		children = append(children, o.inner())
	}
	for _, child := range children {
		out = append(out, focusables(child)...)
	}
	return out
}

// nested is a widget with a drawing inside that can hold others.
type nested interface{ inner() fyne.CanvasObject }

// adopt gives everything within o that takes the focus the way into sight.
func adopt(o fyne.CanvasObject, reveal func(fyne.CanvasObject)) {
	if c, ok := o.(*fyne.Container); ok {
		for _, child := range c.Objects {
			adopt(child, reveal)
		}
	}
	if f, ok := o.(interface{ setReveal(func(fyne.CanvasObject)) }); ok {
		f.setReveal(reveal)
	}
	if n, ok := o.(nested); ok {
		adopt(n.inner(), reveal)
	}
}

func (c *CertCard) inner() fyne.CanvasObject  { return c.root }
func (r *FoldRow) inner() fyne.CanvasObject   { return r.root }
func (c *Choice) inner() fyne.CanvasObject    { return c.root }
func (b *BigButton) inner() fyne.CanvasObject { return b.root }

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
