//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
)

// Heading is a page's title with a remark beside it, or under it when there is no
// room, and small buttons after that. before may be nil.
func Heading(before fyne.CanvasObject, title *Text, remark *Text, buttons ...fyne.CanvasObject) fyne.CanvasObject {
	tools := Row(2, -1, false, buttons...)
	h := &headingLayout{title: title, remark: remark, bare: before == nil}
	if before == nil {
		before = Space(1, 1)
	}
	return container.New(h, before, title, remark, tools)
}

type headingLayout struct {
	title, remark *Text
	bare          bool // nothing before the title
}

func (h *headingLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	before, title, remark, tools := objects[0], objects[1], objects[2], objects[3]
	x := float32(0)
	if !h.bare {
		x = before.MinSize().Width + 8
	}
	tm := tools.MinSize()
	room := size.Width - x - tm.Width - 8
	natural := h.title.look.measure(h.title.text)
	beside := h.remark.look.measure(h.remark.text).Width + 1
	line := max(natural.Height, tm.Height)
	before.Resize(before.MinSize())
	before.Move(fyne.NewPos(0, (line-before.MinSize().Height)/2))
	w := min(natural.Width+1, room)
	title.Move(fyne.NewPos(x, (line-natural.Height)/2))
	title.Resize(fyne.NewSize(w, natural.Height))
	tools.Resize(tm)
	rm := remark.MinSize()
	if w+12+beside <= room {
		remark.Move(fyne.NewPos(x+w+12, (line-rm.Height)/2+2))
		remark.Resize(fyne.NewSize(beside, rm.Height))
		tools.Move(fyne.NewPos(x+w+12+beside+4, (line-tm.Height)/2+1))
		return
	}
	tools.Move(fyne.NewPos(size.Width-tm.Width, (line-tm.Height)/2))
	remark.Move(fyne.NewPos(x, line+2))
	remark.Resize(fyne.NewSize(size.Width-x, rm.Height))
}

// MinSize always has room for the remark's own line, so that the page does not
// jump when the remark grows.
func (h *headingLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	line := max(h.title.look.measure(h.title.text).Height, objects[3].MinSize().Height)
	return fyne.NewSize(120, line+2+objects[2].MinSize().Height)
}

// Hug sets o right after the text, however short that is; a text too long for the
// line wraps before it.
func Hug(gap float32, text *Text, o fyne.CanvasObject) fyne.CanvasObject {
	return container.New(&hug{gap: gap, text: text}, text, o)
}

type hug struct {
	gap  float32
	text *Text
}

func (h *hug) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	m := objects[1].MinSize()
	w := min(h.text.look.measure(h.text.text).Width+1, max(0, size.Width-h.gap-m.Width))
	th := heightFor(h.text, w)
	h.text.Move(fyne.NewPos(0, (size.Height-th)/2))
	h.text.Resize(fyne.NewSize(w, th))
	objects[1].Move(fyne.NewPos(w+h.gap, (size.Height-m.Height)/2))
	objects[1].Resize(m)
}

func (h *hug) MinSize(objects []fyne.CanvasObject) fyne.Size {
	t, o := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(t.Width+h.gap+o.Width, max(t.Height, o.Height))
}

// Opposite sets a text at the left and a remark in a pill at the right of one
// line; the remark is shortened first.
func Opposite(gap float32, text *Text, remark string) fyne.CanvasObject {
	o := &opposite{gap: gap, text: text}
	o.remark = Small.measure(remark).Width + 17
	return container.New(o, text, chip(remark))
}

type opposite struct {
	gap    float32
	text   *Text
	remark float32 // its natural width
}

func (o *opposite) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	natural := o.text.look.measure(o.text.text).Width + 1
	left := min(natural, size.Width*0.7)
	right := min(o.remark, max(0, size.Width-left-o.gap))
	left = min(natural, size.Width-right-o.gap)
	place(objects[0], 0, left, size.Height)
	place(objects[1], size.Width-right, right, size.Height)
}

func place(o fyne.CanvasObject, x, width, height float32) {
	h := heightFor(o, width)
	o.Move(fyne.NewPos(x, (height-h)/2))
	o.Resize(fyne.NewSize(width, h))
}

func (o *opposite) MinSize(objects []fyne.CanvasObject) fyne.Size {
	l, r := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(l.Width+o.gap+r.Width, max(l.Height, r.Height))
}
