//go:build !nogui

package window

import (
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/widgets"
)

// showAdd asks for a registry, and says while one types what it is read as.
func (w *Window) showAdd() {
	d := w.newDialog(w.t.Say("add.title"))
	entry := w.newEntry(w.t.Say("add.example"))
	note := widgets.NewText("", widgets.Secondary, widgets.Wrap)
	add := widgets.NewButton(widgets.Primary, w.t.Say("add.do"), nil)
	var named trust.Registry
	submit := func() {
		if !named.IsZero() {
			d.close()
			w.add(named)
		}
	}
	add.OnTapped(submit)
	add.Disable()
	entry.OnChanged = func(s string) {
		var text string
		named, text = w.read(s)
		note.SetText(text)
		if named.IsZero() {
			add.Disable()
		} else {
			add.Enable()
		}
		d.modal.Settle()
	}
	entry.OnSubmitted = func(string) { submit() }
	d.modal.SetBody(widgets.Column(6,
		widgets.NewText(w.t.Say("add.label"), widgets.Secondary, widgets.Wrap), entry, note))
	d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, w.t.Say("act.cancel"), d.close), add)
	d.show(entry)
}

// read says what a text names as registry, or why it names none. The registry is
// zero when it cannot be added.
func (w *Window) read(s string) (trust.Registry, string) {
	if s == "" {
		return trust.Registry{}, ""
	}
	r, warnings, err := trust.ParseRegistry(s)
	if err != nil {
		return trust.Registry{}, w.t.NameProblem(err)
	}
	if e, known := w.book.Entry(r.String()); known && !e.Known.Hidden {
		return trust.Registry{}, w.t.SayOf("add.known", r.String())
	}
	text := w.t.SayOf("add.will", r.String())
	for _, note := range w.t.NameWarnings(warnings) {
		text += "\n" + note
	}
	return r, text
}

// showRegistryMenu is what can be done with the registry on the page.
func (w *Window) showRegistryMenu(at *widgets.Button) {
	e, ok := w.entry()
	if !ok {
		return
	}
	items := []menuItem{
		{label: w.t.Say("act.again"), icon: theme.IconRefresh, do: w.checkSelected},
		{label: w.t.Say("act.sign-in"), icon: theme.IconCheck, do: w.showSignIn},
		{label: w.t.Say("menu.copy-report"), icon: theme.IconCopy, do: func() { w.copyReport(e.Report) }},
		w.clientCertItem(),
		w.teamLinkItem(e),
		{label: w.t.Say("menu.untrust"), icon: theme.IconUndo, do: w.showUntrust},
		{label: w.t.Say("menu.remove"), icon: theme.IconClose, do: func() { w.remove(e.Known.Registry) }},
	}
	w.popUp(at, items)
}
