//go:build !nogui

package window

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// shortcut is one key combination with what it does and how it is called.
type shortcut struct {
	key   fyne.KeyName
	shift bool
	shown string
	word  string // key of its words, "" for a second combination of the one before
	do    func(*Window)
}

func shortcuts() []shortcut {
	return []shortcut{
		{fyne.KeyF, false, "Ctrl+F", "keys.search", (*Window).focusSearch},
		{fyne.KeyK, false, "Ctrl+K", "", (*Window).focusSearch},
		{fyne.KeyN, false, "Ctrl+N", "keys.add", (*Window).showAdd},
		{fyne.KeyR, false, "F5, Ctrl+R", "keys.check", (*Window).checkSelected},
		{fyne.KeyR, true, "Ctrl+Shift+R", "keys.check-all", (*Window).checkAll},
		{fyne.KeyT, false, "Ctrl+T", "keys.trust", (*Window).trustSelected},
		{fyne.KeyL, false, "Ctrl+L", "keys.sign-in", (*Window).showSignIn},
		{fyne.Key1, false, "Ctrl+1 … Ctrl+4", "keys.tabs", func(w *Window) { w.showTab(tabTrust) }},
		{fyne.Key2, false, "", "", func(w *Window) { w.showTab(tabSignIn) }},
		{fyne.Key3, false, "", "", func(w *Window) { w.showTab(tabImages) }},
		{fyne.Key4, false, "", "", func(w *Window) { w.showTab(tabHistory) }},
		{fyne.KeyH, false, "Ctrl+H", "keys.history", (*Window).showHistoryPage},
		{fyne.KeyE, false, "Ctrl+E", "keys.health", (*Window).showHealthPage},
		{fyne.KeyO, false, "Ctrl+O", "keys.open", (*Window).chooseFile},
		{fyne.KeySlash, false, "Ctrl+/, F1", "keys.help", (*Window).showKeys},
	}
}

func (w *Window) addShortcuts() {
	c := w.win.Canvas()
	for _, s := range shortcuts() {
		mod := fyne.KeyModifierShortcutDefault
		if s.shift {
			mod |= fyne.KeyModifierShift
		}
		key := &desktop.CustomShortcut{KeyName: s.key, Modifier: mod}
		w.keys.AddShortcut(key, func(fyne.Shortcut) {
			if !w.dialogShown() {
				s.do(w)
			}
		})
		c.AddShortcut(key, w.keys.TypedShortcut)
	}
	next := &desktop.CustomShortcut{KeyName: fyne.KeyTab, Modifier: fyne.KeyModifierControl}
	w.keys.AddShortcut(next, func(fyne.Shortcut) {
		if !w.dialogShown() {
			w.showTab((w.page.tab + 1) % tabs)
		}
	})
	c.AddShortcut(next, w.keys.TypedShortcut)
	// Fyne has a name of its own for this one; in a text field it edits the text.
	c.AddShortcut(&fyne.ShortcutUndo{}, func(fyne.Shortcut) { w.undoFresh() })
	c.SetOnTypedKey(w.typedKey)
}

// undoFresh offers to take back what was just done for the registry on the page.
func (w *Window) undoFresh() {
	e, ok := w.entry()
	if !ok || w.dialogShown() {
		return
	}
	if r, ok := e.Latest(); ok {
		w.showUndo(r.ID)
	}
}

// newEntry returns a text field that lets the window's shortcuts through.
func (w *Window) newEntry(placeholder string) *widgets.Entry {
	e := widgets.NewEntry(placeholder)
	e.OnShortcut = w.keys.TypedShortcut
	return e
}

// stepsIn makes the arrow keys move in list while one types into field, and Escape
// empty it.
func stepsIn(field *widgets.Entry, list *widgets.SideList) {
	field.OnKey = func(e *fyne.KeyEvent) bool {
		switch e.Name {
		case fyne.KeyDown:
			list.Step(1)
		case fyne.KeyUp:
			list.Step(-1)
		case fyne.KeyEscape:
			if field.Text == "" {
				return false
			}
			field.SetText("")
		default:
			return false
		}
		return true
	}
}

// typedKey takes the keys that nothing focused wanted.
func (w *Window) typedKey(e *fyne.KeyEvent) {
	switch e.Name {
	case fyne.KeyF5:
		w.checkSelected()
	case fyne.KeyF1:
		w.showKeys()
	case fyne.KeyF3:
		w.focusSearch()
	case fyne.KeyDown:
		w.sidebar.list.Step(1)
	case fyne.KeyUp:
		w.sidebar.list.Step(-1)
	case fyne.KeyEscape:
		w.escape()
	default:
		w.page.body.TypedKey(e)
	}
}

// escape steps out: of the drawer, the search, the history, the focus.
func (w *Window) escape() {
	switch {
	case w.shell.DrawerOpen():
		w.shell.SetDrawer(false)
	case w.sidebar.search.Text != "":
		w.sidebar.search.SetText("")
	case w.page.mode == showHistory, w.page.mode == showHealth:
		w.leaveHealth()
		w.page.mode = showRegistry
		w.page.refresh()
	default:
		w.win.Canvas().Unfocus()
	}
}

func (w *Window) focusSearch() {
	w.shell.SetDrawer(true)
	w.win.Canvas().Focus(w.sidebar.search)
}

// trustSelected opens the trust dialog if the page offers it.
func (w *Window) trustSelected() {
	if e, ok := w.entry(); ok && w.t.Registry(e).Banner.Action == vm.ActTrust {
		w.showTrust(nil)
	}
}

// showKeys lists the shortcuts.
func (w *Window) showKeys() {
	d := w.newDialog(w.t.Say("keys.title"))
	var rows []fyne.CanvasObject
	add := func(keys, word string) {
		rows = append(rows, widgets.FieldRow(keys, w.t.Say(word), widgets.Look{}))
	}
	for _, s := range shortcuts() {
		if s.word != "" {
			add(s.shown, s.word)
		}
	}
	add("Ctrl+Tab", "keys.next-tab")
	add("Ctrl+Z", "keys.undo")
	add("↑ ↓", "keys.move")
	add("Enter", "keys.press")
	add("Esc", "keys.escape")
	d.modal.SetBody(widgets.Column(widgets.GapRow, rows...))
	d.closeOnly(w.t.Say("act.close"))
	d.show(nil)
}
