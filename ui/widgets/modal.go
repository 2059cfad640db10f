//go:build !nogui

package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// Modal is a dialog over the dimmed window: a heading, a body that scrolls when
// the window is low, and a row of buttons that always stays in sight.
type Modal struct {
	canvas  fyne.Canvas
	overlay *fyne.Container
	page    *Page
	title   *Text
	footer  *fyne.Container
	flash   *Text
	shown   bool
	resume  bool // the focus was on a button, and goes to the next there is
	// Unasked says that the person did not ask for what it shows, but for nothing, or
	// for a field: a key that they were about to press must not press a button of it.
	Unasked bool
	// OnEscape is called for the Escape key; nil closes the dialog.
	OnEscape func()
	OnClosed func()
	keys     func(*fyne.KeyEvent)
	under    fyne.Focusable // has the window's focus; nil for none
}

// modalWidth is the design's; narrower windows give less.
const modalWidth float32 = 700

// NewModal returns a dialog for c; Show opens it.
func NewModal(c fyne.Canvas, title string) *Modal {
	m := &Modal{canvas: c, page: NewPage(27, 4), footer: Row(10, 0, false, Space(1, 1))}
	m.title = NewText(title, Look{Size: theme.SizeDialogTitle, Bold: true}, Wrap)
	m.flash = NewText("", Secondary, Wrap)
	m.flash.Hide()
	card := container.New(&modalCard{},
		Inset(23, 27, 12, 27, m.title), m.page.Scroll, Inset(12, 27, 21, 27, Column(8, m.flash, m.footer)))
	m.overlay = container.New(&modalLayout{},
		NewSurface(theme.ColorDim, "", ""), newBlocker(),
		NewSurface(theme.ColorCard, "", fynetheme.SizeNameDialogRadius), card)
	return m
}

// SetTitle replaces the heading.
func (m *Modal) SetTitle(s string) { m.title.SetText(s) }

// SetBody replaces what is between heading and buttons.
func (m *Modal) SetBody(objects ...fyne.CanvasObject) {
	m.page.ShowHeld(m.canvas, objects...)
	m.Settle()
}

// SetFooter replaces the buttons; they stand at the right, those in left at the
// left.
func (m *Modal) SetFooter(left []fyne.CanvasObject, right ...fyne.CanvasObject) {
	held := m.heldButton()
	m.footer.Objects = append(append([]fyne.CanvasObject{}, left...), Space(1, 1))
	m.footer.Layout = &row{gap: 10, stretch: len(left)}
	m.footer.Objects = append(m.footer.Objects, right...)
	m.footer.Refresh()
	m.Settle()
	m.holdButton(held)
	m.offer()
}

// heldButton is the place, counted from the right, of the button with the focus,
// or -1.
func (m *Modal) heldButton() int {
	has := m.canvas.Focused()
	for i, o := range m.footer.Objects {
		if f, ok := o.(fyne.Focusable); ok && f == has {
			return len(m.footer.Objects) - 1 - i
		}
	}
	if m.resume {
		return 0
	}
	return -1
}

// holdButton gives the focus to the button that took the place of the one that
// had it. Left on one that is gone, keys would go nowhere, Escape among them.
func (m *Modal) holdButton(place int) {
	if place < 0 {
		return
	}
	m.resume = true
	m.canvas.Unfocus()
	if i := len(m.footer.Objects) - 1 - place; i >= 0 {
		if f, ok := m.footer.Objects[i].(fyne.Focusable); ok {
			m.resume = false
			m.canvas.Focus(f)
		}
	}
}

// Flash shows a short result over the buttons; "" takes it away.
func (m *Modal) Flash(sentence string) {
	m.flash.SetText(sentence)
	m.flash.Hidden = sentence == ""
	m.Settle()
}

// Settle lays the dialog out again.
func (m *Modal) Settle() {
	m.page.Settle()
	m.overlay.Refresh()
}

// Show opens the dialog and puts the focus on focus, if any.
func (m *Modal) Show(focus fyne.Focusable) {
	m.keys = m.canvas.OnTypedKey()
	m.canvas.SetOnTypedKey(m.typedKey)
	// An overlay has a focus of its own. Fyne does not tell what has that of the
	// window: its ring and caret would stay in sight.
	if m.under = m.canvas.Focused(); m.under != nil {
		m.under.FocusLost()
	}
	m.shown = true
	m.canvas.Overlays().Add(m.overlay)
	m.overlay.Resize(m.canvas.Size())
	if focus != nil {
		m.canvas.Focus(focus)
	}
	m.offer()
}

// offer puts the focus on the filled button, which is the last, so that Enter presses
// it. Where there is a field, that is asked first: no key passes over it.
func (m *Modal) offer() {
	if !m.shown || m.Unasked || m.canvas.Focused() != nil || slices.ContainsFunc(focusables(m.page.content), isField) {
		return
	}
	if n := len(m.footer.Objects); n > 0 {
		if b, ok := m.footer.Objects[n-1].(*Button); ok && b.kind == Primary && !b.disabled {
			m.resume = false
			m.canvas.Focus(b)
		}
	}
}

func isField(f fyne.Focusable) bool {
	switch f.(type) {
	case *Entry, *Secret:
		return true
	default:
		return false
	}
}

func (m *Modal) typedKey(e *fyne.KeyEvent) {
	if m.page.TypedKey(e) || e.Name != fyne.KeyEscape {
		return
	}
	if m.OnEscape != nil {
		m.OnEscape()
		return
	}
	m.Close()
}

// Close takes the dialog away; closing twice is harmless.
func (m *Modal) Close() {
	if !m.shown {
		return
	}
	m.shown = false
	// What has the focus in it is told that it loses it: the caret of a field that is
	// not would go on blinking, and have the window painted, for ever.
	m.canvas.Unfocus()
	m.canvas.Overlays().Remove(m.overlay)
	m.canvas.SetOnTypedKey(m.keys)
	if m.under != nil && m.canvas.Focused() == m.under {
		m.under.FocusGained()
	}
	if m.OnClosed != nil {
		m.OnClosed()
	}
}

// Shown reports whether it is open.
func (m *Modal) Shown() bool { return m.shown }

// modalLayout dims everything (objects 0 and 1) and centres the card (2 and 3).
type modalLayout struct{}

func (*modalLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects[:2] {
		o.Resize(size)
	}
	w := min(modalWidth, size.Width-24)
	h := min(heightFor(objects[3], w), size.Height-24)
	at := fyne.NewPos((size.Width-w)/2, (size.Height-h)/2)
	for _, o := range objects[2:] {
		o.Move(at)
		o.Resize(fyne.NewSize(w, h))
	}
}

func (*modalLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.Size{} }

// modalCard is title, scrolling body, footer.
type modalCard struct{}

func (*modalCard) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	title, body, footer := objects[0], objects[1], objects[2]
	th := heightFor(title, size.Width)
	fh := heightFor(footer, size.Width)
	title.Resize(fyne.NewSize(size.Width, th))
	footer.Move(fyne.NewPos(0, size.Height-fh))
	footer.Resize(fyne.NewSize(size.Width, fh))
	body.Move(fyne.NewPos(0, th))
	body.Resize(fyne.NewSize(size.Width, max(0, size.Height-th-fh)))
}

// MinSize asks for the body's whole height; the window gives what it has.
func (*modalCard) MinSize(objects []fyne.CanvasObject) fyne.Size {
	title, footer := objects[0].MinSize(), objects[2].MinSize()
	content := objects[1].(*container.Scroll).Content.MinSize()
	return fyne.NewSize(max(title.Width, content.Width, footer.Width), title.Height+content.Height+footer.Height)
}
