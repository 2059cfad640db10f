package keyring

import (
	"context"
	"errors"
	"os"

	"github.com/godbus/dbus/v5"

	"mooring.dev/mooring/platform/sessionbus"
	"mooring.dev/mooring/platform/world"
)

// answerLimit bounds each question to the bus or to the Secret Service, which needs
// no person.
const answerLimit = sessionbus.Limit

// bus is a connection to the session's bus of a call's own, to ask about the
// keyring without the library.
type bus struct{ sessionbus.Bus }

// connect opens a connection. Errors are *[Error]s.
func connect(ctx context.Context, w world.World) (bus, error) {
	b, err := sessionbus.Connect(ctx, w)
	var late *sessionbus.TimeoutError
	switch {
	case errors.As(err, &late):
		return bus{}, &Error{TimedOut, err}
	case err != nil:
		return bus{}, &Error{NoBus, err}
	}
	return bus{b}, nil
}

var errOtherBus = errors.New("another session bus has taken the place of the one that was found")

// forLibrary makes the library use the bus that b is connected to. It dials anew,
// once for the process (godbus SessionBus), and by the process's environment alone:
// so it is made to do that here. A bus keeps its socket for as long as it lives, and
// b shows that this one lived before and after.
func (b bus) forLibrary(ctx context.Context) error {
	if os.Getenv(sessionbus.Variable) != b.Address {
		if err := os.Setenv(sessionbus.Variable, b.Address); err != nil {
			return err
		}
	}
	for range 2 {
		shared, err := dbus.SessionBus()
		if err != nil {
			return &Error{NoBus, err}
		}
		var own, its string
		// Asked last, so that b is seen to live on.
		if err = b.ask(ctx, shared.BusObject(), busName+".GetId", nil, &its); err == nil {
			err = b.ask(ctx, b.BusObject(), busName+".GetId", nil, &own)
		}
		if err != nil {
			return err
		}
		if own == its {
			return nil
		}
		shared.Close() // of a session that was
	}
	return &Error{NoBus, errOtherBus}
}

const busName = "org.freedesktop.DBus"

// call asks an object of the Secret Service and stores the answer.
func (b bus) call(ctx context.Context, path dbus.ObjectPath, method string, args []any, answer ...any) error {
	return b.ask(ctx, b.Object(secretService, path), method, args, answer...)
}

func (b bus) ask(ctx context.Context, o dbus.BusObject, method string, args []any, answer ...any) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	return o.CallWithContext(ctx, method, 0, args...).Store(answer...)
}

// property reads one property of an object of the Secret Service.
func (b bus) property(ctx context.Context, path dbus.ObjectPath, iface, name string, into any) error {
	var v dbus.Variant
	if err := b.call(ctx, path, "org.freedesktop.DBus.Properties.Get", []any{iface, name}, &v); err != nil {
		return err
	}
	return v.Store(into)
}
