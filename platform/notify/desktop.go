package notify

import (
	"context"
	"fmt"
	"html"
	"slices"
	"sync"

	"github.com/godbus/dbus/v5"

	"mooring.dev/mooring/platform/sessionbus"
	"mooring.dev/mooring/platform/world"
)

// The names of the Desktop Notifications Specification 1.2.
const (
	serviceName = "org.freedesktop.Notifications"
	servicePath = "/org/freedesktop/Notifications"
	actionOpen  = "default" // also what a click on the note itself is called
)

// desktop talks to the session's notification service.
type desktop struct {
	w     world.World
	acted func(key string)

	mu     sync.Mutex
	conn   *dbus.Conn
	shown  map[string]uint32 // key -> the service's number
	closed bool
}

// connect dials the bus when it is first needed, and again after it was gone.
func (d *desktop) connect(ctx context.Context) error {
	if d.conn != nil && d.conn.Connected() {
		return nil
	}
	if d.closed {
		return ErrNone
	}
	bus, err := sessionbus.Connect(ctx, d.w)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	conn := bus.Conn
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(servicePath), dbus.WithMatchInterface(serviceName)); err != nil {
		_ = conn.Close()
		return err
	}
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	go d.listen(signals)
	d.conn, d.shown = conn, map[string]uint32{}
	return nil
}

// ask has the service say what it can do, each time: another may have taken its
// place, and one that reads markup must not get a stranger's.
func (d *desktop) ask(ctx context.Context) (markup, buttons bool, err error) {
	var can []string
	err = d.conn.Object(serviceName, servicePath).CallWithContext(ctx, serviceName+".GetCapabilities", 0).Store(&can)
	return slices.Contains(can, "body-markup"), slices.Contains(can, "actions"), err
}

// Notify implements [Notifier].
func (d *desktop) Notify(ctx context.Context, n Note) error {
	ctx, cancel := context.WithTimeout(ctx, showLimit)
	defer cancel()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.connect(ctx); err != nil {
		return err
	}
	markup, buttons, err := d.ask(ctx)
	if err != nil {
		return err
	}
	body := n.Body
	if markup {
		body = html.EscapeString(body)
	}
	actions := []string{}
	if n.Open != "" && buttons {
		actions = []string{actionOpen, n.Open, "open", n.Open}
	}
	urgency := byte(1)
	if n.Urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency), "desktop-entry": dbus.MakeVariant("mooring")}
	var id uint32
	err = d.conn.Object(serviceName, servicePath).CallWithContext(ctx, serviceName+".Notify", 0,
		"Mooring", d.shown[n.Key], "", n.Title, body, actions, hints, int32(-1)).Store(&id)
	if err == nil {
		d.shown[n.Key] = id
	}
	return err
}

// listen takes what the service says of our notes, until the connection ends.
func (d *desktop) listen(signals <-chan *dbus.Signal) {
	for s := range signals {
		if len(s.Body) < 2 {
			continue
		}
		id, ok := s.Body[0].(uint32)
		if !ok {
			continue
		}
		switch s.Name {
		case serviceName + ".ActionInvoked":
			if key, ok := d.keyOf(id); ok {
				d.acted(key)
			}
		case serviceName + ".NotificationClosed":
			d.forget(id)
		}
	}
}

func (d *desktop) keyOf(id uint32) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, shown := range d.shown {
		if shown == id {
			return key, true
		}
	}
	return "", false
}

// forget drops the number of a note that is gone: the service may use it again for
// somebody else's.
func (d *desktop) forget(id uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, shown := range d.shown {
		if shown == id {
			delete(d.shown, key)
		}
	}
}

// Close implements [Notifier].
func (d *desktop) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.conn == nil {
		return nil
	}
	return d.conn.Close()
}
