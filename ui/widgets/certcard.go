//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// Validity is a certificate's life: how much of it is spent, and in words.
type Validity struct {
	Spent float32 // 0 at its first moment, 1 at its end
	State theme.State
	Left  string // "20 days left"
	Dates string // "2026-09-13 → 2026-12-12"
}

// Field is a named value of what a card unfolds.
type Field struct {
	Name, Value string
	Mono        bool
}

// CertData is what a certificate card shows.
type CertData struct {
	Role     string // "Server"
	Origin   string // "sent by server"
	Name     string
	Owner    string // organisation and key
	Validity Validity
	// Fingerprint and Short are the whole and the shortened form; Label names the
	// algorithm.
	Label, Fingerprint, Short string
	Copy                      func() // copies the fingerprint

	Broken   bool     // the chain breaks at this card
	Problems []string // what is wrong with this certificate
	Missing  string   // not "": there is no such certificate, and this is why

	Fields  []Field
	Actions []Action // of the unfolded card
	Open    bool
	OnFold  func(open bool)
}

// Action is a small labelled button.
type Action struct {
	Label string
	Icon  theme.IconName
	Do    func()
}

// CertCard is one certificate as a card. A click or Enter unfolds everything
// about it.
type CertCard struct {
	clickable
	data    CertData
	back    *Surface
	fold    *fyne.Container
	chevron *canvas.Image
	root    *fyne.Container
}

// NewCertCard returns a card.
func NewCertCard(d CertData) *CertCard {
	c := &CertCard{data: d}
	c.back = NewSurface(theme.ColorCard, c.border(), fynetheme.SizeNameCardRadius)
	c.fold = Column(GapRow, c.details()...)
	c.fold.Hidden = !d.Open
	c.chevron = Icon(chevron(d.Open), 14)
	body := Column(3, c.heading(), NewText(d.Name, Name, CutEnd))
	if d.Owner != "" {
		body.Add(NewText(d.Owner, Secondary, CutEnd))
	}
	if d.Missing != "" {
		body.Add(NewText(d.Missing, Secondary, Wrap))
	} else {
		body.Add(Space(1, 2))
		body.Add(ValidityBar(d.Validity))
		body.Add(c.fingerprint())
	}
	for _, p := range d.Problems {
		body.Add(NewText(p, Look{Color: theme.ColorRefused, Size: theme.SizeSecondary, Bold: true}, Wrap))
	}
	body.Add(c.fold)
	c.root = container.NewStack(c.back, Inset(11, GapCard, 9, GapCard, body))
	if d.Missing != "" {
		c.back.Set("", "")
		c.root.Add(newDashes(theme.ColorUnknown))
	} else {
		c.onTap = func() { c.SetOpen(!c.data.Open) }
	}
	c.extend(c)
	return c
}

func (c *CertCard) border() fyne.ThemeColorName {
	switch {
	case c.data.Broken:
		return theme.ColorRefused
	case c.focused, c.hovered:
		return theme.ColorAccent
	default:
		return theme.ColorLine
	}
}

func (c *CertCard) heading() fyne.CanvasObject {
	role := NewText(c.data.Role, Section, CutEnd)
	if c.data.Origin == "" {
		return role
	}
	return Opposite(GapRow, role, c.data.Origin)
}

func (c *CertCard) fingerprint() fyne.CanvasObject {
	copyIt := NewIconButton(theme.IconCopy, "", c.data.Copy)
	return Row(10, 1, false,
		NewText(c.data.Label, Mono.In(theme.ColorMuted), Grow),
		Row(2, -1, false, NewText(c.data.Short, Mono, Grow), copyIt),
		c.chevron)
}

func (c *CertCard) details() []fyne.CanvasObject {
	out := []fyne.CanvasObject{Rule()}
	for _, f := range c.data.Fields {
		look := Look{Size: theme.SizeSecondary}
		if f.Mono {
			look = Mono
		}
		out = append(out, FieldRow(f.Name, f.Value, look))
	}
	if len(c.data.Actions) > 0 {
		out = append(out, Actions(c.data.Actions))
	}
	return out
}

// FieldRow is a name in a narrow column and its value beside it.
func FieldRow(name, value string, look Look) fyne.CanvasObject {
	return Row(10, 1, true,
		Sized(112, 1, NewText(name, Secondary, Wrap)), NewText(value, look, Wrap))
}

// Actions is a row of small buttons whose words, not their room, begin at the
// left edge.
func Actions(actions []Action) fyne.CanvasObject {
	r := Row(4, -1, false)
	for _, a := range actions {
		r.Add(NewSmallButton(a.Icon, a.Label, a.Do))
	}
	return Inset(0, 0, 0, -8, r)
}

// SetOpen unfolds or folds the card.
func (c *CertCard) SetOpen(open bool) {
	c.data.Open = open
	c.fold.Hidden = !open
	c.chevron.Resource = chevron(open)
	c.chevron.Refresh()
	if c.data.OnFold != nil {
		c.data.OnFold(open)
	}
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *CertCard) CreateRenderer() fyne.WidgetRenderer {
	return &foldRenderer{content: c.root, before: func() {
		if c.data.Missing == "" {
			c.back.Set(theme.ColorCard, c.border())
		}
	}}
}

// foldRenderer draws one container and settles its layout on every refresh, as
// what it holds may have been unfolded.
type foldRenderer struct {
	content *fyne.Container
	before  func()
}

func (r *foldRenderer) Layout(size fyne.Size) { r.content.Resize(size) }
func (r *foldRenderer) MinSize() fyne.Size    { return r.content.MinSize() }
func (r *foldRenderer) Refresh() {
	if r.before != nil {
		r.before()
	}
	r.content.Refresh()
}
func (r *foldRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.content} }
func (r *foldRenderer) Destroy()                     {}
