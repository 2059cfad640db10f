package tray

import (
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/ui/words"
)

// maxTroubles bounds the registries that the menu names.
const maxTroubles = 8

// Item is one entry of the menu. One without a command is a line to be read.
type Item struct {
	Separator bool
	Label     string
	Check     bool // it has a tick, or none
	Checked   bool
	Do        func()
}

// View is what the menu shows.
type View struct {
	Status    watch.Status
	Autostart bool
	Place     string // what autostart writes; "" where nothing can be said of it
	Now       time.Time
}

// Commands are what the menu's entries do.
type Commands struct {
	Show      func(t watch.Trouble) // the window on a registry and page; zero: the window
	CheckNow  func()
	Pause     func(d time.Duration) // 0: until resumed
	Resume    func()
	Autostart func(on bool)
	Quit      func()
}

// Menu is the whole menu: how all stands, what needs attention, what can be done.
func Menu(w *words.Words, v View, do Commands) []Item {
	items := []Item{{Label: stateLine(w, v.Status)}}
	items = section(items, troubles(w, v, do))
	items = section(items, actions(w, v.Status, do))
	items = section(items, autostart(w, v, do))
	return section(items, []Item{{Label: w.T("tray.quit", nil), Do: do.Quit}})
}

// section adds items below a line, if there are any.
func section(items, more []Item) []Item {
	if len(more) == 0 {
		return items
	}
	return slices.Concat(items, []Item{{Separator: true}}, more)
}

func troubles(w *words.Words, v View, do Commands) []Item {
	all := v.Status.Trouble
	var out []Item
	for _, t := range all[:min(len(all), maxTroubles)] {
		out = append(out, Item{Label: troubleLine(w, t, v.Now), Do: func() { do.Show(t) }})
	}
	if more := len(all) - maxTroubles; more > 0 {
		out = append(out, Item{Label: w.N("tray.more", more, nil), Do: func() { do.Show(watch.Trouble{}) }})
	}
	return out
}

func actions(w *words.Words, s watch.Status, do Commands) []Item {
	check := Item{Label: w.T("tray.check", nil), Do: do.CheckNow}
	if s.Checking {
		check = Item{Label: w.T("tray.checking", nil)}
	}
	items := []Item{check, {Label: w.T("tray.open", nil), Do: func() { do.Show(watch.Trouble{}) }}}
	if s.Paused {
		return append(items, Item{Label: w.T("tray.resume", nil), Do: do.Resume})
	}
	return append(items,
		Item{Label: w.T("tray.pause-hour", nil), Do: func() { do.Pause(time.Hour) }},
		Item{Label: w.T("tray.pause", nil), Do: func() { do.Pause(0) }})
}

// autostart says beforehand what a click will write or remove: the preview of a
// plan of one change.
func autostart(w *words.Words, v View, do Commands) []Item {
	if v.Place == "" {
		return nil
	}
	key := "tray.autostart-on"
	if v.Autostart {
		key = "tray.autostart-off"
	}
	return []Item{{
		Label: w.T(key, args{"place": v.Place}), Check: true, Checked: v.Autostart,
		Do: func() { do.Autostart(!v.Autostart) },
	}}
}

// textOf is the menu as text: "-" for a line, brackets around what is only read, a
// mark before what has a tick.
func textOf(items []Item) string {
	var b strings.Builder
	for _, i := range items {
		switch {
		case i.Separator:
			b.WriteString("-")
		case i.Do == nil:
			b.WriteString("(" + i.Label + ")")
		case i.Checked:
			b.WriteString("✓ " + i.Label)
		default:
			b.WriteString(i.Label)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
