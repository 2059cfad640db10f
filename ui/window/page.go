//go:build !nogui

package window

import (
	"reflect"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

type pageMode int

const (
	showRegistry pageMode = iota
	showHistory           // of everything
	showHealth            // of this computer
)

type pageTab int

const (
	tabTrust pageTab = iota
	tabSignIn
	tabImages
	tabHistory
	tabs
)

// page is what lies beside the list: a registry, the history, or the empty state.
type page struct {
	w      *Window
	mode   pageMode
	tab    pageTab
	object *fyne.Container
	body   *widgets.Page
	slot   *fyne.Container
	drawn  drawn
	focus  map[string]fyne.Focusable // by the id of card or row, to keep the focus
	images *imagesTab                // nil before it was opened
}

// drawn is what the page was drawn from: the same is not drawn twice, so that a
// result that changes nothing disturbs nobody.
type drawn struct {
	kind     string
	registry vm.Registry
	signIn   vm.SignInTab
	unread   error // what could not be read of sign-ins
	receipts []vm.Receipt
	health   vm.Health
	narrow   bool
	pending  bool
	tab      pageTab
}

func newPage(w *Window) *page {
	p := &page{w: w, body: widgets.NewPage(26, 18), slot: container.NewStack(), focus: map[string]fyne.Focusable{}}
	p.object = container.NewStack(p.slot)
	return p
}

// refresh draws the page anew if there is something new to draw.
func (p *page) refresh() {
	w := p.w
	next := drawn{narrow: w.shell != nil && w.shell.Narrow(), tab: p.tab, pending: w.pendingNotice() != nil}
	e, ok := w.entry()
	switch {
	case p.mode == showHistory:
		next.kind, next.receipts = "history", w.t.History(w.receipts, "")
	case p.mode == showHealth:
		next.kind, next.health = "health", w.t.Health(w.health)
	case ok:
		next.kind, next.registry = "registry", w.t.Registry(e)
		switch p.tab {
		case tabSignIn:
			next.signIn, next.unread = w.t.SignInTab(e, w.account(), w.tools), w.accountsErr
		case tabImages:
			next.kind = "images"
		case tabHistory:
			next.receipts = w.t.History(w.receipts, e.ID())
		}
	case !w.loaded:
		next.kind = "looking"
	case w.book.Len() == 0:
		next.kind = "empty"
	default:
		next.kind = "choose"
	}
	if reflect.DeepEqual(next, p.drawn) {
		return
	}
	held := p.heldFocus()
	p.drawn, p.focus = next, map[string]fyne.Focusable{}
	p.draw(next)
	p.restoreFocus(held)
}

func (p *page) draw(d drawn) {
	switch d.kind {
	case "registry":
		p.scrolling(p.registry(d)...)
	case "images":
		p.set(p.imagesPage(d))
	case "history":
		p.scrolling(p.historyPage(d)...)
	case "health":
		p.healthPage(d.health)
	case "empty":
		p.filling(p.emptyState())
	case "looking":
		p.filling(widgets.Centred(p.w.t.Say("empty.looking")))
	default:
		p.filling(widgets.Centred(p.w.t.Say("empty.choose")))
	}
}

func (p *page) scrolling(objects ...fyne.CanvasObject) {
	if n := p.w.pendingNotice(); n != nil {
		objects = append([]fyne.CanvasObject{n}, objects...)
	}
	p.body.Show(objects...)
	p.set(p.body.Scroll)
}

func (p *page) filling(o fyne.CanvasObject) {
	if b := p.menuButton(); b != nil {
		o = container.NewBorder(widgets.Inset(14, 14, 0, 14, widgets.Row(0, -1, false, b)), nil, nil, nil, o)
	}
	p.set(widgets.Inset(20, 26, 20, 26, o))
}

func (p *page) set(o fyne.CanvasObject) {
	if len(p.slot.Objects) != 1 || p.slot.Objects[0] != o {
		p.slot.Objects = []fyne.CanvasObject{o}
		p.slot.Refresh()
	}
}

// menuButton opens the drawer in a narrow window; nil in a wide one.
func (p *page) menuButton() fyne.CanvasObject {
	if p.w.shell == nil || !p.w.shell.Narrow() {
		return nil
	}
	return widgets.NewIconButton(theme.IconMenu, "", p.w.openDrawer)
}

// heldFocus is the id of the card or row that has the focus, "" for none.
func (p *page) heldFocus() string {
	has := p.w.win.Canvas().Focused()
	for id, f := range p.focus {
		if f == has && has != nil {
			return id
		}
	}
	if has != nil && p.w.keepsFocus(has) {
		return keepFocus
	}
	return ""
}

// keepFocus stands for a focus outside the page, which drawing does not touch.
const keepFocus = "-"

// restoreFocus gives the focus to what took the place of what had it. Without
// that keys would go to a card that is no longer there.
func (p *page) restoreFocus(id string) {
	left := p.drawn.kind != "images" && p.images.holds(p.w.win.Canvas().Focused())
	if id == keepFocus && !left || p.w.dialogShown() {
		return
	}
	if f := p.focus[id]; f != nil {
		p.w.win.Canvas().Focus(f)
		return
	}
	p.w.win.Canvas().Unfocus()
}

// keepsFocus reports whether f is part of the sidebar or of a dialog.
func (w *Window) keepsFocus(f fyne.Focusable) bool {
	return f == w.sidebar.search || f == w.sidebar.list || f == w.sidebar.more || w.dialogShown() || w.page.images.holds(f)
}

func (w *Window) openDrawer() {
	w.shell.SetDrawer(true)
	w.win.Canvas().Focus(w.sidebar.list)
}

func (p *page) emptyState() fyne.CanvasObject {
	w := p.w
	actions := []widgets.BigAction{
		{Icon: theme.IconSearch, Title: w.t.Say("empty.scan"), Detail: w.t.Say("empty.scan-detail"), Do: w.scan},
		{Icon: theme.IconPlus, Title: w.t.Say("empty.add"), Detail: w.t.Say("empty.add-detail"), Do: w.showAdd},
	}
	if w.options.Tour != nil {
		actions = append(actions, widgets.BigAction{
			Icon: theme.IconTour, Title: w.t.Say("empty.tour"), Detail: w.t.Say("empty.tour-detail"), Do: w.tour,
		})
	}
	return widgets.EmptyState(w.t.Say("empty.title"), w.t.Say("empty.detail"), actions...)
}

// act does what a banner's button says.
func (p *page) act(a vm.Action) {
	w := p.w
	e, ok := w.entry()
	if !ok {
		return
	}
	switch a {
	case vm.ActTrust:
		w.showTrust(nil)
	case vm.ActCheck:
		w.checkSelected()
	case vm.ActUndo:
		if r, ok := e.LatestTrust(); ok {
			w.showUndo(r.ID)
		}
	case vm.ActClient:
		w.showClientCert()
	case vm.ActRestart:
		w.showWaiting(e.Report.Scope...)
	case vm.ActReport:
		w.copyReport(e.Report)
	case vm.ActSignIn:
		w.showSignIn()
	case vm.ActSignOut:
		w.showSignOut()
	case vm.ActUse:
		w.showUse(vm.NonUsers(w.account(), w.tools), true)
	case vm.ActMove:
		w.showMove()
	}
}

func (w *Window) copyReport(r *trust.Report) {
	if r != nil {
		w.copy(w.t.ReportText(*r))
	}
}
