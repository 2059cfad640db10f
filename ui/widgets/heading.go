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
	if before == nil {
		before = Space(0, 0)
	}
	return container.New(&headingLayout{title, remark}, before, title, remark, tools)
}

type headingLayout struct{ title, remark *Text }

func (h *headingLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	before, title, remark, tools := objects[0], objects[1], objects[2], objects[3]
	x := before.MinSize().Width
	if x > 0 {
		x += 8
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
