//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"

	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// besideFrom is the page's inner width from which chain and table stand side by
// side: a window of 1000.
const besideFrom float32 = 650

// registry draws the page of one registry.
func (p *page) registry(d drawn) []fyne.CanvasObject {
	r := d.registry
	out := []fyne.CanvasObject{widgets.Column(0, p.heading(r), p.tabs())}
	switch p.tab {
	case tabHistory:
		return append(out, p.receiptTable(d.receipts, p.w.t.Say("history.empty-registry"))...)
	case tabSignIn:
		return append(out, p.signInTab(d)...)
	}
	out = append(out, p.banner(r.Banner))
	if !r.Checked {
		return append(out, p.section("heading.origin", r.Origins)...)
	}
	right := widgets.Column(widgets.GapCard)
	for _, part := range [][]fyne.CanvasObject{
		p.section("heading.who", r.Parties),
		p.section("heading.also", r.Findings),
		p.section("heading.origin", r.Origins),
	} {
		right.Objects = append(right.Objects, part...)
	}
	if len(r.Chains) == 0 {
		return append(out, right)
	}
	return append(out, widgets.Beside(besideFrom, p.chains(r), right))
}

func (p *page) heading(r vm.Registry) fyne.CanvasObject {
	w := p.w
	meta := r.Meta
	if r.Checking {
		meta = w.t.Say("side.checking")
	}
	again := widgets.NewIconButton(theme.IconRefresh, "", w.checkSelected)
	if r.Checking {
		again.Disable()
	}
	more := widgets.NewIconButton(theme.IconMore, "", nil)
	more.OnTapped(func() { w.showRegistryMenu(more) })
	p.focus["again"], p.focus["more"] = again, more
	return widgets.Heading(p.menuButton(),
		widgets.NewText(r.Title, widgets.Title, widgets.CutMiddle),
		widgets.NewText(meta, widgets.Secondary, widgets.CutEnd), again, more)
}

func (p *page) tabs() fyne.CanvasObject {
	labels := make([]string, tabs)
	for i, key := range tabKeys {
		labels[i] = p.w.t.Say(key)
	}
	return widgets.NewTabs(labels, int(p.tab), func(i int) { p.w.showTab(pageTab(i)) })
}

var tabKeys = [tabs]string{"tab.trust", "tab.sign-in", "tab.images", "tab.history"}

// showTab turns to a tab of the registry on the page.
func (w *Window) showTab(tab pageTab) {
	if _, ok := w.entry(); !ok || w.page.mode != showRegistry {
		return
	}
	if tab != tabImages {
		w.leaveImages()
	}
	w.page.tab = tab
	w.page.refresh()
	switch tab {
	case tabSignIn:
		w.loadAccounts()
	case tabImages:
		w.openImages()
	}
}

func (p *page) banner(b vm.Banner) fyne.CanvasObject {
	d := widgets.BannerData{
		State: theme.State(b.Mark), Sentence: b.Sentence, Detail: b.Detail, Action: b.Label,
		OnAction: func() { p.act(b.Action) },
	}
	if b.Error != "" {
		d.Copy = func() { p.w.copy(b.Error) }
	}
	if b.Quiet {
		d.Kind = widgets.Outline
	}
	return widgets.Banner(d)
}

func (p *page) chains(r vm.Registry) fyne.CanvasObject {
	all := widgets.Column(widgets.GapCard)
	for _, c := range r.Chains {
		all.Add(widgets.Column(8, widgets.SectionLabel(c.Title), p.chain(c)))
	}
	return all
}

func (p *page) chain(c vm.Chain) fyne.CanvasObject {
	col := widgets.Column(0)
	for _, n := range c.Nodes {
		if n.Link != vm.LinkNone {
			col.Add(widgets.ChainLink(links[n.Link], n.Words))
		}
		card := widgets.NewCertCard(p.w.certData(n.Cert))
		p.focus[n.Cert.ID] = card
		col.Add(card)
	}
	return col
}

var links = map[vm.Link]widgets.Link{
	vm.LinkVerified: widgets.Verified, vm.LinkBroken: widgets.Broken, vm.LinkSlack: widgets.Slack,
}

// certData is a certificate's card with what its buttons do.
func (w *Window) certData(c vm.Cert) widgets.CertData {
	d := widgets.CertData{
		Role: c.Role, Origin: c.Origin, Name: c.Name, Owner: c.Owner,
		Validity: widgets.Validity{
			Spent: c.Validity.Spent, State: theme.State(c.Validity.Mark), Left: c.Validity.Left, Dates: c.Validity.Dates,
		},
		Label: w.t.Say("cert.sha256-label"), Fingerprint: c.Fingerprint, Short: c.Short,
		Copy:   func() { w.copy(c.Fingerprint) },
		Broken: c.Broken, Problems: c.Problems, Missing: c.Missing,
		Open: w.open[c.ID], OnFold: func(on bool) { w.folded(c.ID, on) },
	}
	for _, f := range c.Fields {
		d.Fields = append(d.Fields, widgets.Field(f))
	}
	d.Actions = []widgets.Action{
		{Label: w.t.Say("act.copy-pem"), Icon: theme.IconCopy, Do: func() { w.copy(c.PEM) }},
		{Label: w.t.Say("act.save-pem"), Icon: theme.IconSave, Do: func() { w.savePEM(c.Name, c.PEM) }},
	}
	return d
}

// folded remembers what is unfolded and lays the page out around it.
func (w *Window) folded(id string, on bool) {
	w.open[id] = on
	w.page.body.Settle()
}

// section is a heading with a table of rows; nothing for no rows.
func (p *page) section(heading string, rows []vm.Row) []fyne.CanvasObject {
	if len(rows) == 0 {
		return nil
	}
	var list []fyne.CanvasObject
	for _, r := range rows {
		row := widgets.NewFoldRow(p.rowData(r))
		p.focus[r.ID] = row
		list = append(list, row)
	}
	return []fyne.CanvasObject{widgets.Column(8, widgets.SectionLabel(p.w.t.Say(heading)), widgets.RowTable(list...))}
}

func (p *page) rowData(r vm.Row) widgets.RowData {
	w := p.w
	d := widgets.RowData{
		ID: r.ID, State: theme.State(r.Mark), Title: r.Title, Word: r.Word, Muted: r.Muted, Reason: r.Reason,
		Icon: theme.IconName(r.Icon), Notes: r.Notes, Label: w.t.Say("heading.looked"),
		Open: w.open[r.ID], OnFold: func(on bool) { w.folded(r.ID, on) },
	}
	for _, l := range r.Looked {
		d.Looked = append(d.Looked, w.looked(l))
	}
	if len(r.Looked) == 1 {
		d.Label = ""
	}
	for _, f := range r.Fields {
		d.Fields = append(d.Fields, widgets.Field(f))
	}
	if r.Scopable {
		label := w.t.Say("act.in-scope")
		if r.InScope {
			label = w.t.Say("act.out-of-scope")
		}
		d.Actions = append(d.Actions, widgets.Action{Label: label, Do: func() { w.setScope(r.Party, !r.InScope) }})
	}
	for _, a := range r.Acts {
		d.Actions = append(d.Actions, widgets.Action{Label: a.Label, Do: func() { p.actOn(a) }})
	}
	return d
}

func (w *Window) looked(l vm.Look) widgets.LookedPath {
	p := widgets.LookedPath{Path: l.Path, Found: l.Found, State: theme.State(l.Mark), Word: l.Word, Copy: func() { w.copy(l.Path) }}
	if w.options.OpenFolder != nil {
		p.Folder = func() { w.openFolder(l.Path) }
	}
	return p
}
