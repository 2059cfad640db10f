//go:build integration

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/namespace"
)

// KeyringPassword opens the keyring of a session.
const KeyringPassword = "of the keyring, not of a registry"

// Session is a person's desktop session, without a display: a home, a bus, and on
// it what a test starts or lets the bus start. Several may run side by side.
type Session struct {
	Home    string
	Runtime string   // $XDG_RUNTIME_DIR
	Address string   // of the bus
	Vars    []string // more for the environment of its commands

	l    *Lab
	dir  string
	name string
	bus  *process
	ring *process
}

// Session starts a session with a new home. The bus starts the services of the
// directories that are given, and none without: [Services] has the system's.
func (l *Lab) Session(t *testing.T, services ...string) *Session {
	t.Helper()
	l.mu.Lock()
	l.sessions++
	name := fmt.Sprintf("session%d", l.sessions)
	l.mu.Unlock()
	s := &Session{l: l, name: name, dir: filepath.Join(l.Dir, name)}
	s.Home, s.Runtime = filepath.Join(s.dir, "home"), filepath.Join(s.dir, "run")
	for _, dir := range []string{s.Home, s.Runtime, s.programs()} {
		must(t, os.MkdirAll(dir, 0o700))
	}
	must(t, os.Symlink(l.mooring(), s.HelperPath()))
	s.StartBus(t, services...)
	t.Cleanup(func() { s.StopBus(t) })
	return s
}

// Services are the system's, among them gnome-keyring.
const Services = "/usr/share/dbus-1/services"

// programs is where the session's PATH finds Mooring's credential helper.
func (s *Session) programs() string { return filepath.Join(s.dir, "bin") }

// StartBus starts the bus anew, as after signing in again.
func (s *Session) StartBus(t *testing.T, services ...string) {
	t.Helper()
	var dirs strings.Builder
	for _, d := range services {
		fmt.Fprintf(&dirs, "<servicedir>%s</servicedir>", d)
	}
	socket, config := filepath.Join(s.Runtime, "bus"), filepath.Join(s.dir, "bus.conf")
	s.Address = "unix:path=" + socket
	s.l.put(t, config, fmt.Sprintf(`<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>%s</listen>%s<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
`, s.Address, &dirs))
	s.bus = &process{
		name: s.name + "-bus", argv: []string{"dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + config}, env: s.Env(),
		up: func() bool {
			_, err := os.Stat(socket)
			return err == nil
		},
	}
	s.bus.start(t, s.l)
}

// StopBus ends the bus, and with it what runs on it.
func (s *Session) StopBus(t *testing.T) {
	t.Helper()
	s.bus.stop(t)
	if s.ring != nil {
		s.ring.stop(t)
		s.ring = nil
	}
}

// Unlock starts gnome-keyring with the person's keyring unlocked, as signing in at
// a desktop does; the first time that makes it.
func (s *Session) Unlock(t *testing.T) {
	t.Helper()
	password := filepath.Join(s.dir, "unlock")
	s.l.put(t, password, KeyringPassword)
	s.ring = &process{
		name: s.name + "-keyring", env: s.Env(),
		argv: []string{"sh", "-c", `exec gnome-keyring-daemon --unlock --foreground --components=secrets <"$1"`, "sh", password},
		up:   s.unlocked,
	}
	s.ring.start(t, s.l)
}

// unlocked asks whether the keyring is there and open; before it is there the bus
// would start another.
func (s *Session) unlocked() bool {
	ask := func(argv ...string) string {
		return s.Run(append([]string{"dbus-send", "--session", "--print-reply=literal", "--reply-timeout=2000"}, argv...)...).Stdout
	}
	there := ask("--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets")
	if !strings.Contains(there, "true") {
		return false
	}
	locked := ask("--dest=org.freedesktop.secrets", "/org/freedesktop/secrets/collection/login",
		"org.freedesktop.DBus.Properties.Get", "string:org.freedesktop.Secret.Collection", "string:Locked")
	return strings.Contains(locked, "false")
}

// Env is what the session adds to [Lab.Env].
func (s *Session) Env() []string {
	return slices.Concat([]string{
		"HOME=" + s.Home, "XDG_RUNTIME_DIR=" + s.Runtime, "DBUS_SESSION_BUS_ADDRESS=" + s.Address,
		"PATH=" + s.programs() + ":" + namespace.SearchPath,
	}, s.Vars)
}

// Run runs a command in the session.
func (s *Session) Run(argv ...string) Output { return s.l.Run(s.Env(), argv...) }

// Feed is Run with something on standard input.
func (s *Session) Feed(stdin string, argv ...string) Output {
	return s.l.Feed(s.Env(), stdin, argv...)
}

// Environ is the whole environment of the session's commands.
func (s *Session) Environ() []string { return s.l.Env(s.Env()...) }

// HelperPath is Mooring's credential helper, on the session's PATH.
func (s *Session) HelperPath() string {
	return filepath.Join(s.programs(), "docker-credential-mooring")
}

// Helper asks Mooring's credential helper as docker does.
func (s *Session) Helper(action, request string) Output {
	return s.Feed(request, s.HelperPath(), action)
}
