//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// pressable is what everything that can be pressed has in common: a tap and the
// pointer above it.
type pressable struct {
	widget.BaseWidget
	self              fyne.Widget
	onTap             func()
	hovered, disabled bool
}

// clickable is a pressable that also takes the focus and the keys Space and
// Enter. Keys that it does not want go on to the window (see [ForwardKey]).
type clickable struct {
	pressable
	focused bool
	reveal  func(fyne.CanvasObject) // brings it into sight; nil where nothing scrolls
}

var (
	_ fyne.Tappable      = (*pressable)(nil)
	_ desktop.Hoverable  = (*pressable)(nil)
	_ desktop.Cursorable = (*pressable)(nil)
	_ fyne.Focusable     = (*clickable)(nil)
)

// extend makes self, which embeds c, a widget.
func (c *pressable) extend(self fyne.Widget) {
	c.self = self
	c.ExtendBaseWidget(self)
}

func (c *pressable) press() {
	if c.onTap != nil && !c.disabled {
		c.onTap()
	}
}

// Tapped implements fyne.Tappable.
func (c *pressable) Tapped(*fyne.PointEvent) { c.press() }

// MouseIn implements desktop.Hoverable.
func (c *pressable) MouseIn(*desktop.MouseEvent) { c.setHovered(true) }

// MouseMoved implements desktop.Hoverable.
func (c *pressable) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (c *pressable) MouseOut() { c.setHovered(false) }

func (c *pressable) setHovered(on bool) {
	c.hovered = on && !c.disabled
	c.Refresh()
}

// Cursor implements desktop.Cursorable.
func (c *pressable) Cursor() desktop.Cursor {
	if c.onTap == nil || c.disabled {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// FocusGained implements fyne.Focusable.
func (c *clickable) FocusGained() { c.setFocused(true) }

// FocusLost implements fyne.Focusable.
func (c *clickable) FocusLost() { c.setFocused(false) }

func (c *clickable) setFocused(on bool) {
	c.focused = on
	c.Refresh()
	if on && c.reveal != nil {
		c.reveal(c.self)
	}
}

func (c *clickable) setReveal(f func(fyne.CanvasObject)) { c.reveal = f }

// TypedRune implements fyne.Focusable.
func (c *clickable) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (c *clickable) TypedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		c.press()
	default:
		ForwardKey(c.self, e)
	}
}

// Disable keeps it from being pressed.
func (c *clickable) Disable() {
	c.disabled, c.hovered = true, false
	c.Refresh()
}

// Enable undoes Disable.
func (c *clickable) Enable() {
	c.disabled = false
	c.Refresh()
}

// Disabled implements fyne.Disableable; Fyne skips disabled widgets on Tab.
func (c *clickable) Disabled() bool { return c.disabled }

// ForwardKey hands a key that the focused object o does not want to the window's
// own handler. Fyne gives keys to the focused object only, and Escape or F5 must
// work wherever the focus is.
func ForwardKey(o fyne.CanvasObject, e *fyne.KeyEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(o); c != nil {
		if f := c.OnTypedKey(); f != nil {
			f(e)
		}
	}
}
