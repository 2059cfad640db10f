//go:build !nogui

package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// LookedPath is one path that a party looked at.
type LookedPath struct {
	Path   string
	Found  bool
	State  theme.State // of what was found, where that is not good; "" for no more than found
	Word   string      // "found", "nothing there", or what is odd about it
	Folder func()      // opens the folder; nil for no button
	Copy   func()
}

// RowData is a row that tells how something stands and unfolds to tell why.
type RowData struct {
	ID      string
	State   theme.State
	Icon    theme.IconName // instead of a state's shape, for what has none
	Title   string
	Word    string // the verdict; "" for none
	Muted   bool   // out of scope: the word is not coloured
	Reason  string
	Notes   []string // unfolded: sentences
	Label   string   // unfolded: over the paths
	Looked  []LookedPath
	Fields  []Field
	Body    fyne.CanvasObject // unfolded: any drawing; nil for none
	Actions []Action
	Open    bool
	OnFold  func(open bool)
}

// foldable reports whether there is anything to unfold.
func (d RowData) foldable() bool {
	return len(d.Looked)+len(d.Notes)+len(d.Fields)+len(d.Actions) > 0 || d.Body != nil
}

// FoldRow is one row of the "who trusts it" table or of the findings.
type FoldRow struct {
	clickable
	data    RowData
	back    *Surface
	reason  *Text
	chevron *canvas.Image
	fold    *fyne.Container
	root    *fyne.Container
}

// NewFoldRow returns a row.
func NewFoldRow(d RowData) *FoldRow {
	r := &FoldRow{data: d}
	r.back = NewSurface("", "", fynetheme.SizeNameCardRadius)
	r.reason = NewText(d.Reason, Secondary, d.cut())
	r.chevron = Icon(chevron(d.Open), 14)
	r.fold = Column(6, r.details()...)
	r.fold.Hidden = !d.Open
	body := Column(4, r.heading())
	if d.Reason != "" {
		body.Add(r.second())
	}
	body.Add(r.fold)
	r.root = container.NewStack(r.back,
		Inset(11, GapCard, 11, 13, Row(11, 1, true, Icon(d.icon(), 18), body)))
	if d.foldable() {
		r.onTap = func() { r.SetOpen(!r.data.Open) }
	}
	r.settle()
	r.extend(r)
	return r
}

// cut is how a reason that is too long is shortened: a path in its middle.
func (d RowData) cut() Overflow {
	if strings.ContainsRune(d.Reason, ' ') {
		return CutEnd
	}
	return CutMiddle
}

func (d RowData) icon() fyne.Resource {
	if d.Icon != "" {
		return theme.Icon(d.Icon, theme.ColorMuted)
	}
	return d.State.Icon()
}

// second is the reason, with a chevron when there is more to see.
func (r *FoldRow) second() fyne.CanvasObject {
	if !r.data.foldable() {
		return r.reason
	}
	return Row(8, 0, true, r.reason, Inset(1, 0, 0, 0, r.chevron))
}

func (r *FoldRow) heading() fyne.CanvasObject {
	title := NewText(r.data.Title, Strong, Wrap)
	if r.data.Word == "" {
		return title
	}
	word := Strong.In(r.data.State.Color())
	if r.data.Muted {
		word = Strong.In(theme.ColorMuted)
	}
	return Row(10, 0, true, title, NewText(r.data.Word, word, Grow))
}

func (r *FoldRow) details() []fyne.CanvasObject {
	var out []fyne.CanvasObject
	for _, n := range r.data.Notes {
		out = append(out, NewText(n, Look{Size: theme.SizeSecondary}, Wrap))
	}
	for _, f := range r.data.Fields {
		out = append(out, FieldRow(f.Name, f.Value, Look{Size: theme.SizeSecondary}))
	}
	if r.data.Body != nil {
		out = append(out, r.data.Body)
	}
	if len(r.data.Looked) > 0 && r.data.Label != "" {
		out = append(out, Space(1, 1), SectionLabel(r.data.Label))
	}
	for _, l := range r.data.Looked {
		out = append(out, lookedRow(l))
	}
	if len(r.data.Actions) > 0 {
		out = append(out, Actions(r.data.Actions))
	}
	return out
}

func lookedRow(l LookedPath) fyne.CanvasObject {
	mark := theme.Icon(theme.IconClose, theme.ColorMuted)
	switch {
	case l.State != "":
		mark = l.State.Icon()
	case l.Found:
		mark = theme.Icon(theme.IconCheck, theme.ColorTrusted)
	}
	words := Column(1, NewText(l.Path, Mono, CutMiddle))
	if l.Word != "" {
		words.Add(NewText(l.Word, Secondary, Wrap))
	}
	parts := []fyne.CanvasObject{Icon(mark, 13), words}
	if l.Folder != nil {
		parts = append(parts, NewIconButton(theme.IconFolder, "", l.Folder))
	}
	if l.Copy != nil {
		parts = append(parts, NewIconButton(theme.IconCopy, "", l.Copy))
	}
	return Row(6, 1, false, parts...)
}

// SetOpen unfolds or folds the row.
func (r *FoldRow) SetOpen(open bool) {
	r.data.Open = open
	r.settle()
	if r.data.OnFold != nil {
		r.data.OnFold(open)
	}
	r.Refresh()
}

// settle shows the whole reason only when unfolded.
func (r *FoldRow) settle() {
	r.fold.Hidden = !r.data.Open || !r.data.foldable()
	r.chevron.Resource = chevron(r.data.Open)
	r.chevron.Refresh()
	r.reason.overflow = r.data.cut()
	if r.data.Open {
		r.reason.overflow = Wrap
	}
	r.reason.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *FoldRow) CreateRenderer() fyne.WidgetRenderer {
	return &foldRenderer{content: r.root, before: func() {
		fill, stroke := fyne.ThemeColorName(""), fyne.ThemeColorName("")
		if r.hovered && r.data.foldable() {
			fill = fynetheme.ColorNameHover
		}
		if r.focused {
			stroke = theme.ColorAccent
		}
		r.back.Set(fill, stroke)
	}}
}

// RowTable is rows under one another on one surface, with lines between.
func RowTable(rows ...fyne.CanvasObject) fyne.CanvasObject {
	list := Column(0)
	for i, r := range rows {
		if i > 0 {
			list.Add(Rule())
		}
		list.Add(r)
	}
	return container.NewStack(
		NewSurface(theme.ColorCard, theme.ColorLine, fynetheme.SizeNameCardRadius), Inset(1, 1, 1, 1, list))
}

func chevron(open bool) fyne.Resource {
	if open {
		return theme.Icon(theme.IconChevronDown, theme.ColorMuted)
	}
	return theme.Icon(theme.IconChevronRight, theme.ColorMuted)
}
