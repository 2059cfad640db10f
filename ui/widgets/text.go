//go:build !nogui

package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"mooring.dev/mooring/ui/theme"
)

// Overflow is what a Text does when its room is too narrow.
type Overflow int

// The ways to deal with too little room.
const (
	Wrap      Overflow = iota // continue on the next line
	CutEnd                    // "registry.corp.exa…"
	CutMiddle                 // "/etc/docker/…/ca.crt": the end of a path tells most
	Drop                      // not at all, if not as a whole
	Grow                      // ask for the room
)

// Look is how a text appears; the zero value is body text.
type Look struct {
	Color fyne.ThemeColorName // "": ink
	Size  fyne.ThemeSizeName  // "": body
	Bold  bool
	Mono  bool
	Align fyne.TextAlign
}

// The looks of the design.
var (
	Body      = Look{}
	Strong    = Look{Bold: true}
	Secondary = Look{Color: theme.ColorMuted, Size: theme.SizeSecondary}
	Small     = Look{Color: theme.ColorMuted, Size: theme.SizeSection} // in narrow lists
	Title     = Look{Size: theme.SizeTitle, Bold: true}
	Name      = Look{Size: theme.SizeName, Bold: true}
	Section   = Look{Color: theme.ColorMuted, Size: theme.SizeSection, Bold: true}
	Mono      = Look{Size: theme.SizeMono, Mono: true}
)

// In returns l in another colour.
func (l Look) In(c fyne.ThemeColorName) Look { l.Color = c; return l }

func (l Look) color() fyne.ThemeColorName {
	if l.Color == "" {
		return theme.ColorInk
	}
	return l.Color
}

func (l Look) size() float32 {
	if l.Size == "" {
		return theme.Size(fynetheme.SizeNameText)
	}
	return theme.Size(l.Size)
}

// leading is what lines of fixed-width digits need between them to be compared.
func (l Look) leading() float32 {
	if l.Mono {
		return 3
	}
	return 0
}

func (l Look) style() fyne.TextStyle { return fyne.TextStyle{Bold: l.Bold, Monospace: l.Mono} }

func (l Look) measure(s string) fyne.Size { return fyne.MeasureText(s, l.size(), l.style()) }

// Text is a run of text without Fyne's label padding, so that the design's grid
// can be kept, and with cuts in the middle.
type Text struct {
	widget.BaseWidget
	text     string
	look     Look
	overflow Overflow
	lines    []string
	width    float32 // that lines were made for
}

// NewText returns a text.
func NewText(s string, look Look, o Overflow) *Text {
	t := &Text{text: s, look: look, overflow: o}
	t.ExtendBaseWidget(t)
	return t
}

// SetText replaces the text.
func (t *Text) SetText(s string) {
	if t.text == s {
		return
	}
	t.text = s
	t.Refresh()
}

// SetLook replaces the look.
func (t *Text) SetLook(l Look) {
	if t.look == l {
		return
	}
	t.look = l
	t.Refresh()
}

// Text returns the whole text, cut or not.
func (t *Text) Text() string { return t.text }

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	t.ExtendBaseWidget(t)
	r := &textRenderer{t: t}
	r.rebuild()
	return r
}

// fit breaks or cuts the text for width; no width yet means one line.
func (t *Text) fit(width float32) {
	t.width = width
	if width <= 0 || t.overflow == Grow {
		t.lines = strings.Split(t.text, "\n")
		return
	}
	switch t.overflow {
	case CutEnd:
		t.lines = []string{cutEnd(t.text, width, t.look)}
	case Drop:
		t.lines = []string{t.text}
		if t.look.measure(t.text).Width > width {
			t.lines[0] = ""
		}
	case CutMiddle:
		t.lines = []string{cutMiddle(t.text, width, t.look)}
	default:
		t.lines = wrap(t.text, width, t.look)
	}
}

// min depends on the width given last, as with every wrapping text in Fyne: the
// layouts of this package resize first and ask then.
func (t *Text) min() fyne.Size {
	var size fyne.Size
	for _, l := range t.lines {
		s := t.look.measure(l)
		size = fyne.NewSize(max(size.Width, s.Width), size.Height+s.Height)
	}
	size.Height += t.look.leading() * float32(max(0, len(t.lines)-1))
	if t.overflow != Grow {
		size.Width = min(size.Width, t.look.size()*2)
	}
	return size
}

type textRenderer struct {
	t     *Text
	lines []fyne.CanvasObject
}

func (r *textRenderer) rebuild() {
	r.t.fit(r.t.width)
	for len(r.lines) < len(r.t.lines) {
		r.lines = append(r.lines, &canvas.Text{})
	}
	r.lines = r.lines[:len(r.t.lines)]
	l := r.t.look
	for i, o := range r.lines {
		c := o.(*canvas.Text)
		c.Text, c.TextSize, c.TextStyle, c.Alignment = r.t.lines[i], l.size(), l.style(), l.Align
		c.Color = theme.Color(l.color())
	}
}

func (r *textRenderer) Layout(size fyne.Size) {
	if size.Width != r.t.width {
		r.t.width = size.Width
		r.rebuild()
	}
	y := float32(0)
	for _, o := range r.lines {
		h := o.MinSize().Height
		o.Move(fyne.NewPos(0, y))
		o.Resize(fyne.NewSize(size.Width, h))
		y += h + r.t.look.leading()
	}
}

func (r *textRenderer) MinSize() fyne.Size { return r.t.min() }

func (r *textRenderer) Refresh() {
	r.rebuild()
	r.Layout(r.t.Size())
	for _, o := range r.lines {
		o.Refresh()
	}
}

func (r *textRenderer) Objects() []fyne.CanvasObject { return r.lines }
func (r *textRenderer) Destroy()                     {}
