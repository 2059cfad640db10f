//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Entry is a text field that lets the window's shortcuts through. While a field
// has the focus Fyne gives every shortcut and key to it alone; this one keeps
// what edits text and hands on the rest.
type Entry struct {
	widget.Entry
	// OnKey sees keys before the field does; true means that it was used.
	OnKey func(*fyne.KeyEvent) bool
	// OnShortcut is given the shortcuts that are the window's own.
	OnShortcut func(fyne.Shortcut)
}

// NewEntry returns a single-line field.
func NewEntry(placeholder string) *Entry {
	e := &Entry{}
	e.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	e.PlaceHolder = placeholder
	e.ExtendBaseWidget(e)
	return e
}

// TypedShortcut implements fyne.Shortcutable.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	if _, custom := s.(*desktop.CustomShortcut); custom && e.OnShortcut != nil {
		e.OnShortcut(s)
	}
	// The field still sees it: Ctrl with the arrow keys moves by words.
	e.Entry.TypedShortcut(s)
}

// TypedKey implements fyne.Focusable.
func (e *Entry) TypedKey(k *fyne.KeyEvent) { e.typedKey(e, k) }

// typedKey is TypedKey of self, the widget on the canvas, which is e or embeds it.
func (e *Entry) typedKey(self fyne.CanvasObject, k *fyne.KeyEvent) {
	if e.OnKey != nil && e.OnKey(k) {
		return
	}
	switch k.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF3, fyne.KeyF5:
		ForwardKey(self, k)
	default:
		e.Entry.TypedKey(k)
	}
}
