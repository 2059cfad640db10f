//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// sidebar is the list of registries with its search field.
type sidebar struct {
	w        *Window
	object   *fyne.Container
	search   *widgets.Entry
	list     *widgets.SideList
	offer    *fyne.Container // to add what was typed
	progress *fyne.Container
	more     *widgets.Button
	shown    vm.Sidebar
}

func (s *sidebar) build(w *Window) {
	s.w = w
	s.search = w.newEntry(w.t.Say("side.search"))
	s.search.Icon = theme.Icon(theme.IconSearch, theme.ColorMuted)
	s.search.OnChanged = func(string) {
		w.book.Settle()
		s.refresh()
	}
	s.search.OnSubmitted = func(string) { s.submit() }
	s.list = widgets.NewSideList(func(id string) { w.choose(id) })
	stepsIn(s.search, s.list)
	s.list.OnRune = func(r rune) {
		w.win.Canvas().Focus(s.search)
		s.search.TypedRune(r)
	}
	s.offer, s.progress = widgets.Column(6), widgets.Column(6)
	s.more = widgets.NewButton(widgets.Outline, "", nil).WithIcon(theme.IconMore)
	s.more.OnTapped(func() { w.showMenu(s.more) })
	add := widgets.NewButton(widgets.Outline, w.t.Say("act.add"), w.showAdd).WithIcon(theme.IconPlus)
	brand := widgets.Row(10, 1, false,
		widgets.Icon(theme.Icon(theme.IconLogo, theme.ColorAccent), 22),
		widgets.NewText(w.t.Say("app"), widgets.Look{Size: theme.SizeBrand, Bold: true}, widgets.CutEnd))
	top := widgets.Column(11, widgets.Inset(0, 0, 0, 5, brand))
	if w.options.Sandbox {
		top.Add(widgets.Tinted(theme.Attention, widgets.NewText(w.t.Say("sandbox.notice"), widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap)))
	}
	top.Add(s.search)
	top.Add(s.offer)
	bottom := widgets.Column(8, s.progress, widgets.Row(8, 0, false, add, s.more))
	s.object = container.NewBorder(
		widgets.Inset(15, 12, 4, 12, top), widgets.Inset(8, 12, 20, 12, bottom), nil, nil,
		widgets.Inset(0, 4, 0, 10, s.list))
}

// submit takes Enter in the search field: a link is opened, the first match is
// shown, and what matches nothing is added.
func (s *sidebar) submit() {
	if link.Is(s.search.Text) {
		text := s.search.Text
		s.search.SetText("")
		s.w.openLink(text)
		return
	}
	for _, r := range s.shown.Rows {
		if r.Heading == "" {
			s.w.choose(r.ID)
			return
		}
	}
	if s.shown.Add != "" {
		s.addOffered()
	}
}

func (s *sidebar) addOffered() {
	r, _, err := trust.ParseRegistry(s.shown.Add)
	if err != nil {
		return
	}
	s.search.SetText("")
	s.w.add(r)
}

func (s *sidebar) refresh() {
	s.shown = s.w.visible(s.w.t.Sidebar(s.w.book, s.search.Text))
	items := make([]widgets.SideItem, len(s.shown.Rows))
	for i, r := range s.shown.Rows {
		items[i] = widgets.SideItem{
			Heading: r.Heading, ID: r.ID, State: theme.State(r.Mark), Title: r.Title, Subtitle: r.Subtitle,
		}
	}
	s.list.SetItems(items)
	s.refreshOffer()
	s.refreshProgress()
	s.object.Refresh()
}

// visible leaves hidden registries out unless they are asked for or searched.
func (w *Window) visible(s vm.Sidebar) vm.Sidebar {
	if w.showHidden || w.sidebar.search.Text != "" {
		return s
	}
	for i, r := range s.Rows {
		e, ok := w.book.Entry(r.ID)
		if r.Heading == "" && ok && e.Known.Hidden {
			s.Rows = s.Rows[:i-1] // the hidden group is the last, after its heading
			break
		}
	}
	return s
}

func (s *sidebar) refreshOffer() {
	s.offer.Objects = nil
	if s.shown.Add != "" {
		offer := widgets.BigAction{Icon: theme.IconPlus, Title: s.shown.AddLabel, Do: s.addOffered}
		if s.shown.Found == 0 {
			offer.Detail = s.w.t.Say("side.add-hint")
		}
		s.offer.Add(widgets.NewBigButton(offer))
	}
	for _, text := range []string{s.shown.None, s.shown.AddNote} {
		if text != "" {
			s.offer.Add(widgets.Inset(0, 6, 0, 6, widgets.NewText(text, widgets.Secondary, widgets.Wrap)))
		}
	}
	s.offer.Refresh()
}

func (s *sidebar) refreshProgress() {
	s.progress.Objects = nil
	if p := s.w.progress; p.total > 1 && p.done < p.total {
		words := s.w.t.W.T("window.side.progress", map[string]any{"done": p.done, "total": p.total})
		s.progress.Add(widgets.Row(6, 0, false,
			widgets.NewText(words, widgets.Secondary, widgets.CutEnd),
			widgets.NewIconButton(theme.IconClose, s.w.t.Say("act.stop"), s.w.stopChecking)))
		s.progress.Add(widgets.NewProgress(float32(p.done) / float32(p.total)))
	}
	s.progress.Refresh()
}
