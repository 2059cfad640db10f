//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// BigAction is one of the few things to do on an empty page.
type BigAction struct {
	Icon          theme.IconName
	Title, Detail string
	Do            func()
}

// EmptyState says what would be here, and offers the ways to get it here.
func EmptyState(title, detail string, actions ...BigAction) fyne.CanvasObject {
	centred := Title
	centred.Align = fyne.TextAlignCenter
	muted := Look{Color: theme.ColorMuted, Align: fyne.TextAlignCenter}
	list := Column(10,
		container.NewCenter(Icon(theme.Icon(theme.IconLogo, theme.ColorAccent), 56)),
		Space(1, 2), NewText(title, centred, Wrap), NewText(detail, muted, Wrap), Space(1, 8))
	for _, a := range actions {
		list.Add(NewBigButton(a))
	}
	return container.New(&narrow{width: 460}, list)
}

// narrow centres one object that is at most width wide.
type narrow struct{ width float32 }

func (n *narrow) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	w := min(n.width, size.Width)
	for _, o := range objects {
		h := heightFor(o, w)
		o.Resize(fyne.NewSize(w, h))
		o.Move(fyne.NewPos((size.Width-w)/2, max(0, (size.Height-h)/2)))
	}
}

func (n *narrow) MinSize(objects []fyne.CanvasObject) fyne.Size { return objects[0].MinSize() }

// BigButton is a card that does something.
type BigButton struct {
	clickable
	back *Surface
	root *fyne.Container
}

// NewBigButton returns a card for a.
func NewBigButton(a BigAction) *BigButton {
	b := &BigButton{back: NewSurface(theme.ColorCard, theme.ColorLine, fynetheme.SizeNameCardRadius)}
	b.onTap = a.Do
	words := Column(2, NewText(a.Title, Strong, Wrap))
	if a.Detail != "" {
		words.Add(NewText(a.Detail, Secondary, Wrap))
	}
	b.root = container.NewStack(b.back, Inset(GapCard, 16, GapCard, 16, Row(14, 1, false,
		Icon(theme.Icon(a.Icon, theme.ColorAccent), 24),
		words,
		Icon(theme.Icon(theme.IconChevronRight, theme.ColorMuted), 16))))
	b.extend(b)
	return b
}

// CreateRenderer implements fyne.Widget.
func (b *BigButton) CreateRenderer() fyne.WidgetRenderer {
	return &foldRenderer{content: b.root, before: func() {
		stroke := theme.ColorLine
		if b.hovered || b.focused {
			stroke = theme.ColorAccent
		}
		b.back.Set(theme.ColorCard, stroke)
	}}
}
