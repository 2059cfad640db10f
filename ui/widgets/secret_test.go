//go:build !nogui

package widgets

import (
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"
)

// What a letter tells of Caps Lock, with Shift and without, on each system.
func TestCapsFromALetter(t *testing.T) {
	for _, c := range []struct {
		r         rune
		shift     bool
		goos      string
		on, known bool
	}{
		{'a', false, "linux", false, true},
		{'A', false, "linux", true, true},
		{'a', true, "linux", true, true},
		{'A', true, "linux", false, true},
		{'Я', false, "linux", true, true},
		{'я', false, "linux", false, true},
		{'1', false, "linux", false, false},
		{'!', true, "linux", false, false},
		{'가', false, "linux", false, false}, // has no case
		{'A', true, "darwin", false, false}, // with the lock Shift gives capitals too
		{'A', false, "darwin", true, true},
		{'a', false, "windows", false, true},
	} {
		if on, known := capsFrom(c.r, c.shift, c.goos); on != c.on || known != c.known {
			t.Errorf("%q shift=%v %s: on %v known %v", c.r, c.shift, c.goos, on, known)
		}
	}
}

func secret(t *testing.T) (*Secret, fyne.Canvas, *[]bool) {
	t.Helper()
	themed(t)
	s := NewSecret("")
	w := test.NewTempWindow(t, s)
	w.Resize(fyne.NewSize(300, 60))
	told := &[]bool{}
	s.OnCaps = func(on bool) { *told = append(*told, on) }
	return s, w.Canvas(), told
}

func TestCapsLockIsLearned(t *testing.T) {
	s, c, told := secret(t)
	c.Focus(s)
	key := func(name fyne.KeyName) { s.KeyDown(&fyne.KeyEvent{Name: name}); s.KeyUp(&fyne.KeyEvent{Name: name}) }
	key(desktop.KeyCapsLock)
	if len(*told) != 0 {
		t.Fatal("a key says how the lock stands, which nobody knows yet")
	}
	s.TypedRune('A')
	key(desktop.KeyCapsLock)
	s.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	s.TypedRune('B')
	s.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	s.TypedRune('c')
	if got, want := *told, []bool{true, false}; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("told %v, want %v", got, want)
	}
	if s.Text != "ABc" {
		t.Errorf("the field holds %q", s.Text)
	}
}

// Where the system can be asked, it is said before a letter is typed, and no longer
// when the focus goes elsewhere.
func TestCapsLockIsAskedFor(t *testing.T) {
	s, c, told := secret(t)
	s.Probe = func() (bool, bool) { return true, true }
	c.Focus(s)
	if len(*told) != 1 || !(*told)[0] {
		t.Fatalf("told %v", *told)
	}
	c.Unfocus()
	if len(*told) != 2 || (*told)[1] {
		t.Errorf("told %v", *told)
	}
}

func TestSecretIsHidden(t *testing.T) {
	s, c, _ := secret(t)
	c.Focus(s)
	for _, r := range "hunter2" {
		s.TypedRune(r)
	}
	if drawn := test.RenderToMarkup(c); strings.Contains(drawn, "hunter2") || !strings.Contains(drawn, "•••••••") {
		t.Errorf("the field draws:\n%s", drawn)
	}
	s.SelectAll()
	if s.SelectedText() != "hunter2" {
		t.Errorf("marked %d characters", len(s.SelectedText()))
	}
	s.Clear()
	s.TypedShortcut(&fyne.ShortcutUndo{})
	if s.Text != "" {
		t.Error("undoing brings a password back that was cleared")
	}
}

func TestSecretHandsOn(t *testing.T) {
	s, c, _ := secret(t)
	var key fyne.KeyName
	c.SetOnTypedKey(func(k *fyne.KeyEvent) { key = k.Name })
	s.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEscape})
	if key != fyne.KeyEscape {
		t.Error("Escape does not reach the window")
	}
}
