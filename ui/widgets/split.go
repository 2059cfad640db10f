//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Split is a list beside what is chosen in it. Where there is no room for both it
// shows one of them.
type Split struct {
	Object *fyne.Container
	// OnSingle is told when there is room for one only, or for both again.
	OnSingle func(single bool)

	list, detail   fyne.CanvasObject
	inDetail       bool
	single, placed bool
}

// SplitFrom is the width from which there is room for both.
const SplitFrom float32 = 560

const splitMin, splitMax float32 = 220, 380

// NewSplit sets list and detail side by side.
func NewSplit(list, detail fyne.CanvasObject) *Split {
	s := &Split{list: list, detail: detail}
	s.Object = container.New(&splitLayout{s}, list, detail)
	return s
}

// SetInDetail says which of the two is shown where there is no room for both.
func (s *Split) SetInDetail(on bool) {
	s.inDetail = on
	s.Object.Refresh()
}

// Single reports whether there is room for one of the two only.
func (s *Split) Single() bool { return s.single }

type splitLayout struct{ s *Split }

func (l *splitLayout) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	s := l.s
	if single := size.Width < SplitFrom; single != s.single || !s.placed {
		s.single, s.placed = single, true
		if s.OnSingle != nil {
			s.OnSingle(single)
		}
	}
	setVisible(s.list, !s.single || !s.inDetail)
	setVisible(s.detail, !s.single || s.inDetail)
	if s.single {
		for _, o := range []fyne.CanvasObject{s.list, s.detail} {
			o.Move(fyne.Position{})
			o.Resize(size)
		}
		return
	}
	width := min(splitMax, max(splitMin, (size.Width-GapColumn)*0.38))
	s.list.Move(fyne.Position{})
	s.list.Resize(fyne.NewSize(width, size.Height))
	s.detail.Move(fyne.NewPos(width+GapColumn, 0))
	s.detail.Resize(fyne.NewSize(size.Width-width-GapColumn, size.Height))
}

// MinSize is small: both parts scroll.
func (l *splitLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(splitMin, 120) }

// Frame stands fixed over stretch, which takes the room that is left. Unlike Fyne's
// border it asks what is above for its height at the width that it has.
func Frame(gap float32, fixed, stretch fyne.CanvasObject) *fyne.Container {
	return container.New(&frame{gap}, fixed, stretch)
}

type frame struct{ gap float32 }

func (f *frame) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	h := heightFor(objects[0], size.Width)
	objects[0].Move(fyne.Position{})
	objects[0].Resize(fyne.NewSize(size.Width, h))
	objects[1].Move(fyne.NewPos(0, h+f.gap))
	objects[1].Resize(fyne.NewSize(size.Width, max(0, size.Height-h-f.gap)))
}

func (f *frame) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(a.Width, b.Width), a.Height+f.gap+b.Height)
}

// Capped gives o at most the width of a page.
func Capped(padX, padY float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(&cappedFill{padX: padX, padY: padY}, o)
}

type cappedFill struct{ padX, padY float32 }

func (c *cappedFill) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := max(0, min(MaxPage, size.Width-2*c.padX))
	for _, o := range objects {
		o.Move(fyne.NewPos(c.padX, c.padY))
		o.Resize(fyne.NewSize(w, max(0, size.Height-2*c.padY)))
	}
}

func (c *cappedFill) MinSize(objects []fyne.CanvasObject) fyne.Size {
	return objects[0].MinSize().AddWidthHeight(2*c.padX, 2*c.padY)
}
