//go:build e2e

package e2e

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	fynetheme "fyne.io/fyne/v2/theme"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/ui/theme"
)

// TestTrayInAPanel is the watcher as a person sees it: good in a real panel; a click
// opens the window, and closing that ends nothing; a server with another CA is found
// when the menu is told to look, and is seen as broken, in another panel as well;
// once that CA is believed, the menu finds it good again.
func TestTrayInAPanel(t *testing.T) {
	s := login(t, "allowed", "1280x800")
	believe(t, startRegistry(t, s))
	if out, err := s.command(desk.Built("mooring-cli"), "add", reg).CombinedOutput(); err != nil {
		t.Fatalf("add: %v\n%s", err, out)
	}
	s.startBus()
	screen := &window{s: s, id: "root"}
	panel := s.startPanel("ambiance") // a dark one
	tray := s.start("tray", s.busCommand(desk.Built("mooring"), "tray"))
	good := screen.sees(theme.ColorTrusted)
	screen.save("tray-1-good")
	s.wait("the build without a window to run", func() bool {
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", tray.cmd.Process.Pid))
		return err == nil && filepath.Base(exe) == "mooring-cli"
	})

	screen.press(good, 1)
	w := s.appears("^Mooring$", tray)
	s.wait("the window in front", func() bool { return s.active() == w.id })
	w.key("alt+F4")
	s.wait("the window to be closed", func() bool { return s.shown("^Mooring$") == "" })

	s.registry.stop()
	other := startRegistry(t, s) // with a CA of the same name, which nobody trusts
	screen.choose(good, "tray-2-menu", 1)
	screen.sees(theme.ColorRefused)
	screen.save("tray-3-broken")

	panel.stop()
	screen.until("the panel to be gone", func(p picture) bool { return p.all(dark(theme.ColorRefused)).Empty() })
	s.startPanel("KDE-Plasma") // a light one
	broken := screen.sees(theme.ColorRefused)
	screen.save("tray-4-light-broken")
	believe(t, other)
	screen.choose(broken, "tray-5-light-menu", 2) // below what is wrong
	screen.sees(theme.ColorTrusted)
	screen.save("tray-6-light-good")
}

// startBus starts a session's bus, with nothing on it.
func (s *session) startBus() {
	s.t.Helper()
	const hold = `printf %s "$DBUS_SESSION_BUS_ADDRESS" >"$XDG_RUNTIME_DIR/new" &&
mv "$XDG_RUNTIME_DIR/new" "$XDG_RUNTIME_DIR/bus-address" && exec sleep infinity`
	s.start("bus", s.command("dbus-run-session", "--", "sh", "-c", hold))
	s.wait("the session's bus", func() bool {
		_, err := os.Stat(filepath.Join(s.runtimeDir(), "bus-address"))
		return err == nil
	})
}

// panelConfig is a panel with little more than the icons.
const panelConfig = `panels=panel1

[panel1]
plugins=taskbar,statusnotifier
position=Bottom
desktop=0
panelSize=32
iconSize=22

[taskbar]
type=taskbar

[statusnotifier]
alignment=Right
type=statusnotifier
`

// startPanel starts LXQt's panel in one of its themes, and waits for it.
func (s *session) startPanel(look string) *program {
	s.t.Helper()
	config := filepath.Join(s.user.Home, ".config")
	s.own(filepath.Join(config, "lxqt", "panel.conf"), []byte(panelConfig))
	s.own(filepath.Join(config, "lxqt", "lxqt.conf"), []byte("[General]\ntheme="+look+"\n"))
	must(s.t, os.Chown(config, int(s.user.Cred.Uid), int(s.user.Cred.Gid)))
	cmd := s.busCommand("lxqt-panel")
	cmd.Env = append(cmd.Env, "XDG_CONFIG_DIRS=/usr/share:/etc/xdg", "XDG_CURRENT_DESKTOP=LXQt")
	p := s.start("panel-"+look, cmd)
	s.wait("somebody who shows icons", func() bool {
		out, _ := s.onBus("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus", "/",
			"org.freedesktop.DBus.NameHasOwner", "string:org.kde.StatusNotifierWatcher")
		return strings.Contains(out, "true")
	})
	return p
}

// sees waits for the icon in the colour of a state, on a ground that nobody told,
// and returns where it is.
func (w *window) sees(state fyne.ThemeColorName) (icon image.Rectangle) {
	w.s.t.Helper()
	w.until("the icon's "+string(state), func(p picture) bool {
		icon = p.all(dark(state))
		return icon.Dx() >= 10 && icon.Dx() <= 32 && icon.Dy() >= 10 && icon.Dy() <= 32
	})
	return icon
}

// press clicks on the screen, in the middle of r.
func (w *window) press(r image.Rectangle, button int) {
	w.s.t.Helper()
	at := r.Min.Add(r.Size().Div(2))
	w.xdotool("mousemove", strconv.Itoa(at.X), strconv.Itoa(at.Y), "click", strconv.Itoa(button))
}

// choose opens the icon's menu, keeps a picture of it, and takes the entry that is so
// many down from the top, of those that can be taken.
func (w *window) choose(icon image.Rectangle, name string, entry int) {
	w.s.t.Helper()
	closed := w.look()
	w.press(icon, 3)
	// What else the pointer brings, a light and a tip, is not so high.
	w.until("the menu", func(p picture) bool { return p.changed(closed).Dy() > 150 })
	open := w.settled()
	open.save(w.s.t, name)
	for range entry {
		w.key("Down")
		w.until("the next entry", func(p picture) bool { return !p.changed(open).Empty() })
		open = w.settled()
	}
	w.key("Return")
}

// dark is a colour of the dark theme.
func dark(name fyne.ThemeColorName) color.RGBA {
	return color.RGBAModel.Convert(theme.New().Color(name, fynetheme.VariantDark)).(color.RGBA)
}

// all is the bounding box of all of a colour, empty for none.
func (p picture) all(c color.RGBA) image.Rectangle {
	return p.box(func(x, y int) bool { return p.RGBAAt(x, y) == c })
}

// changed is the bounding box of what was not so before, empty for nothing.
func (p picture) changed(before picture) image.Rectangle {
	return p.box(func(x, y int) bool { return p.RGBAAt(x, y) != before.RGBAAt(x, y) })
}

// box is the bounding box of the pixels that are so, empty for none.
func (p picture) box(so func(x, y int) bool) (box image.Rectangle) {
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			if so(x, y) {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}
