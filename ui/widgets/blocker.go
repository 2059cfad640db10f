//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// blocker swallows the pointer for what lies under a dialog.
type blocker struct {
	widget.BaseWidget
	onTap func()
}

var (
	_ fyne.Tappable     = (*blocker)(nil)
	_ fyne.Scrollable   = (*blocker)(nil)
	_ desktop.Hoverable = (*blocker)(nil)
)

func newBlocker() *blocker {
	b := &blocker{}
	b.ExtendBaseWidget(b)
	return b
}

// CreateRenderer implements fyne.Widget.
func (b *blocker) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(nil))
}

// Tapped implements fyne.Tappable.
func (b *blocker) Tapped(*fyne.PointEvent) {
	if b.onTap != nil {
		b.onTap()
	}
}

// Scrolled implements fyne.Scrollable.
func (b *blocker) Scrolled(*fyne.ScrollEvent) {}

// MouseIn implements desktop.Hoverable.
func (b *blocker) MouseIn(*desktop.MouseEvent) {}

// MouseMoved implements desktop.Hoverable.
func (b *blocker) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *blocker) MouseOut() {}
