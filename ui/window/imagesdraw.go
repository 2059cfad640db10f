//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// refresh draws what has changed in the tab.
func (t *imagesTab) refresh() {
	t.shown = t.w.t.ImagesPage(t.model)
	t.refreshBanner()
	t.refreshState()
	t.refreshList()
	t.refreshDetail()
	t.object.Refresh()
}

func (t *imagesTab) refreshBanner() {
	t.banner.Objects = nil
	if f := t.shown.Fault; f != nil {
		t.banner.Objects = []fyne.CanvasObject{widgets.Inset(0, 0, widgets.GapCard, 0, t.fault(f, t.read))}
	}
	t.banner.Refresh()
}

// fault says why something was not told, with what helps.
func (t *imagesTab) fault(f *vm.Fault, again func()) fyne.CanvasObject {
	d := widgets.BannerData{
		State: theme.State(f.Mark), Sentence: f.Problem.What, Detail: f.Text,
		Action: f.Label, OnAction: func() { t.act(f.Do, again) },
	}
	if more := f.Problem.More(); more != "" {
		d.Copy = func() { t.w.copy(more) }
	}
	return widgets.Banner(d)
}

// refreshState says how far reading is. There is something to say from the first
// moment on, so that the list under it does not move.
func (t *imagesTab) refreshState() {
	p := t.shown
	t.state.Hidden = p.Count == ""
	row := widgets.Row(6, 0, false, widgets.NewText(p.Count, widgets.Secondary, widgets.CutEnd))
	switch {
	case p.Busy:
		row.Add(widgets.NewIconButton(theme.IconClose, t.w.t.Say("act.stop"), t.stop))
	case p.Again != "":
		row.Add(widgets.NewSmallButton(theme.IconRefresh, p.Again, t.read))
	}
	t.state.Objects = []fyne.CanvasObject{widgets.Sized(1, 30, row)}
	t.state.Refresh()
}

func (t *imagesTab) refreshList() {
	names := t.model.Found()
	if items := t.repos.Items(); len(items) != len(names) || len(names) > 0 && items[0].ID != names[0] {
		items := make([]widgets.SideItem, len(names))
		for i, n := range names {
			items[i] = widgets.SideItem{ID: n, Title: safe.Line(n)}
		}
		t.repos.SetItems(items)
	}
	t.none.Objects = nil
	if t.shown.None != "" {
		t.none.Objects = []fyne.CanvasObject{widgets.Inset(8, 10, 8, 10, widgets.NewText(t.shown.None, widgets.Secondary, widgets.Wrap))}
	}
	t.none.Refresh()
}

func (t *imagesTab) refreshDetail() {
	r := t.shown.Repo
	t.split.SetInDetail(r != nil)
	if r == nil {
		t.show(widgets.Centred(t.shown.Hint))
		return
	}
	t.head.Objects = t.heading(*r)
	t.head.Refresh()
	items := make([]widgets.SideItem, len(r.Tags))
	for i, tag := range r.Tags {
		items[i] = widgets.SideItem{ID: tag.ID, Title: tag.Name, Subtitle: tag.Detail, Remark: tag.Size}
	}
	t.tags.SetItems(items)
	var body fyne.CanvasObject = listCard(t.tags)
	switch {
	case r.Fault != nil:
		body = widgets.Column(0, t.fault(r.Fault, func() { t.choose(t.model.Chosen) }))
	case r.None != "":
		body = widgets.Column(0, widgets.Panel(widgets.NewText(r.None, widgets.Secondary, widgets.Wrap)))
	}
	t.show(widgets.Frame(widgets.GapRow, t.head, body))
}

func (t *imagesTab) show(o fyne.CanvasObject) {
	t.detail.Objects = []fyne.CanvasObject{o}
	t.detail.Refresh()
}

// heading is the repository's name, what may be done with it, and how many tags it
// has.
func (t *imagesTab) heading(r vm.RepoView) []fyne.CanvasObject {
	name := widgets.Row(4, 0, false, widgets.NewText(r.Name, widgets.Name, widgets.CutMiddle),
		widgets.NewIconButton(theme.IconCopy, "", func() { t.w.copied(t.model.Registry.String() + "/" + t.model.Chosen) }))
	var out []fyne.CanvasObject
	if t.split.Single() {
		back := widgets.Action{Label: t.w.t.Say("act.back-to-list"), Icon: theme.IconChevronLeft, Do: func() { t.choose("") }}
		out = append(out, widgets.Actions([]widgets.Action{back}))
	}
	rights := widgets.Column(4)
	if r.Asking != "" {
		rights.Add(widgets.Busy(r.Asking))
	}
	for _, x := range r.Rights {
		rights.Add(remarkLine(theme.State(x.Mark), x.Sentence))
	}
	if r.Anon != "" {
		anon := widgets.NewText(r.Anon, widgets.Secondary, widgets.Wrap)
		if r.SignIn == "" {
			rights.Add(anon)
		} else {
			rights.Add(widgets.Hug(4, anon, widgets.NewSmallButton("", r.SignIn, t.w.showSignIn)))
		}
	}
	out = append(out, name, widgets.Sized(1, 2*18+4, rights))
	return append(out, t.tagLine(r))
}

func (t *imagesTab) tagLine(r vm.RepoView) fyne.CanvasObject {
	row := widgets.Row(widgets.GapRow, 0, false, widgets.NewText(r.Count, widgets.Secondary, widgets.CutEnd))
	switch {
	case r.Busy:
		row.Add(widgets.NewIconButton(theme.IconClose, t.w.t.Say("act.stop"), t.stopTags))
	case r.Again != "":
		row.Add(widgets.NewSmallButton(theme.IconRefresh, r.Again, func() { t.choose(t.model.Chosen) }))
	}
	return widgets.Sized(1, 30, row)
}

// stopTags keeps the tags that were read so far.
func (t *imagesTab) stopTags() {
	t.w.looking.stop()
	t.model.TagStage, t.model.AskingRights = vm.Stopped, false
	t.refresh()
}
