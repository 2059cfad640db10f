//go:build integration

package keyring

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/platform/keyring"
)

const reg = "reg.lab.test:5000"

// everything asks all four questions, none of which may take longer than a person
// waits.
func everything(t *testing.T, s *lab.Session, want keyring.State) {
	t.Helper()
	for i, a := range ask(t, s,
		question{Do: "check"},
		question{Do: "get", Key: reg},
		question{Do: "set", Key: reg, User: "alice", Secret: "s3cret"},
		question{Do: "delete", Key: reg},
	) {
		what := []string{"check", "get", "set", "delete"}[i]
		if a.State != want {
			t.Errorf("%s: %q, not %q: %s", what, a.State, want, a.Err)
		}
		if a.Elapsed > 3*time.Second {
			t.Errorf("%s took %s", what, a.Elapsed)
		}
		if strings.Contains(a.Err, "s3cret") {
			t.Errorf("%s: the error holds the secret: %s", what, a.Err)
		}
	}
}

// What Mooring keeps is what secret-tool sees from outside, and is there for other
// processes until it is deleted.
func TestSeenFromOutside(t *testing.T) {
	s := lab.Start(t).Session(t)
	s.Unlock(t)
	secret := "correct horse \"battery\" & 말 \n\t\\ ü"
	for i, a := range ask(t, s,
		question{Do: "check"},
		question{Do: "set", Key: reg, User: "alice", Secret: "earlier"},
		question{Do: "set", Key: reg, User: "alice", Secret: secret},
		question{Do: "set", Key: "other.lab.test", User: "AWS", Secret: strings.Repeat("t", 12000), Token: true},
	) {
		if a.State != "" {
			t.Fatalf("%d: %s", i, a.Err)
		}
	}
	out := s.Run("secret-tool", "search", "--all", "--unlock", "service", "mooring").Text()
	for _, want := range []string{
		"attribute.username = " + reg, "attribute.username = other.lab.test", "label = Password for '" + reg + "' on 'mooring'",
		`secret = {"v":1,"registry":"` + reg + `","user":"alice","secret":"correct horse \"battery\" & 말 \n\t\\ ü"}`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("secret-tool does not show %q:\n%.2000s", want, out)
		}
	}
	if n := strings.Count(out, "attribute.username = "+reg); n != 1 {
		t.Errorf("%d items for one registry", n)
	}
	got := ask(t, s,
		question{Do: "get", Key: reg, Secret: secret},
		question{Do: "get", Key: "other.lab.test", Secret: strings.Repeat("t", 12000)},
		question{Do: "get", Key: "reg.lab.test"},
		question{Do: "delete", Key: reg},
		question{Do: "get", Key: reg},
		question{Do: "delete", Key: reg},
	)
	for i, want := range []answer{
		{User: "alice", Same: true},
		{User: "AWS", Token: true, Same: true},
		{State: keyring.NotFound, Same: true},
		{},
		{State: keyring.NotFound, Same: true},
		{State: keyring.NotFound},
	} {
		a := got[i]
		if a.State != want.State || a.User != want.User || a.Token != want.Token || a.Same != want.Same {
			t.Errorf("%d: got %+v, want %+v", i, a, want)
		}
	}
	if out := s.Run("secret-tool", "search", "--all", "service", "mooring").Text(); strings.Contains(out, reg) || !strings.Contains(out, "other.lab.test") {
		t.Errorf("after deleting one:\n%.2000s", out)
	}
}

// An item that another program put under our name is no sign-in.
func TestForeignItem(t *testing.T) {
	s := lab.Start(t).Session(t)
	s.Unlock(t)
	if out := s.Feed("s3cret", "secret-tool", "store", "--label=x", "service", "mooring", "username", reg); !out.OK() {
		t.Fatal(out.Text())
	}
	if a := ask(t, s, question{Do: "get", Key: reg})[0]; a.State != keyring.Failed || a.User != "" || strings.Contains(a.Err, "s3cret") {
		t.Errorf("%+v", a)
	}
}

func TestNoBus(t *testing.T) {
	for name, vars := range map[string][]string{
		"none":          {"DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="},
		"stale":         {"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/gone"},
		"nobody there":  {"DBUS_SESSION_BUS_ADDRESS=unix:abstract=gone"},
		"autolaunch":    {"DBUS_SESSION_BUS_ADDRESS=autolaunch:"},
		"the network's": {"DBUS_SESSION_BUS_ADDRESS=tcp:host=10.77.0.1,port=1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := lab.Start(t).Session(t, lab.Services)
			s.Vars = vars
			before := processes(t, "dbus-daemon") + processes(t, "dbus-launch")
			everything(t, s, keyring.NoBus)
			if after := processes(t, "dbus-daemon") + processes(t, "dbus-launch"); after != before {
				t.Errorf("%d buses were started", after-before)
			}
		})
	}
}

// The bus of a session that ended, while its socket is still there.
func TestBusGone(t *testing.T) {
	s := lab.Start(t).Session(t)
	s.StopBus(t)
	everything(t, s, keyring.NoBus)
	s.StartBus(t)
}

// processes counts those of a name that run: one that ended and that nobody asked
// about has no arguments any more.
func processes(t *testing.T, name string) (n int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		comm, _ := os.ReadFile(path)
		args, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if strings.TrimSpace(string(comm)) == name && len(args) > 0 {
			n++
		}
	}
	return n
}

func TestNoService(t *testing.T) {
	l := lab.Start(t)
	t.Run("none installed", func(t *testing.T) { everything(t, l.Session(t), keyring.NoService) })
	t.Run("it does not start", func(t *testing.T) {
		dir := filepath.Join(l.Dir, "services")
		l.Write(t, filepath.Join(dir, "secrets.service"), []byte("[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/false\n"), 0o644)
		everything(t, l.Session(t, dir), keyring.NoService)
	})
	t.Run("without a collection", func(t *testing.T) { everything(t, l.Session(t, lab.Services), keyring.NoService) })
}

// A keyring that nobody unlocked, where there is no display to ask on: over ssh,
// or after signing in without a password.
func TestLocked(t *testing.T) {
	s := lab.Start(t).Session(t)
	s.Unlock(t)
	if a := ask(t, s, question{Do: "set", Key: reg, User: "alice", Secret: "s3cret"})[0]; a.State != "" {
		t.Fatal(a.Err)
	}
	s.StopBus(t)
	s.StartBus(t, lab.Services) // which starts gnome-keyring, and its prompter in vain
	everything(t, s, keyring.Locked)
	s.StopBus(t)
	s.StartBus(t)
	s.Unlock(t)
	if a := ask(t, s, question{Do: "get", Key: reg, Secret: "s3cret"})[0]; a.State != "" || !a.Same {
		t.Errorf("unlocked again: %+v", a)
	}
}

// silentSocket listens and never answers.
func silentSocket(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "silent")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return path
}
