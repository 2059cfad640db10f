//go:build !nogui

package widgets

import (
	"testing"

	"fyne.io/fyne/v2/test"
)

// toldEntry notes that it lost the focus.
type toldEntry struct {
	*Entry
	left bool
}

func (e *toldEntry) FocusLost() {
	e.left = true
	e.Entry.FocusLost()
}

// The caret of a field that nobody told of its end blinks for ever.
func TestClosingAModalTakesTheFocus(t *testing.T) {
	test.NewTempApp(t)
	w := test.NewTempWindow(t, Column(0))
	m, field := NewModal(w.Canvas(), "Title"), &toldEntry{Entry: NewEntry("")}
	m.SetBody(field)
	m.Show(field)
	if w.Canvas().Focused() != field {
		t.Fatal("the field does not have the focus")
	}
	m.Close()
	if !field.left {
		t.Error("the field was not told that it lost the focus")
	}
}
