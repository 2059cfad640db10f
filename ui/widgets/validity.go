//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// ValidityBar is the life of a certificate as a bar, then in words.
func ValidityBar(v Validity) fyne.CanvasObject {
	left := Strong
	if v.State == theme.Trusted {
		left = Look{}
	}
	left.Size = theme.SizeSecondary
	if v.State != theme.Trusted {
		left = left.In(v.State.Color())
	}
	bar := container.New(&barLayout{spent: min(max(v.Spent, 0), 1)},
		NewSurface(theme.ColorUnknownBack, "", fynetheme.SizeNamePadding),
		NewSurface(barColor(v.State), "", fynetheme.SizeNamePadding))
	dates := NewText(v.Dates, Secondary, Drop)
	return container.New(&validityLayout{dates: dates}, bar, NewText(v.Left, left, Grow), dates)
}

// validityLayout is bar, words and dates in a line. The bar gives up some of its
// length before the dates are left out.
type validityLayout struct{ dates *Text }

const barLong, barShort, barGap float32 = 100, 60, 10

func (l *validityLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	bar, left, dates := objects[0], objects[1], objects[2]
	words := left.MinSize().Width
	rest := size.Width - words - 2*barGap
	width := min(barLong, max(barShort, rest-l.dates.look.measure(l.dates.text).Width-1))
	place(bar, 0, width, size.Height)
	place(left, width+barGap, words, size.Height)
	place(dates, width+words+2*barGap, max(0, rest-width), size.Height)
}

func (l *validityLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	left := objects[1].MinSize()
	return fyne.NewSize(barShort+left.Width+2*barGap, max(left.Height, objects[2].MinSize().Height))
}

// barColor keeps the bar calm while only its end is near: the words say that.
func barColor(s theme.State) fyne.ThemeColorName {
	if s == theme.Attention {
		return theme.ColorTrusted
	}
	return s.Color()
}

type barLayout struct{ spent float32 }

func (b *barLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	const thick = 6
	at := fyne.NewPos(0, (size.Height-thick)/2)
	objects[0].Move(at)
	objects[0].Resize(fyne.NewSize(size.Width, thick))
	objects[1].Move(at)
	objects[1].Resize(fyne.NewSize(max(thick, size.Width*b.spent), thick))
}

func (b *barLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(barShort, 6) }

// NewProgress is a bar that is filled to share, from 0 to 1.
func NewProgress(share float32) fyne.CanvasObject {
	return container.New(&barLayout{spent: min(max(share, 0), 1)},
		NewSurface(theme.ColorLine, "", fynetheme.SizeNamePadding),
		NewSurface(theme.ColorAccent, "", fynetheme.SizeNamePadding))
}
