//go:build !nogui

package window

import (
	"context"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// imagesTab is a registry's repositories beside the tags of one. Its lists and its
// field stay while the page around them is drawn anew, so that they keep their place
// and the focus while results stream in.
type imagesTab struct {
	w      *Window
	model  *vm.Images
	split  *widgets.Split
	filter *widgets.Entry
	repos  *widgets.SideList
	tags   *widgets.SideList
	banner *fyne.Container // why there is no list
	state  *fyne.Container // how far reading is
	none   *fyne.Container // in the place of an empty list
	head   *fyne.Container // of the chosen repository
	detail *fyne.Container
	object *fyne.Container
	shown  vm.ImagesPage
}

func newImagesTab(w *Window, m *vm.Images) *imagesTab {
	t := &imagesTab{w: w, model: m}
	t.filter = w.newEntry(w.t.Say("images.filter"))
	t.filter.Icon = theme.Icon(theme.IconSearch, theme.ColorMuted)
	t.filter.OnChanged = func(s string) {
		m.SetFilter(s)
		t.refresh()
	}
	t.filter.OnSubmitted = t.submit
	t.repos = widgets.NewSideList(t.choose)
	stepsIn(t.filter, t.repos)
	t.repos.OnRune = func(r rune) {
		w.win.Canvas().Focus(t.filter)
		t.filter.TypedRune(r)
	}
	t.tags = widgets.NewSideList(nil)
	t.tags.OnEnter = func(tag string) { w.copied(w.pullCommand(m.Reference(tag))) }
	t.tags.OnMore = t.tagMenu
	t.banner, t.state, t.none = widgets.Column(0), widgets.Column(6), container.NewStack()
	t.head, t.detail = widgets.Column(widgets.GapRow), container.NewStack()
	t.split = widgets.NewSplit(
		widgets.Frame(widgets.GapRow, widgets.Column(widgets.GapRow, t.filter, t.state), listCard(container.NewStack(t.repos, t.none))),
		t.detail)
	t.split.OnSingle = func(bool) { t.refreshDetail() }
	t.object = widgets.Frame(0, t.banner, t.split.Object)
	return t
}

// listCard is a surface with a list that scrolls on it.
func listCard(list fyne.CanvasObject) fyne.CanvasObject {
	return container.NewStack(
		widgets.NewSurface(theme.ColorCard, theme.ColorLine, fynetheme.SizeNameCardRadius),
		widgets.Inset(5, 2, 5, 5, list))
}

// holds reports whether f is a part that stays when the page is drawn anew.
func (t *imagesTab) holds(f fyne.Focusable) bool {
	return t != nil && (f == t.filter || f == t.repos || f == t.tags)
}

// imagesPage draws the tab within the page of its registry.
func (p *page) imagesPage(d drawn) fyne.CanvasObject {
	top := widgets.Column(0, p.heading(d.registry), p.tabs())
	if n := p.w.pendingNotice(); n != nil {
		top = widgets.Column(widgets.GapCard, n, top)
	}
	if p.images == nil { // only while the page is being built
		return widgets.Capped(26, 18, widgets.Frame(widgets.GapCard, top, container.NewStack()))
	}
	return widgets.Capped(26, 18, widgets.Frame(widgets.GapCard, top, p.images.object))
}

// openImages reads the repositories of the registry on the page, if they were not
// read yet.
func (w *Window) openImages() {
	e, ok := w.entry()
	if !ok {
		return
	}
	if t := w.page.images; t == nil || t.model.Registry != e.Known.Registry {
		w.page.images = newImagesTab(w, vm.NewImages(e.Known.Registry))
	}
	w.page.drawn = drawn{}
	w.page.refresh()
	t := w.page.images
	if s := t.model.Stage; s == vm.NotRead || s == vm.Stopped {
		t.read()
	}
	t.refresh()
	w.win.Canvas().Focus(t.filter)
}

// renewImages drops what was read of registries' content: what they show, and to
// whom, may be another now. The tab asks anew if it is shown, else when it is opened.
func (w *Window) renewImages(ids ...string) {
	t := w.page.images
	switch {
	case t == nil || !slices.Contains(ids, t.model.Registry.String()):
	case w.page.tab == tabImages:
		t.renew()
	default:
		w.leaveImages()
		w.page.images = nil
	}
}

// renew asks for everything again and keeps the place: the filter, and the repository
// that was chosen.
func (t *imagesTab) renew() {
	t.read()
	if name := t.model.Chosen; name != "" {
		t.choose(name)
	}
}

// leaveImages cancels what only the tab waited for.
func (w *Window) leaveImages() {
	w.reading.stop()
	w.looking.stop()
	if t := w.page.images; t != nil {
		t.model.Stop()
	}
}

// read reads the repositories from the first on.
func (t *imagesTab) read() {
	m := t.model
	m.Begin()
	t.w.reading.start(func(ctx context.Context, post func(func())) func() {
		b := newBatch(post, func(pages []catalog.Page) {
			for _, p := range pages {
				m.Add(p.Repositories)
			}
			t.refresh()
		})
		err := t.w.service.Repositories(ctx, m.Registry, b.add)
		return func() {
			b.hand()
			m.End(err)
			t.refresh()
		}
	})
	t.refresh()
}

// stop keeps what was read so far.
func (t *imagesTab) stop() {
	t.w.reading.stop()
	if t.model.Stage == vm.BeingRead {
		t.model.Stage = vm.Stopped
	}
	t.refresh()
}

// choose looks into a repository.
func (t *imagesTab) choose(name string) {
	m := t.model
	m.Choose(name)
	t.tags.Choose("")
	if name == "" {
		t.w.looking.stop()
		t.refresh()
		return
	}
	t.w.looking.start(func(ctx context.Context, post func(func())) func() {
		// The answer about rights is small and does not wait for the tags.
		rights := make(chan struct{})
		t.w.d.spawn(func() {
			defer close(rights)
			r, err := t.w.service.Rights(ctx, m.Registry, name)
			post(func() {
				m.PutRights(r, err)
				t.refresh()
			})
		})
		b := newBatch(post, func(lots []catalog.Sized) {
			for _, s := range lots {
				m.PutTags(s.Tags)
			}
			t.refresh()
		})
		err := t.w.service.Tags(ctx, m.Registry, name, b.add)
		post(func() {
			b.hand()
			m.EndTags(err)
			t.refresh()
		})
		<-rights
		return nil
	})
	t.refresh()
}

// submit takes Enter in the field: the first match, or the name itself. A registry
// that lists nothing can still be asked for one repository.
func (t *imagesTab) submit(text string) {
	if found := t.model.Found(); len(found) > 0 {
		t.repos.Choose(found[0])
		t.choose(found[0])
		return
	}
	if name := t.model.Named(text); name != "" {
		t.choose(name)
	}
}

// act does what the button by a fault says.
func (t *imagesTab) act(a vm.Action, again func()) {
	if a == vm.ActCheck {
		again()
		return
	}
	t.w.page.act(a)
}

// tagMenu offers the ways in which an image can be named.
func (t *imagesTab) tagMenu(name string, at *widgets.Button) {
	w, m := t.w, t.model
	pull := w.pullCommand(m.Reference(name))
	items := []menuItem{{label: w.t.SayOf("act.copy-pull", pull), icon: theme.IconCopy, do: func() { w.copied(pull) }}}
	if tag, ok := m.Tag(name); ok && tag.Digest != "" {
		items = append(items,
			menuItem{label: w.t.Say("act.copy-pinned"), icon: theme.IconCopy, do: func() { w.copied(m.ByDigest(tag.Digest)) }},
			menuItem{label: w.t.Say("act.copy-digest"), icon: theme.IconCopy, do: func() { w.copied(tag.Digest) }})
	}
	w.popUp(at, items)
}

// pullCommand is what one types to get an image, for the engine that is there.
func (w *Window) pullCommand(reference string) string {
	engine := "docker"
	if len(w.tools) == 1 {
		engine = string(w.tools[0])
	}
	return engine + " pull " + reference
}

// copied puts text on the clipboard and says which.
func (w *Window) copied(text string) {
	w.app.Clipboard().SetContent(text)
	w.say(theme.Trusted, w.t.SayOf("images.copied", text))
}
