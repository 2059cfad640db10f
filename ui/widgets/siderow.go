//go:build !nogui

package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/ui/theme"
)

// sideRow is one line in sight; it is used again for another item when the list
// scrolls, so set gives it everything anew.
type sideRow struct {
	pressable
	list            *SideList
	item            SideItem
	heading         *Text
	title, subtitle *Text
	remark          *Text
	more            *Button
	back            *Surface
	body            *fyne.Container
}

func newSideRow(l *SideList) *sideRow {
	r := &sideRow{
		list:    l,
		heading: NewText("", Section, CutEnd),
		title:   NewText("", Strong, CutMiddle), subtitle: NewText("", Small, CutEnd),
		remark: NewText("", Small, Grow),
		back:   NewSurface("", "", fynetheme.SizeNameSelectionRadius),
	}
	if l.OnMore != nil {
		r.more = NewIconButton(theme.IconCopy, "", nil)
		r.more.OnTapped(func() { l.OnMore(r.item.ID, r.more) })
	}
	r.body = container.NewStack()
	r.extend(r)
	return r
}

func (r *sideRow) set(it SideItem) {
	r.item, r.onTap, r.hovered = it, nil, false
	r.heading.SetText(it.Heading)
	r.title.SetText(it.Title)
	r.subtitle.SetText(it.Subtitle)
	r.remark.SetText(it.Remark)
	if it.Heading != "" {
		r.body.Objects = []fyne.CanvasObject{Inset(12, 8, 0, 8, r.heading)}
	} else {
		r.onTap = func() { r.list.choose(r.item.ID) }
		r.body.Objects = []fyne.CanvasObject{r.back, Inset(0, 4, 0, 8, r.line())}
	}
	r.Refresh()
}

// line is what a row that can be chosen shows.
func (r *sideRow) line() fyne.CanvasObject {
	words, parts := Column(1, r.title), []fyne.CanvasObject{}
	if r.item.Subtitle != "" {
		words.Add(r.subtitle)
	}
	if r.item.State != "" {
		parts = append(parts, Icon(r.item.State.Icon(), 18))
	}
	stretch := len(parts)
	parts = append(parts, words)
	if r.item.Remark != "" {
		parts = append(parts, r.remark)
	}
	if r.more != nil {
		parts = append(parts, r.more)
	}
	return Row(11, stretch, false, parts...)
}

// CreateRenderer implements fyne.Widget.
func (r *sideRow) CreateRenderer() fyne.WidgetRenderer {
	return &foldRenderer{content: r.body, before: r.paint}
}

func (r *sideRow) paint() {
	fill, stroke := fyne.ThemeColorName(""), fyne.ThemeColorName("")
	switch {
	case r.item.ID == r.list.chosen && r.item.Heading == "":
		fill = theme.ColorSelection
		if r.list.focused {
			stroke = theme.ColorAccent
		}
	case r.hovered:
		fill = fynetheme.ColorNameHover
	}
	r.back.Set(fill, stroke)
}
