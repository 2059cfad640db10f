package tray

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"

	"mooring.dev/mooring/platform/sessionbus"
	"mooring.dev/mooring/platform/world"
)

// session is what the tray asks of a Linux desktop's session: whether anything
// shows icons, and whether the desktop is dark.
type session struct{ conn *dbus.Conn }

const (
	watcherName  = "org.kde.StatusNotifierWatcher"
	portalName   = "org.freedesktop.portal.Desktop"
	portalPath   = "/org/freedesktop/portal/desktop"
	settingsFace = "org.freedesktop.portal.Settings"
	appearance   = "org.freedesktop.appearance"
	colorScheme  = "color-scheme"
)

// askLimit bounds a question to the session: it is there at once, or it hangs.
const askLimit = 2 * time.Second

// join connects to the session's bus; nil when there is none, or none that answers.
func join(ctx context.Context, w world.World) *session {
	bus, err := sessionbus.Connect(ctx, w)
	if err != nil {
		return nil
	}
	// The tray's library finds the bus by the environment alone, and starts one if
	// that says nothing.
	if err := os.Setenv(sessionbus.Variable, bus.Address); err != nil {
		_ = bus.Close()
		return nil
	}
	return &session{bus.Conn}
}

// hasTray reports whether somebody shows icons now; who comes later is noticed by
// the library.
func (s *session) hasTray(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var there bool
	err := s.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&there)
	return err == nil && there
}

// ground is what the desktop's portal says of its colours. The portal is not
// started for that.
func (s *session) ground(ctx context.Context) Ground {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var v dbus.Variant
	err := s.conn.Object(portalName, portalPath).CallWithContext(ctx, settingsFace+".Read", dbus.FlagNoAutoStart, appearance, colorScheme).Store(&v)
	if err != nil {
		return Any
	}
	return groundOf(v)
}

// groundOf reads the value of color-scheme: 1 prefers dark, 2 light (XDG Desktop
// Portal, Settings). Read wraps it twice.
func groundOf(v dbus.Variant) Ground {
	for range 2 {
		if inner, ok := v.Value().(dbus.Variant); ok {
			v = inner
		}
	}
	switch v.Value() {
	case uint32(1):
		return Dark
	case uint32(2):
		return Light
	default:
		return Any
	}
}

// follow calls changed when the desktop turns dark or light, until the session
// ends; then it calls over.
func (s *session) follow(ctx context.Context, wg *sync.WaitGroup, changed func(Ground), over func()) {
	signals := make(chan *dbus.Signal, 16)
	s.conn.Signal(signals)
	_ = s.conn.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(portalPath), dbus.WithMatchInterface(settingsFace))
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case sig, open := <-signals:
				if !open {
					over()
					return
				}
				if g, ok := schemeChanged(sig); ok {
					changed(g)
				}
			}
		}
	})
}

func schemeChanged(sig *dbus.Signal) (Ground, bool) {
	if sig.Name != settingsFace+".SettingChanged" || len(sig.Body) < 3 || sig.Body[0] != appearance || sig.Body[1] != colorScheme {
		return Any, false
	}
	v, ok := sig.Body[2].(dbus.Variant)
	return groundOf(v), ok
}

func (s *session) close() { _ = s.conn.Close() }

// windowsGround is what Windows says of its taskbar.
func windowsGround(ctx context.Context, w world.World) Ground {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	res, err := w.Run.Run(ctx, world.Command{Argv: []string{
		"reg.exe", "query", `HKCU\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, "/v", "SystemUsesLightTheme",
	}})
	switch out := strings.TrimSpace(string(res.Stdout)); {
	case err != nil || res.Code != 0:
		return Any
	case strings.HasSuffix(out, "0x1"):
		return Light
	default:
		return Dark
	}
}
