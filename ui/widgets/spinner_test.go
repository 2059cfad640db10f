//go:build !nogui

package widgets

import (
	"testing"

	"fyne.io/fyne/v2/test"
)

// What moves on a page that was left would have the window painted for ever.
func TestSpinnerStandsStillWhenItIsNotPainted(t *testing.T) {
	test.NewTempApp(t)
	r := newSpinner().CreateRenderer().(*spinnerRenderer)
	if r.moving {
		t.Error("it moves before it is on a page")
	}
	r.Objects()
	for range maxUnasked - 1 {
		r.tick(0)
	}
	if !r.moving {
		t.Error("it stands still on its page")
	}
	r.Objects()
	for range maxUnasked + 1 {
		r.tick(0)
	}
	if r.moving {
		t.Error("it goes on when nothing paints it")
	}
	if r.Objects(); !r.moving {
		t.Error("it does not go on when it is painted again")
	}
	r.Destroy()
	if r.moving {
		t.Error("it outlives its renderer")
	}
}
