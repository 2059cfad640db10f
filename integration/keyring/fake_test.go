//go:build integration

package keyring

import (
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/platform/keyring"
)

// fake is a Secret Service whose person does as the test says.
type fake struct {
	conn *dbus.Conn
	// answer to a prompt: it is dismissed, or nobody ever answers.
	dismiss bool
	// hang: the collection is open, and calls are never answered.
	hang chan struct{}

	mu     sync.Mutex
	asked  int
	undone int // prompts that were taken away
}

const (
	base       = dbus.ObjectPath("/org/freedesktop/secrets")
	collection = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	prompt     = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
)

// serve puts the fake on the session's bus.
func (f *fake) serve(t *testing.T, s *lab.Session, locked bool) {
	t.Helper()
	conn, err := dbus.Connect(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f.conn = conn
	exported := func(path dbus.ObjectPath, iface string, with any, props map[string]any) {
		if with != nil {
			if err := conn.Export(with, path, iface); err != nil {
				t.Fatal(err)
			}
		}
		m := prop.Map{iface: {}}
		for name, v := range props {
			m[iface][name] = &prop.Prop{Value: v}
		}
		if _, err := prop.Export(conn, path, m); err != nil {
			t.Fatal(err)
		}
	}
	exported(base, "org.freedesktop.Secret.Service", secretService{f}, map[string]any{"Collections": []dbus.ObjectPath{collection}})
	exported(collection, "org.freedesktop.Secret.Collection", secretCollection{f}, map[string]any{"Locked": locked})
	if err := conn.Export(secretPrompt{f}, prompt, "org.freedesktop.Secret.Prompt"); err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatal(reply, err)
	}
}

func (f *fake) counts() (asked, undone int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked, f.undone
}

type (
	secretService    struct{ *fake }
	secretCollection struct{ *fake }
	secretPrompt     struct{ *fake }
)

// Unlock needs the person.
func (s secretService) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return nil, prompt, nil
}

// OpenSession never comes back if the fake hangs.
func (s secretService) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	if s.hang != nil {
		<-s.hang
	}
	return dbus.MakeVariant(""), "/org/freedesktop/secrets/session/s1", nil
}

func (c secretCollection) SearchItems(map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	return nil, nil
}

// Prompt asks the person.
func (p secretPrompt) Prompt(string) *dbus.Error {
	p.mu.Lock()
	p.asked++
	p.mu.Unlock()
	if p.dismiss {
		go func() {
			_ = p.conn.Emit(prompt, "org.freedesktop.Secret.Prompt.Completed", true, dbus.MakeVariant([]dbus.ObjectPath{}))
		}()
	}
	return nil
}

// Dismiss takes the question away.
func (p secretPrompt) Dismiss() *dbus.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.undone++
	return nil
}

func TestDismissed(t *testing.T) {
	l := lab.Start(t)
	for want, vars := range map[keyring.State][]string{
		keyring.Dismissed: {"WAYLAND_DISPLAY=wayland-0"},
		keyring.Locked:    nil, // where nobody can have seen the question
	} {
		s := l.Session(t)
		s.Vars = vars
		f := &fake{dismiss: true}
		f.serve(t, s, true)
		if a := ask(t, s, question{Do: "check"})[0]; a.State != keyring.Locked {
			t.Errorf("check: %+v", a)
		}
		if asked, _ := f.counts(); asked != 0 {
			t.Error("looking at the keyring prompted")
		}
		for i, a := range ask(t, s,
			question{Do: "get", Key: reg},
			question{Do: "set", Key: reg, User: "alice", Secret: "s3cret"},
			question{Do: "delete", Key: reg},
		) {
			if a.State != want || a.Elapsed > 3*time.Second {
				t.Errorf("%d: %+v, not %s", i, a, want)
			}
		}
		if asked, undone := f.counts(); asked != 3 || undone != 0 {
			t.Errorf("%d questions, %d taken away", asked, undone)
		}
	}
}

// A person who went away, or a prompt that nobody sees: the call ends with its
// time, and takes its question with it.
func TestNeverAnswered(t *testing.T) {
	s := lab.Start(t).Session(t)
	f := &fake{}
	f.serve(t, s, true)
	const limit = 400 * time.Millisecond
	for i, a := range ask(t, s, question{Do: "get", Key: reg, Limit: limit}) {
		if a.State != keyring.TimedOut || a.Elapsed < limit || a.Elapsed > limit+2*time.Second {
			t.Errorf("%d: %+v", i, a)
		}
	}
	lab.Eventually(t, 10*time.Second, "the question goes away", func() bool { asked, undone := f.counts(); return asked == 1 && undone == 1 })
}

// A service that takes a call and never answers it holds the library for ever. The
// caller is free when its time is up, and the next is not made to wait.
func TestServiceHangs(t *testing.T) {
	s := lab.Start(t).Session(t)
	f := &fake{hang: make(chan struct{})}
	f.serve(t, s, false)
	t.Cleanup(func() { close(f.hang) })
	const limit = 400 * time.Millisecond
	got := ask(t, s,
		question{Do: "check"},
		question{Do: "set", Key: reg, User: "alice", Secret: "s3cret", Limit: limit},
		question{Do: "set", Key: reg, User: "alice", Secret: "s3cret"},
		question{Do: "get", Key: reg},
		question{Do: "check"},
	)
	for _, i := range []int{0, 4} { // the library is not asked
		if got[i].State != "" {
			t.Errorf("check: %+v", got[i])
		}
	}
	for i, a := range got[1:4] {
		if a.State != keyring.TimedOut || i > 0 && a.Elapsed > 100*time.Millisecond || a.Elapsed > limit+2*time.Second {
			t.Errorf("%d: %+v", i, a)
		}
	}
}

// A socket that takes connections and says nothing is no bus.
func TestBusHangs(t *testing.T) {
	l := lab.Start(t)
	s := l.Session(t)
	socket := silentSocket(t, s.Runtime)
	s.Vars = []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + socket}
	for i, a := range ask(t, s, question{Do: "check", Limit: 300 * time.Millisecond}, question{Do: "get", Key: reg, Limit: 300 * time.Millisecond}) {
		if a.State != keyring.TimedOut || a.Elapsed > 3*time.Second {
			t.Errorf("%d: %+v", i, a)
		}
	}
}

// A docker that is killed leaves no helper behind that goes on asking the person.
func TestHelperEndsWithDocker(t *testing.T) {
	s := lab.Start(t).Session(t)
	f := &fake{}
	f.serve(t, s, true)
	const helper = "docker-credenti" // as far as the kernel keeps a name
	for name, end := range map[string]func(docker *exec.Cmd){
		"killed":     func(docker *exec.Cmd) { _ = docker.Process.Kill() },
		"terminated": func(docker *exec.Cmd) { _ = syscall.Kill(-docker.Process.Pid, syscall.SIGTERM) },
	} {
		before, _ := f.counts()
		docker := exec.Command("sh", "-c", "echo "+reg+" | "+s.HelperPath()+" get; :")
		docker.Env = s.Environ()
		docker.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := docker.Start(); err != nil {
			t.Fatal(err)
		}
		lab.Eventually(t, 10*time.Second, "the person is asked", func() bool { asked, _ := f.counts(); return asked > before })
		if processes(t, helper) != 1 {
			t.Errorf("%s: no helper runs", name)
		}
		end(docker)
		_ = docker.Wait() // it was ended
		lab.Eventually(t, 5*time.Second, name+": the helper ends", func() bool { return processes(t, helper) == 0 })
	}
}
