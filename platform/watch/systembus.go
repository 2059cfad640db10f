package watch

import (
	"context"
	"os"
	"runtime"
	"strings"

	"github.com/godbus/dbus/v5"
)

// systemBus returns a function that calls hint for what the services of a Linux
// desktop say on the system bus: logind that the machine woke up, NetworkManager
// and systemd-networkd that there is a network. It is nil where there is no bus.
// tells reports whether logind is there.
func systemBus(ctx context.Context, hint func()) (watch func(), tells bool) {
	address := systemAddress(os.Getenv)
	if address == "" {
		return nil, false
	}
	conn, err := dbus.Connect(address, dbus.WithContext(ctx))
	if err != nil {
		return nil, false
	}
	for _, match := range matches {
		if err := conn.AddMatchSignalContext(ctx, match...); err != nil {
			_ = conn.Close()
			return nil, false
		}
	}
	var owned bool
	call := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, logindName)
	tells = call.Store(&owned) == nil && owned
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	return func() {
		defer conn.Close()
		for {
			select {
			case <-ctx.Done():
				return
			case s, ok := <-signals:
				if !ok {
					return // the bus is gone; the clock and the links remain
				}
				if isHint(s) {
					hint()
				}
			}
		}
	}, tells
}

func systemAddress(getenv func(string) string) string {
	if a := getenv("DBUS_SYSTEM_BUS_ADDRESS"); a != "" {
		return a
	}
	const socket = "/run/dbus/system_bus_socket"
	if _, err := os.Stat(socket); runtime.GOOS != "linux" || err != nil {
		return ""
	}
	return "unix:path=" + socket
}

const (
	logindName   = "org.freedesktop.login1"
	sleepSignal  = "org.freedesktop.login1.Manager.PrepareForSleep"
	onlineSignal = "org.freedesktop.NetworkManager.StateChanged"
	// networkd has one object for each link and one for all of them.
	changedSignal = "org.freedesktop.DBus.Properties.PropertiesChanged"
	networkdPath  = "/org/freedesktop/network1"
	networkdFace  = "org.freedesktop.network1.Manager"
)

var matches = [][]dbus.MatchOption{
	{dbus.WithMatchSender(logindName), dbus.WithMatchInterface("org.freedesktop.login1.Manager"), dbus.WithMatchMember("PrepareForSleep")},
	{dbus.WithMatchSender("org.freedesktop.NetworkManager"), dbus.WithMatchInterface("org.freedesktop.NetworkManager"), dbus.WithMatchMember("StateChanged")},
	{
		dbus.WithMatchSender("org.freedesktop.network1"), dbus.WithMatchObjectPath(networkdPath),
		dbus.WithMatchInterface("org.freedesktop.DBus.Properties"), dbus.WithMatchMember("PropertiesChanged"),
	},
}

// nmConnectedSite is the first of NetworkManager's states in which more than the
// local link is reached (NMState, NM_STATE_CONNECTED_SITE).
const nmConnectedSite = 60

// isHint reports whether a signal says that it is worth looking again: not that
// the machine is about to sleep, nor that the network went away.
func isHint(s *dbus.Signal) bool {
	switch {
	case s == nil || len(s.Body) == 0:
		return false
	case s.Name == sleepSignal:
		sleeps, ok := s.Body[0].(bool)
		return ok && !sleeps
	case s.Name == onlineSignal:
		state, ok := s.Body[0].(uint32)
		return ok && state >= nmConnectedSite
	case s.Name == changedSignal && s.Path == networkdPath:
		face, _ := s.Body[0].(string)
		return strings.HasPrefix(face, networkdFace)
	}
	return false
}
