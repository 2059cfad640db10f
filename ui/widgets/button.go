//go:build !nogui

package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// Kind is how much a button wants to be pressed.
type Kind int

// The kinds of button. A page has at most one Primary.
const (
	Primary Kind = iota
	Outline
	Plain // words only, in the accent colour
	Quiet // words or icon only, muted: for what stands beside every row
)

// Button is a labelled action.
type Button struct {
	clickable
	kind  Kind
	label string
	icon  theme.IconName // "" for none
	small bool
}

// NewButton returns a button.
func NewButton(kind Kind, label string, tapped func()) *Button {
	b := &Button{kind: kind, label: label}
	b.onTap = tapped
	b.extend(b)
	return b
}

// NewIconButton returns a small button of an icon alone or, with a label, of both.
func NewIconButton(icon theme.IconName, label string, tapped func()) *Button {
	b := &Button{kind: Quiet, label: label, icon: icon, small: true}
	b.onTap = tapped
	b.extend(b)
	return b
}

// NewSmallButton returns a small button in the accent colour; icon may be "".
func NewSmallButton(icon theme.IconName, label string, tapped func()) *Button {
	b := NewIconButton(icon, label, tapped)
	b.kind = Plain
	return b
}

// WithIcon puts an icon before the label.
func (b *Button) WithIcon(i theme.IconName) *Button { b.icon = i; return b }

// OnTapped replaces what the button does.
func (b *Button) OnTapped(f func()) { b.onTap = f }

// SetLabel replaces the words.
func (b *Button) SetLabel(s string) {
	if b.label != s {
		b.label = s
		b.Refresh()
	}
}

// Label returns the words.
func (b *Button) Label() string { return b.label }

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	r := &buttonRenderer{b: b, back: canvas.NewRectangle(nil), over: canvas.NewRectangle(nil), text: &canvas.Text{}}
	r.icon = Icon(nil, r.iconSize())
	r.paint()
	return r
}

type buttonRenderer struct {
	b          *Button
	back, over *canvas.Rectangle
	text       *canvas.Text
	icon       *canvas.Image
}

func (r *buttonRenderer) paint() {
	b, fore := r.b, r.foreground()
	r.text.Text, r.text.Color = b.label, theme.Color(fore)
	r.text.TextSize = theme.Size(fynetheme.SizeNameText)
	r.text.TextStyle = fyne.TextStyle{Bold: b.kind != Quiet}
	if b.small {
		r.text.TextSize = theme.Size(theme.SizeSecondary)
	}
	r.icon.Hidden = b.icon == ""
	if b.icon != "" {
		r.icon.Resource = theme.Icon(b.icon, fore)
	}
	r.paintBack()
}

func (r *buttonRenderer) foreground() fyne.ThemeColorName {
	switch {
	case r.b.disabled, r.b.kind == Quiet:
		return theme.ColorMuted
	case r.b.kind == Primary:
		return theme.ColorOnAccent
	default:
		return theme.ColorAccent
	}
}

func (r *buttonRenderer) paintBack() {
	b := r.b
	r.back.FillColor, r.back.StrokeWidth, r.over.StrokeWidth = color.Transparent, 0, 0
	radius := theme.Size(fynetheme.SizeNameButtonRadius)
	r.back.CornerRadius, r.over.CornerRadius = radius, radius
	switch {
	case b.kind == Primary && b.disabled:
		r.back.FillColor = theme.Color(theme.ColorUnknownBack)
	case b.kind == Primary:
		r.back.FillColor = theme.Color(theme.ColorAccent)
	case b.kind == Outline:
		r.back.StrokeWidth, r.back.StrokeColor = 1, theme.Color(r.foreground())
		r.back.FillColor = clear(r.back.StrokeColor)
	}
	r.over.FillColor = color.Transparent
	if b.hovered {
		r.over.FillColor = theme.Color(fynetheme.ColorNameHover)
	}
	if b.focused {
		r.over.StrokeWidth, r.over.StrokeColor = 2, theme.Color(fynetheme.ColorNameFocus)
		if b.kind == Primary {
			r.over.StrokeColor = theme.Color(theme.ColorInk)
		}
	}
}

func (r *buttonRenderer) iconSize() float32 {
	if r.b.small {
		return 15
	}
	return 16
}

func (r *buttonRenderer) padding() fyne.Size {
	switch {
	case r.b.small && r.b.label == "":
		return fyne.NewSize(5, 5)
	case r.b.small:
		return fyne.NewSize(8, 5)
	case r.b.kind == Plain:
		return fyne.NewSize(10, 10)
	default:
		return fyne.NewSize(17, 10)
	}
}

// content is the size of icon, gap and words.
func (r *buttonRenderer) content() fyne.Size {
	size := r.text.MinSize()
	if r.b.label == "" {
		size.Width = 0
	}
	if r.b.icon != "" {
		size.Width += r.iconSize()
		size.Height = max(size.Height, r.iconSize())
		if r.b.label != "" {
			size.Width += 6
		}
	}
	return size
}

func (r *buttonRenderer) MinSize() fyne.Size {
	p := r.padding()
	return r.content().AddWidthHeight(2*p.Width, 2*p.Height)
}

func (r *buttonRenderer) Layout(size fyne.Size) {
	r.back.Resize(size)
	r.over.Resize(size)
	c := r.content()
	x := (size.Width - c.Width) / 2
	if r.b.icon != "" {
		s := r.iconSize()
		r.icon.Move(fyne.NewPos(x, (size.Height-s)/2))
		r.icon.Resize(fyne.NewSquareSize(s))
		x += s + 6
	}
	m := r.text.MinSize()
	r.text.Move(fyne.NewPos(x, (size.Height-m.Height)/2))
	r.text.Resize(m)
}

func (r *buttonRenderer) Refresh() {
	r.paint()
	r.Layout(r.b.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *buttonRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.back, r.icon, r.text, r.over}
}

func (r *buttonRenderer) Destroy() {}
