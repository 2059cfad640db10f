//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// BannerData is one sentence on how things stand, what may be searched for
// (an exact error text), and the one thing to do about it.
type BannerData struct {
	State    theme.State
	Sentence string
	Detail   string // "" for none
	Copy     func() // copies Detail; nil for no button
	Action   string // "" for no action
	Kind     Kind
	OnAction func()
}

// Banner draws b across the page; below narrow the action moves under the words.
func Banner(b BannerData) fyne.CanvasObject {
	words := Column(2, NewText(b.Sentence, Strong, Wrap))
	if b.Detail != "" {
		detail := fyne.CanvasObject(NewText(b.Detail, Secondary, Wrap))
		if b.Copy != nil {
			detail = Hug(4, NewText(b.Detail, Secondary, Wrap), NewIconButton(theme.IconCopy, "", b.Copy))
		}
		words.Add(detail)
	}
	parts := []fyne.CanvasObject{Icon(b.State.Icon(), 26), words}
	if b.Action != "" {
		parts = append(parts, NewButton(b.Kind, b.Action, b.OnAction))
	}
	return container.NewStack(
		NewSurface(b.State.Back(), "", fynetheme.SizeNameCardRadius),
		Inset(GapCard, 16, GapCard, 16, container.New(&bannerLayout{}, parts...)))
}

// bannerLayout is icon, words, action in a row, or the action below the words
// when these would have less than half the width.
type bannerLayout struct{ narrow bool }

const bannerGap = 14

func (l *bannerLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	icon, words := objects[0], objects[1]
	left := icon.MinSize().Width + bannerGap
	width := size.Width - left
	var action fyne.CanvasObject
	if len(objects) > 2 {
		action = objects[2]
		l.narrow = action.MinSize().Width > width*0.42
		if !l.narrow {
			width -= action.MinSize().Width + bannerGap
		}
	}
	h := heightFor(words, width)
	line := h
	if !l.narrow {
		line = max(size.Height, h)
	}
	icon.Resize(icon.MinSize())
	icon.Move(fyne.NewPos(0, (line-icon.MinSize().Height)/2))
	words.Resize(fyne.NewSize(width, h))
	words.Move(fyne.NewPos(left, (line-h)/2))
	if action == nil {
		return
	}
	action.Resize(action.MinSize())
	if l.narrow {
		action.Move(fyne.NewPos(left, h+10))
	} else {
		action.Move(fyne.NewPos(size.Width-action.MinSize().Width, (line-action.MinSize().Height)/2))
	}
}

func (l *bannerLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	m, words := objects[0].MinSize(), objects[1].MinSize()
	size := fyne.NewSize(m.Width+bannerGap+words.Width, max(m.Height, words.Height))
	if len(objects) > 2 {
		a := objects[2].MinSize()
		size.Width = max(size.Width, m.Width+bannerGap+a.Width)
		if l.narrow {
			size.Height += 10 + a.Height
		} else {
			size.Height = max(size.Height, a.Height)
		}
	}
	return size
}
