//go:build !nogui

package widgets

import (
	"sort"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"mooring.dev/mooring/ui/theme"
)

// SideItem is one line of a SideList: a group's heading, or something to choose.
type SideItem struct {
	Heading  string // not "": this is a heading and nothing else is set
	ID       string
	State    theme.State // "" for what has none: then there is no shape
	Title    string
	Subtitle string // "" for a low row
	Remark   string // at the right end, "" for none
}

// SideList is a grouped list that draws only the rows in sight. When its items
// change, the chosen row stays where it is on the screen.
type SideList struct {
	widget.BaseWidget
	OnChosen func(id string)
	// OnRune is given characters typed while the list has the focus.
	OnRune func(rune)
	// OnEnter is given the chosen row when Enter or Space is pressed on it.
	OnEnter func(id string)
	// OnMore puts a button for more into every row.
	OnMore func(id string, at *Button)

	items   []SideItem
	tops    []float32 // of each item, and the total as the last
	chosen  string
	scroll  *container.Scroll
	content *fyne.Container
	focused bool
	rows    map[int]*sideRow
	spare   []*sideRow
}

const (
	sideHeading float32 = 32
	sideRowSize float32 = 49
	sideRowLow  float32 = 34
	sideBar     float32 = 9 // room for the scroll bar beside the rows
)

// NewSideList returns an empty list.
func NewSideList(chosen func(id string)) *SideList {
	l := &SideList{OnChosen: chosen, rows: map[int]*sideRow{}, tops: []float32{0}}
	l.content = container.New(&sideLayout{l})
	l.scroll = container.NewVScroll(l.content)
	l.scroll.OnScrolled = func(fyne.Position) { l.arrange() }
	l.ExtendBaseWidget(l)
	return l
}

// Items returns what the list shows.
func (l *SideList) Items() []SideItem { return l.items }

// Chosen is the id of the chosen row, "" for none.
func (l *SideList) Chosen() string { return l.chosen }

// SetItems replaces the rows.
func (l *SideList) SetItems(items []SideItem) {
	before, had := l.offset(l.chosen)
	l.items = items
	l.tops = l.tops[:0]
	y := float32(0)
	for _, it := range items {
		l.tops = append(l.tops, y)
		y += it.height()
	}
	l.tops = append(l.tops, y)
	l.recycleAll()
	after, has := l.offset(l.chosen)
	hold := had && has && l.inSight(before)
	if hold {
		l.scroll.Offset.Y = max(0, l.scroll.Offset.Y+after-before)
	}
	l.Refresh()
	if hold {
		l.reveal(after)
	}
}

func (it SideItem) height() float32 {
	switch {
	case it.Heading != "":
		return sideHeading
	case it.Subtitle == "":
		return sideRowLow
	default:
		return sideRowSize
	}
}

// Choose marks the row with this id and brings it into sight, without calling
// OnChosen.
func (l *SideList) Choose(id string) {
	l.chosen = id
	if y, ok := l.offset(id); ok {
		l.reveal(y)
	}
	for _, r := range l.rows {
		r.Refresh()
	}
}

func (l *SideList) offset(id string) (float32, bool) {
	if i := l.index(id); i >= 0 {
		return l.tops[i], true
	}
	return 0, false
}

func (l *SideList) index(id string) int {
	for i, it := range l.items {
		if it.Heading == "" && it.ID == id && id != "" {
			return i
		}
	}
	return -1
}

// heightAt is the height of the row that begins at y.
func (l *SideList) heightAt(y float32) float32 {
	if i := sort.Search(len(l.items), func(i int) bool { return l.tops[i] >= y }); i < len(l.items) {
		return l.items[i].height()
	}
	return sideRowSize
}

func (l *SideList) inSight(y float32) bool {
	top := l.scroll.Offset.Y
	return y+l.heightAt(y) > top && y < top+l.scroll.Size().Height
}

func (l *SideList) reveal(y float32) {
	top, height := l.scroll.Offset.Y, l.scroll.Size().Height
	row := l.heightAt(y)
	switch {
	case height <= 0:
		return
	case y < top+sideHeading:
		l.scroll.ScrollToOffset(fyne.NewPos(0, max(0, y-sideHeading)))
	case y+row > top+height:
		l.scroll.ScrollToOffset(fyne.NewPos(0, y+row-height))
	}
	l.arrange()
}

// arrange gives every item in sight a row and takes the others' away.
func (l *SideList) arrange() {
	top := l.scroll.Offset.Y
	first := sort.Search(len(l.items), func(i int) bool { return l.tops[i+1] > top })
	last := first
	for last < len(l.items) && l.tops[last] < top+l.scroll.Size().Height {
		last++
	}
	for i, r := range l.rows {
		if i < first || i >= last {
			l.spare = append(l.spare, r)
			delete(l.rows, i)
		}
	}
	l.content.Objects = l.content.Objects[:0]
	for i := first; i < last; i++ {
		l.content.Objects = append(l.content.Objects, l.rowFor(i))
	}
}

func (l *SideList) rowFor(i int) *sideRow {
	r, ok := l.rows[i]
	if !ok {
		r = l.takeRow()
		r.set(l.items[i])
		l.rows[i] = r
	}
	r.Move(fyne.NewPos(0, l.tops[i]))
	r.Resize(fyne.NewSize(l.scroll.Size().Width-sideBar, l.items[i].height()))
	return r
}

func (l *SideList) takeRow() *sideRow {
	if n := len(l.spare); n > 0 {
		r := l.spare[n-1]
		l.spare = l.spare[:n-1]
		return r
	}
	return newSideRow(l)
}

func (l *SideList) recycleAll() {
	for i, r := range l.rows {
		l.spare = append(l.spare, r)
		delete(l.rows, i)
	}
}

func (l *SideList) choose(id string) {
	l.Choose(id)
	if l.OnChosen != nil {
		l.OnChosen(id)
	}
}

// FocusGained implements fyne.Focusable.
func (l *SideList) FocusGained() { l.setFocused(true) }

// FocusLost implements fyne.Focusable.
func (l *SideList) FocusLost() { l.setFocused(false) }

func (l *SideList) setFocused(on bool) {
	l.focused = on
	for _, r := range l.rows {
		r.Refresh()
	}
}

// TypedRune implements fyne.Focusable.
func (l *SideList) TypedRune(r rune) {
	if l.OnRune != nil {
		l.OnRune(r)
	}
}

// TypedKey implements fyne.Focusable.
func (l *SideList) TypedKey(e *fyne.KeyEvent) {
	page := max(1, int(l.scroll.Size().Height/sideRowSize)-1)
	switch e.Name {
	case fyne.KeyDown:
		l.step(1)
	case fyne.KeyUp:
		l.step(-1)
	case fyne.KeyPageDown:
		l.step(page)
	case fyne.KeyPageUp:
		l.step(-page)
	case fyne.KeyHome:
		l.step(-len(l.items))
	case fyne.KeyEnd:
		l.step(len(l.items))
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		if l.OnEnter != nil && l.chosen != "" {
			l.OnEnter(l.chosen)
			return
		}
		ForwardKey(l, e)
	default:
		ForwardKey(l, e)
	}
}

// Step moves the choice by n rows, as the arrow keys do.
func (l *SideList) Step(n int) { l.step(n) }

func (l *SideList) step(n int) {
	var ids []string
	at := -1
	for _, it := range l.items {
		if it.Heading != "" {
			continue
		}
		if it.ID == l.chosen {
			at = len(ids)
		}
		ids = append(ids, it.ID)
	}
	if len(ids) == 0 {
		return
	}
	if at < 0 && n < 0 {
		at = len(ids)
	}
	if to := min(max(at+n, 0), len(ids)-1); ids[to] != l.chosen {
		l.choose(ids[to])
	}
}

// CreateRenderer implements fyne.Widget.
func (l *SideList) CreateRenderer() fyne.WidgetRenderer { return &sideRenderer{l} }

type sideRenderer struct{ l *SideList }

func (r *sideRenderer) Layout(size fyne.Size) {
	r.l.scroll.Resize(size)
	r.l.arrange()
}
func (r *sideRenderer) MinSize() fyne.Size { return fyne.NewSize(120, 80) }
func (r *sideRenderer) Refresh() {
	r.l.scroll.Refresh()
	r.l.arrange()
	for _, row := range r.l.rows {
		row.Refresh()
	}
}
func (r *sideRenderer) Objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.l.scroll} }
func (r *sideRenderer) Destroy()                     {}

// sideLayout reports the whole list's height; arrange places the rows.
type sideLayout struct{ l *SideList }

func (s *sideLayout) Layout([]fyne.CanvasObject, fyne.Size) { s.l.arrange() }
func (s *sideLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(100, s.l.tops[len(s.l.tops)-1])
}
