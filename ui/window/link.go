//go:build !nogui

package window

import (
	"errors"
	"reflect"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// OpenClaims shows what a link or a project file asks for. Nothing is contacted
// and nothing is added before the person clicks. Call it on the UI goroutine.
func (w *Window) OpenClaims(claims []link.Claim) { w.opened(claims, nil) }

// opened shows claims, or why there are none. A dialog that a person is busy with
// stays; it says that something came.
func (w *Window) opened(claims []link.Claim, err error) {
	var refused *link.Error
	switch {
	case err == nil && len(claims) == 0:
	case w.occupied():
		w.say(theme.Attention, w.t.Say("link.later"))
	case errors.As(err, &refused):
		w.showRefused(err)
	case err != nil:
		w.fail(err)
	case len(claims) == 1:
		w.showClaim(claims[0], nil)
	default:
		w.showProject(claims)
	}
}

// occupied reports whether a dialog is open that a link must not take away: the
// person decides or types something there, or changes are being made.
func (w *Window) occupied() bool {
	if !w.dialogShown() {
		return false
	}
	switch w.dialog.(type) {
	case *panel, *projectDialog:
		return false
	default:
		return true
	}
}

// showRefused says why a link or file was not opened.
func (w *Window) showRefused(err error) {
	d := w.newDialog(w.t.Say("link.refused"))
	d.modal.Unasked = true
	d.modal.SetBody(w.problem(w.t.W.Error(err)),
		widgets.NewText(w.t.Say("link.nothing"), widgets.Secondary, widgets.Wrap))
	d.closeOnly(w.t.Say("act.close"))
	d.show(nil)
}

// showClaim shows what is asked for one registry. back returns to the list it was
// chosen from; nil where there is none.
func (w *Window) showClaim(c link.Claim, back func()) {
	p := w.t.ClaimPage(w.book, c)
	d := w.newDialog(p.Title)
	d.modal.Unasked = true
	d.modal.SetBody(w.claimBody(p)...)
	look := widgets.NewButton(widgets.Primary, w.t.Say("link.look"), func() {
		d.close()
		w.lookAt(c, back)
	})
	cancel := widgets.NewButton(widgets.Outline, w.t.Say("act.cancel"), d.close)
	if back != nil {
		cancel = widgets.NewButton(widgets.Outline, w.t.Say("link.back"), back)
		d.modal.OnEscape = back
	}
	d.modal.SetFooter(nil, cancel, look)
	d.show(nil)
}

// claimBody draws the registry so that it can be read to its end, then what the
// sender says of it, marked as that.
func (w *Window) claimBody(p vm.ClaimPage) []fyne.CanvasObject {
	host := widgets.Column(4, widgets.SectionLabel(w.t.Say("link.registry")), widgets.HostName(p.Registry))
	if p.From != "" {
		host.Add(widgets.NewText(w.t.SayOf("link.from", p.From), widgets.Secondary, widgets.Wrap))
	}
	if p.Note != "" {
		host.Add(widgets.NewText(w.t.W.T("window.link.note", map[string]any{"note": p.Note}), widgets.Secondary, widgets.Wrap))
	}
	body := []fyne.CanvasObject{widgets.Panel(host)}
	if len(p.Doubts) > 0 {
		col := widgets.Column(4, widgets.NewText(w.t.Say("link.doubts"), widgets.Strong, widgets.Wrap))
		for _, s := range p.Doubts {
			col.Add(widgets.NewText(s, widgets.Look{Size: theme.SizeSecondary}, widgets.Wrap))
		}
		body = append(body, widgets.Tinted(theme.Attention, widgets.Row(12, 1, true, widgets.Icon(theme.Attention.Icon(), 22), col)))
	}
	says := widgets.Column(widgets.GapRow, widgets.SectionLabel(p.Heading), widgets.NewText(p.Label, widgets.Body, widgets.Wrap))
	for _, f := range p.Fingerprints {
		says.Add(widgets.NewText(f, widgets.Mono, widgets.Wrap))
	}
	says.Add(remarkLine(theme.Attention, p.Claim))
	body = append(body, widgets.Panel(says))
	if p.Standing.Sentence != "" {
		return append(body, remarkLine(theme.State(p.Standing.Mark), p.Standing.Sentence))
	}
	return append(body, widgets.NewText(w.t.Say("link.nothing"), widgets.Secondary, widgets.Wrap))
}

// projectDialog lists the registries of a project file; they are looked at one at
// a time. It follows what is learned of them.
type projectDialog struct {
	*panel
	claims []link.Claim
	drawn  vm.ProjectPage
}

func (w *Window) showProject(claims []link.Claim) {
	d := &projectDialog{panel: w.newDialog(""), claims: claims}
	d.modal.Unasked = true
	w.dialog = d
	d.refresh()
	d.closeOnly(w.t.Say("act.close"))
	d.show(nil)
}

// refresh draws the list if there is something new to draw.
func (d *projectDialog) refresh() {
	w := d.w
	p := w.t.ProjectPage(w.book, d.claims)
	if reflect.DeepEqual(p, d.drawn) {
		return
	}
	d.drawn = p
	d.modal.SetTitle(p.Title)
	var rows []fyne.CanvasObject
	for i, r := range p.Rows {
		data := widgets.RowData{
			ID: r.ID, State: theme.State(r.Mark), Title: r.Title, Reason: r.Reason, Notes: r.Notes, Open: w.open[r.ID],
			OnFold: func(on bool) {
				w.open[r.ID] = on
				d.modal.Settle()
			},
			Actions: []widgets.Action{{Label: w.t.Say("link.choose"), Icon: theme.IconChevronRight, Do: func() {
				w.showClaim(d.claims[i], func() { w.showProject(d.claims) })
			}}},
		}
		rows = append(rows, widgets.NewFoldRow(data))
	}
	d.modal.SetBody(
		widgets.NewText(w.t.SayOf("link.from", p.From), widgets.Secondary, widgets.Wrap),
		widgets.NewText(p.Detail, widgets.Body, widgets.Wrap), widgets.RowTable(rows...))
}

// lookAt is the person's click: only now is the registry added and contacted.
func (w *Window) lookAt(c link.Claim, back func()) {
	then := func() {
		w.choose(c.Registry.String())
		w.checkThese([]trust.Registry{c.Registry}, func() { w.lookedAt(c, back) })
	}
	if e, known := w.book.Entry(c.Registry.String()); known && !e.Known.Hidden {
		then()
		return
	}
	w.addThen(c.Registry, then)
}

// lookedAt shows the trust dialog with the claim beside it, or what was found
// where trusting would change nothing.
func (w *Window) lookedAt(c link.Claim, back func()) {
	if w.dialogShown() {
		return // the person went on to something else meanwhile
	}
	e, ok := w.book.Entry(c.Registry.String())
	switch {
	case !ok:
	case e.Report != nil && w.t.Registry(e).Banner.Action == vm.ActTrust:
		w.choose(e.ID())
		w.showTrustFor(e, nil, &c, back)
	default:
		w.showFound(e, c, back)
	}
}

func (w *Window) showFound(e vm.Entry, c link.Claim, back func()) {
	f := w.t.ClaimFound(e, c)
	d := w.newDialog(f.Title)
	body := []fyne.CanvasObject{widgets.Banner(widgets.BannerData{
		State: theme.State(f.Banner.Mark), Sentence: f.Banner.Sentence, Detail: f.Banner.Detail,
	})}
	if f.Claim.Sentence != "" {
		body = append(body, remarkLine(theme.State(f.Claim.Mark), f.Claim.Sentence))
	}
	d.modal.SetBody(body...)
	leave := d.close
	if back != nil {
		leave = back
		d.modal.OnEscape = back
	}
	d.modal.SetFooter(nil, widgets.NewButton(widgets.Primary, w.t.Say("act.close"), leave))
	d.show(nil)
}

// tookLink opens what was dropped or typed if it is a link or a project file.
func (w *Window) tookLink(name, path string, data []byte) bool {
	if name != link.ProjectFile {
		return false
	}
	claims, err := link.ParseProject(data, path)
	w.opened(claims, err)
	return true
}

// openLink opens a link that was typed or pasted.
func (w *Window) openLink(text string) {
	c, err := link.Parse(text)
	w.opened([]link.Claim{c}, err)
}

// teamLinkItem offers the link for a registry, or says in its place why there is
// none.
func (w *Window) teamLinkItem(e vm.Entry) menuItem {
	text, why := w.t.TeamLink(e)
	if text == "" {
		return menuItem{label: why, icon: theme.IconCopy, off: true}
	}
	return menuItem{label: w.t.Say("menu.team-link"), icon: theme.IconCopy, do: func() {
		w.app.Clipboard().SetContent(text)
		w.say(theme.Trusted, w.t.SayOf("toast.link", e.ID()))
	}}
}
