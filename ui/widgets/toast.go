//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// Toast is a remark at the foot of the window: the visible result of an action
// that changes nothing else in sight.
type Toast struct {
	Object *fyne.Container
	slot   *fyne.Container
}

// NewToast returns a hidden toast.
func NewToast() *Toast {
	t := &Toast{slot: container.NewStack()}
	t.Object = container.New(&toastLayout{}, t.slot)
	t.Object.Hide()
	return t
}

// Show replaces the remark and shows it.
func (t *Toast) Show(s theme.State, sentence string) {
	look := Look{Size: theme.SizeSecondary}
	t.slot.Objects = []fyne.CanvasObject{
		NewSurface(theme.ColorCard, theme.ColorLine, fynetheme.SizeNameCardRadius),
		Inset(10, 16, 10, 14, Row(GapRow, 1, false, Icon(s.Icon(), 18), NewText(sentence, look, Wrap))),
	}
	t.Object.Show()
	t.Object.Refresh()
}

// Hide takes it away.
func (t *Toast) Hide() { t.Object.Hide() }

// toastLayout sets its child at the foot, in the middle.
type toastLayout struct{}

const toastWidth float32 = 420

func (*toastLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := min(toastWidth, size.Width-24)
	for _, o := range objects {
		h := heightFor(o, w)
		o.Resize(fyne.NewSize(w, h))
		o.Move(fyne.NewPos((size.Width-w)/2, size.Height-h-18))
	}
}

func (*toastLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }
