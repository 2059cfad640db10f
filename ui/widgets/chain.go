//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"mooring.dev/mooring/ui/theme"
)

// Link is how a certificate card is tied to the next one.
type Link int

// The links. Verified is a taut rope; Broken a rope parted where the chain
// breaks; Slack a rope to a certificate that is not there.
const (
	Verified Link = iota
	Broken
	Slack
)

// ChainLink draws the rope between two cards with what is to be said of it.
func ChainLink(l Link, words string) fyne.CanvasObject {
	look, color := Secondary, theme.ColorTrusted
	switch l {
	case Broken:
		color = theme.ColorRefused
		look = Secondary.In(color)
		look.Bold = true
	case Slack:
		color = theme.ColorUnknown
	}
	return Inset(0, 0, 0, 25, newRope(l, color, NewText(words, look, Wrap)))
}

// rope is the line with its words to the right, centred on it.
type rope struct {
	widget.BaseWidget
	link  Link
	color fyne.ThemeColorName
	words *Text
}

func newRope(l Link, c fyne.ThemeColorName, words *Text) *rope {
	r := &rope{link: l, color: c, words: words}
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *rope) CreateRenderer() fyne.WidgetRenderer {
	rr := &ropeRenderer{rope: r}
	for range strands[r.link] {
		rr.parts = append(rr.parts, canvas.NewRectangle(nil))
	}
	rr.paint()
	return rr
}

// strands are the drawn pieces of the rope, as shares of its length.
var strands = map[Link][][2]float32{
	Verified: {{0, 1}},
	Broken:   {{0, .2}, {.3, .48}, {.56, .74}, {.82, 1}},
	Slack:    {{.04, .18}, {.3, .44}, {.56, .7}, {.82, .96}},
}

type ropeRenderer struct {
	rope  *rope
	parts []*canvas.Rectangle
}

func (r *ropeRenderer) paint() {
	for _, p := range r.parts {
		p.FillColor = theme.Color(r.rope.color)
	}
}

func (r *ropeRenderer) Layout(size fyne.Size) {
	for i, s := range strands[r.rope.link] {
		r.parts[i].Move(fyne.NewPos(0, size.Height*s[0]))
		r.parts[i].Resize(fyne.NewSize(3, size.Height*(s[1]-s[0])))
	}
	h := heightFor(r.rope.words, size.Width-15)
	r.rope.words.Move(fyne.NewPos(15, (size.Height-h)/2))
	r.rope.words.Resize(fyne.NewSize(size.Width-15, h))
}

func (r *ropeRenderer) MinSize() fyne.Size {
	m := r.rope.words.MinSize()
	return fyne.NewSize(15+m.Width, max(30, m.Height+8))
}

func (r *ropeRenderer) Refresh() {
	r.paint()
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *ropeRenderer) Objects() []fyne.CanvasObject {
	out := []fyne.CanvasObject{r.rope.words}
	for _, p := range r.parts {
		out = append(out, p)
	}
	return out
}

func (r *ropeRenderer) Destroy() {}
