// Package sessionbus connects to the message bus of the person's session: within a
// time, and to nobody else's.
package sessionbus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"mooring.dev/mooring/platform/peer"
	"mooring.dev/mooring/platform/world"
)

// Limit bounds connecting, and is enough for any question that needs no person.
const Limit = 5 * time.Second

// Variable names the session's bus.
const Variable = "DBUS_SESSION_BUS_ADDRESS"

// The reasons for which there is no session bus.
var (
	ErrNone       = errors.New("no session bus is named by " + Variable + ", and none lies in the runtime directory")
	errAutolaunch = errors.New(Variable + " asks for a bus to be started, which nobody else would find")
	errNotUnix    = errors.New("the session bus is not a socket of this machine")
	errOthersBus  = errors.New("the session bus belongs to another user")
)

// TimeoutError says that a bus is there and does not answer in time.
type TimeoutError struct{ Err error }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("the session bus does not answer: %v", e.Err)
}

func (e *TimeoutError) Unwrap() error { return e.Err }

// Bus is a connection, and the one address that it was made to.
type Bus struct {
	*dbus.Conn
	Address string
}

// Connect opens a connection of its own, within ctx and [Limit]. The error is a
// [*TimeoutError] where a bus does not answer.
func Connect(ctx context.Context, w world.World) (Bus, error) {
	address, err := Address(w)
	if err != nil {
		return Bus{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, Limit)
	defer cancel()
	for one := range strings.SplitSeq(address, ";") {
		var conn *dbus.Conn
		if conn, err = connect(ctx, w, one); err == nil {
			return Bus{conn, one}, nil
		}
		if ctx.Err() != nil {
			return Bus{}, &TimeoutError{ctx.Err()}
		}
	}
	return Bus{}, err
}

// connect dials one address. The name of a socket whose bus is gone is free for
// anybody, so before a word is said the kernel is asked who listens.
func connect(ctx context.Context, w world.World, address string) (*dbus.Conn, error) {
	name, err := socketName(strings.TrimPrefix(address, "unix:"))
	if err != nil {
		return nil, err
	}
	c, err := (&net.Dialer{}).DialContext(ctx, "unix", name)
	if err != nil {
		return nil, err
	}
	if p, ok := peer.Of(c.(*net.UnixConn)); !ok || p.UID != w.User.UID && p.UID != 0 {
		c.Close()
		return nil, errOthersBus
	}
	conn, err := dbus.NewConn(c)
	if err != nil {
		c.Close()
		return nil, err
	}
	// Neither step takes a context: a socket that nobody serves would hold them.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err = conn.Auth(nil); err == nil {
		err = conn.Hello()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// socketName is the name of the socket that an address, of the kind unix, says: a
// path, or a name of Linux's abstract sockets.
func socketName(keys string) (string, error) {
	for kv := range strings.SplitSeq(keys, ",") {
		key, escaped, _ := strings.Cut(kv, "=")
		if key != "path" && key != "abstract" {
			continue
		}
		name, err := dbus.UnescapeBusAddressValue(escaped)
		if err != nil || name == "" {
			return "", errNotUnix
		}
		if key == "abstract" {
			name = "@" + name
		}
		return name, nil
	}
	return "", errNotUnix
}

// Address is where the session's bus listens. The library would start a bus of
// its own if it found none (godbus conn_other.go runs dbus-launch), which outlives
// the program and keeps nothing. Secrets cross the bus unencrypted, so only a
// socket of this machine will do, and one with a path must be the user's own: with
// sudo the variable may name the bus of somebody else. Who listens there is found
// out by [Connect].
func Address(w world.World) (string, error) {
	address := w.Getenv(Variable)
	if address == "" {
		return inRuntimeDir(w)
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

// inRuntimeDir finds the bus that systemd starts for every user.
func inRuntimeDir(w world.World) (string, error) {
	for _, dir := range []string{w.Getenv("XDG_RUNTIME_DIR"), w.Join("/run/user", strconv.Itoa(w.User.UID))} {
		if path := w.Join(dir, "bus"); dir != "" && world.Exists(w.FS, path) {
			keys := "path=" + dbus.EscapeBusAddressValue(path)
			return "unix:" + keys, ownSocket(w, keys)
		}
	}
	return "", ErrNone
}

// ownSocket refuses an address, of the kind unix, whose path is another user's.
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
