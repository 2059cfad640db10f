//go:build !nogui

package widgets

import (
	"runtime"
	"unicode"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// Secret is a field for a password. It shows dots until the person wants to see
// what was typed, and tells whether Caps Lock is on.
//
// Fyne tells no widget how the locks stand: it leaves GLFW's LockKeyMods off and
// masks the modifiers that it hands on (internal/driver/glfw/window_desktop.go). So
// the lock is learned from Probe where the system can be asked, and otherwise from
// the first letter: one whose case is not what Shift says. Until then it is not
// known, and nothing is said.
type Secret struct {
	Entry
	// OnCaps is told when it has become known that Caps Lock is on, or no longer.
	OnCaps func(on bool)
	// Probe asks the system; nil where it cannot be asked. It is called when the
	// field gets the focus, and must not block.
	Probe func() (on, known bool)

	caps, known bool
	shifts      int // Shift keys that are down
}

// NewSecret returns an empty field.
func NewSecret(placeholder string) *Secret {
	s := &Secret{}
	s.Password = true
	s.Wrapping = fyne.TextWrap(fyne.TextTruncateClip)
	s.PlaceHolder = placeholder
	s.ExtendBaseWidget(s)
	return s
}

// Clear empties the field and forgets what was typed into it.
func (s *Secret) Clear() { s.SetText("") }

// SelectAll marks all of it, so that what is typed next replaces it.
func (s *Secret) SelectAll() { s.Entry.TypedShortcut(&fyne.ShortcutSelectAll{}) }

// FocusGained implements fyne.Focusable.
func (s *Secret) FocusGained() {
	s.Entry.FocusGained()
	s.shifts = 0
	if s.Probe != nil {
		if on, known := s.Probe(); known {
			s.learn(on)
		}
	}
}

// FocusLost implements fyne.Focusable. What is said of Caps Lock is for whoever
// types here.
func (s *Secret) FocusLost() {
	s.Entry.FocusLost()
	if s.known {
		s.learn(false)
		s.known = false
	}
}

// TypedKey implements fyne.Focusable.
func (s *Secret) TypedKey(k *fyne.KeyEvent) { s.typedKey(s, k) }

// KeyDown implements desktop.Keyable.
func (s *Secret) KeyDown(e *fyne.KeyEvent) {
	switch e.Name {
	case desktop.KeyShiftLeft, desktop.KeyShiftRight:
		s.shifts++
	case desktop.KeyCapsLock:
		if s.known {
			s.learn(!s.caps)
		}
	}
	s.Entry.KeyDown(e)
}

// KeyUp implements desktop.Keyable.
func (s *Secret) KeyUp(e *fyne.KeyEvent) {
	if e.Name == desktop.KeyShiftLeft || e.Name == desktop.KeyShiftRight {
		s.shifts = max(0, s.shifts-1)
	}
	s.Entry.KeyUp(e)
}

// TypedRune implements fyne.Focusable.
func (s *Secret) TypedRune(r rune) {
	if on, known := capsFrom(r, s.shift(), runtime.GOOS); known {
		s.learn(on)
	}
	s.Entry.TypedRune(r)
}

// shift reports whether Shift is held, by the driver's word and by the keys seen
// here: it may have been pressed before the field had the focus.
func (s *Secret) shift() bool {
	d, ok := fyne.CurrentApp().Driver().(desktop.Driver)
	return s.shifts > 0 || ok && d.CurrentKeyModifiers()&fyne.KeyModifierShift != 0
}

// capsFrom is what a typed letter tells of Caps Lock. Shift turns the lock's effect
// round, except on macOS, where a capital with Shift tells nothing.
func capsFrom(r rune, shift bool, goos string) (on, known bool) {
	upper, lower := unicode.IsUpper(r), unicode.IsLower(r)
	switch {
	case !upper && !lower:
		return false, false
	case shift && upper && goos == "darwin":
		return false, false
	default:
		return upper != shift, true
	}
}

func (s *Secret) learn(on bool) {
	changed := !s.known && on || s.known && on != s.caps
	s.caps, s.known = on, true
	if changed && s.OnCaps != nil {
		s.OnCaps(on)
	}
}
