//go:build !nogui

package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"mooring.dev/mooring/ui/theme"
)

// Surface is a filled, bordered rectangle that follows the theme.
type Surface struct {
	widget.BaseWidget
	fill, stroke fyne.ThemeColorName // "": none
	strokeWidth  float32
	radius       fyne.ThemeSizeName // "": square corners
	min          fyne.Size
}

// NewSurface returns a surface; fill and stroke may be "" for none.
func NewSurface(fill, stroke fyne.ThemeColorName, radius fyne.ThemeSizeName) *Surface {
	s := &Surface{fill: fill, stroke: stroke, strokeWidth: 1, radius: radius}
	s.ExtendBaseWidget(s)
	return s
}

// Set changes the colours.
func (s *Surface) Set(fill, stroke fyne.ThemeColorName) {
	if s.fill != fill || s.stroke != stroke {
		s.fill, s.stroke = fill, stroke
		s.Refresh()
	}
}

// CreateRenderer implements fyne.Widget.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer {
	s.ExtendBaseWidget(s)
	r := &surfaceRenderer{s: s, rect: canvas.NewRectangle(nil)}
	r.paint()
	return r
}

type surfaceRenderer struct {
	s    *Surface
	rect *canvas.Rectangle
}

func (r *surfaceRenderer) paint() {
	r.rect.FillColor, r.rect.StrokeColor, r.rect.StrokeWidth = nil, nil, 0
	if r.s.fill != "" {
		r.rect.FillColor = theme.Color(r.s.fill)
	}
	if r.s.stroke != "" {
		r.rect.StrokeColor, r.rect.StrokeWidth = theme.Color(r.s.stroke), r.s.strokeWidth
		if r.s.fill == "" {
			r.rect.FillColor = clear(theme.Color(r.s.stroke))
		}
	}
	if r.s.radius != "" {
		r.rect.CornerRadius = theme.Size(r.s.radius)
	}
}

// clear is c without any of it: a border around plain transparency, which is a
// transparent black, would darken where both meet.
func clear(c color.Color) color.Color {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	n.A = 0
	return n
}

func (r *surfaceRenderer) Layout(size fyne.Size) { r.rect.Resize(size) }
func (r *surfaceRenderer) MinSize() fyne.Size    { return r.s.min }
func (r *surfaceRenderer) Refresh() {
	r.paint()
	r.rect.Refresh()
}
func (r *surfaceRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.rect} }
func (r *surfaceRenderer) Destroy()                     {}

// Panel is a card: content with the design's inner room on a bordered surface.
func Panel(content fyne.CanvasObject) *fyne.Container {
	return container.NewStack(
		NewSurface(theme.ColorCard, theme.ColorLine, fynetheme.SizeNameCardRadius),
		Inset(GapCard, GapCard, GapCard, GapCard, content))
}

// Rule is a thin line across.
func Rule() fyne.CanvasObject {
	s := NewSurface(theme.ColorLine, "", "")
	s.min = fyne.NewSize(1, 1)
	return s
}

// chip is a remark in a pill, such as a certificate's origin; a path is cut in its
// middle when there is little room.
func chip(text string) fyne.CanvasObject {
	s := NewSurface(theme.ColorUnknownBack, "", fynetheme.SizeNameInputRadius)
	label := NewText(text, Small, CutMiddle)
	return container.NewStack(s, Inset(2, 8, 2, 8, label))
}

// Tinted lies content on the background of a state.
func Tinted(s theme.State, content fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(NewSurface(s.Back(), "", fynetheme.SizeNameCardRadius),
		Inset(GapCard, 16, GapCard, 16, content))
}

// Centred is a muted sentence in the middle of an empty place.
func Centred(sentence string) fyne.CanvasObject {
	look := Look{Color: theme.ColorMuted, Align: fyne.TextAlignCenter}
	return container.New(&narrow{width: 460}, NewText(sentence, look, Wrap))
}

// Busy says that something is going on.
func Busy(sentence string) fyne.CanvasObject {
	return Row(GapRow, 1, false, Sized(18, 18, newSpinner()), NewText(sentence, Secondary, Wrap))
}

// SectionLabel is a heading in capitals over a group. The caller capitalises:
// how is a matter of language.
func SectionLabel(text string) fyne.CanvasObject {
	return NewText(text, Section, CutEnd)
}

// StateBadge is a state's shape with its word in its colour.
func StateBadge(s theme.State, word string) *fyne.Container {
	return Row(GapRow, -1, false,
		Icon(s.Icon(), 18), NewText(word, Strong.In(s.Color()), Grow))
}
