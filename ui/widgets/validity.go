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
	return Row(10, 2, false,
		container.New(&barLayout{spent: min(max(v.Spent, 0), 1)},
			NewSurface(theme.ColorUnknownBack, "", fynetheme.SizeNamePadding),
			NewSurface(barColor(v.State), "", fynetheme.SizeNamePadding)),
		NewText(v.Left, left, Grow),
		NewText(v.Dates, Secondary, Drop))
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

func (b *barLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(100, 6) }

// NewProgress is a bar that is filled to share, from 0 to 1.
func NewProgress(share float32) fyne.CanvasObject {
	return container.New(&barLayout{spent: min(max(share, 0), 1)},
		NewSurface(theme.ColorLine, "", fynetheme.SizeNamePadding),
		NewSurface(theme.ColorAccent, "", fynetheme.SizeNamePadding))
}
