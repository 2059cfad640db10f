package keyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"mooring.dev/mooring/platform/world"
)

// answerLimit bounds what needs no person: connecting, and each question to the
// bus or to the Secret Service.
const answerLimit = 5 * time.Second

const busVariable = "DBUS_SESSION_BUS_ADDRESS"

// The reasons for which there is no session bus.
var (
	errNoAddress  = errors.New("no session bus is named by " + busVariable + ", and none lies in the runtime directory")
	errAutolaunch = errors.New(busVariable + " asks for a bus to be started, which nobody else would find")
	errNotUnix    = errors.New("the session bus is not a socket of this machine")
	errOthersBus  = errors.New("the session bus belongs to another user")
)

// busAddress is where the session's bus listens. The library would start a bus of
// its own if it found none (godbus conn_other.go runs dbus-launch), which outlives
// the program and keeps nothing. Secrets cross the bus unencrypted, so only a
// socket of this machine will do, and one with a path must be the user's own: with
// sudo the variable may name the bus of somebody else.
func busAddress(w world.World) (string, error) {
	address := w.Getenv(busVariable)
	if address == "" {
		return busInRuntimeDir(w)
	}
	if strings.HasPrefix(address, "autolaunch:") {
		return "", errAutolaunch
	}
	for part := range strings.SplitSeq(address, ";") {
		path, isUnix := strings.CutPrefix(part, "unix:")
		if !isUnix {
			return "", errNotUnix
		}
		if err := ownSocket(w, path); err != nil {
			return "", err
		}
	}
	return address, nil
}

// busInRuntimeDir finds the bus that systemd starts for every user.
func busInRuntimeDir(w world.World) (string, error) {
	for _, dir := range []string{w.Getenv("XDG_RUNTIME_DIR"), w.Join("/run/user", strconv.Itoa(w.User.UID))} {
		if path := w.Join(dir, "bus"); dir != "" && world.Exists(w.FS, path) {
			keys := "path=" + dbus.EscapeBusAddressValue(path)
			return "unix:" + keys, ownSocket(w, keys)
		}
	}
	return "", errNoAddress
}

// ownSocket refuses an address, of the kind unix, whose path is another user's.
// What is not there is found out by connecting.
func ownSocket(w world.World, keys string) error {
	for kv := range strings.SplitSeq(keys, ",") {
		escaped, ok := strings.CutPrefix(kv, "path=")
		if !ok {
			continue
		}
		path, err := dbus.UnescapeBusAddressValue(escaped)
		if err != nil {
			return errNotUnix
		}
		if i, err := w.FS.Stat(path); err == nil && i.UID != w.User.UID {
			return errOthersBus
		}
	}
	return nil
}

// bus is a connection to the session's bus of a call's own, to ask about the
// keyring without the library.
type bus struct{ *dbus.Conn }

// connect opens a connection. Errors are *[Error]s.
func connect(ctx context.Context, w world.World) (bus, error) {
	address, err := busAddress(w)
	if err != nil {
		return bus{}, &Error{NoBus, err}
	}
	connecting, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	conn, err := dbus.Dial(address)
	if err != nil {
		return bus{}, &Error{NoBus, err}
	}
	// Neither step takes a context: a socket that nobody serves would hold them.
	stop := context.AfterFunc(connecting, func() { conn.Close() })
	defer stop()
	if err = conn.Auth(nil); err == nil {
		err = conn.Hello()
	}
	switch {
	case connecting.Err() != nil:
		return bus{}, &Error{TimedOut, fmt.Errorf("the session bus does not answer: %w", connecting.Err())}
	case err != nil:
		conn.Close()
		return bus{}, &Error{NoBus, err}
	}
	return bus{conn}, nil
}

// forLibrary makes the library use the bus that was found. It reads the process's
// environment, and looks in fewer places.
func forLibrary(w world.World) error {
	address, err := busAddress(w)
	if err != nil {
		return &Error{NoBus, err}
	}
	if os.Getenv(busVariable) == address {
		return nil
	}
	return os.Setenv(busVariable, address)
}

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
