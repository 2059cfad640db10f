//go:build linux || windows || (darwin && cgo)

package tray

import (
	"log"
	"runtime"
	"strings"
	"sync"

	"fyne.io/systray"

	"mooring.dev/mooring/platform/watch"
)

// newHost returns the system's tray; activated is called when its picture is
// clicked, where the system tells. On macOS a click opens the menu, as everywhere
// there.
func newHost(activated func(), say func(string)) host {
	// It says on the standard logger what this program says itself, or what nobody
	// can do anything about. Others that write there, such as net/http, may quote a
	// server, and with it a password that the server repeats: they are not heard.
	log.SetOutput(quiet(say))
	log.SetFlags(0)
	if runtime.GOOS != "darwin" {
		systray.SetOnTapped(activated)
	}
	return &systrayHost{}
}

type systrayHost struct {
	mu   sync.Mutex // around each menu that is built: the library's lists are global
	stop chan struct{}
}

func (h *systrayHost) run(ready func()) { systray.Run(ready, nil) }

func (h *systrayHost) quit() { systray.Quit() }

// pixels is the size of the one picture that Linux takes: twice the usual 24, for
// fine screens, and halved evenly for others. macOS shows 22 points.
const pixels, macPixels = 48, 44

func (h *systrayHost) picture(m watch.Mood, g Ground) {
	// The library panics when the bus is gone, which is known from the bus itself.
	defer func() { _ = recover() }()
	switch runtime.GOOS {
	case "windows":
		systray.SetIcon(ICO(m, g))
	case "darwin":
		b := PNG(Draw(m, Template, macPixels))
		systray.SetTemplateIcon(b, b)
	default:
		systray.SetIcon(PNG(samples(Draw(m, g, pixels))))
	}
}

func (h *systrayHost) menu(tooltip string, items []Item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stop != nil {
		close(h.stop) // the entries of the menu before wait for clicks no more
	}
	h.stop = make(chan struct{})
	systray.SetTooltip(tooltip)
	systray.ResetMenu()
	for _, i := range items {
		h.add(i)
	}
}

func (h *systrayHost) add(i Item) {
	if i.Separator {
		systray.AddSeparator()
		return
	}
	var entry *systray.MenuItem
	if i.Check {
		entry = systray.AddMenuItemCheckbox(title(i.Label, runtime.GOOS), "", i.Checked)
	} else {
		entry = systray.AddMenuItem(title(i.Label, runtime.GOOS), "")
	}
	if i.Do == nil {
		entry.Disable()
		return
	}
	go func(stop <-chan struct{}) {
		for {
			select {
			case <-stop:
				return
			case _, open := <-entry.ClickedCh:
				if !open {
					return
				}
				i.Do()
			}
		}
	}(h.stop)
}

// title is a label as the system's menus take it: on Linux one underscore makes the
// next letter a key and is not shown (com.canonical.dbusmenu). A path may have some.
func title(label, system string) string {
	if system != "linux" {
		return label
	}
	return strings.ReplaceAll(label, "_", "__")
}

// quiet passes on what the library says, except when there is no tray, which is
// told once and in the person's language.
type quiet func(string)

func (say quiet) Write(b []byte) (int, error) {
	if text := string(b); strings.HasPrefix(text, "systray error:") && !strings.Contains(text, "failed to register") {
		say(strings.TrimSpace(text))
	}
	return len(b), nil
}
