//go:build e2e

package e2e

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/theme"
)

// regDoor is another door to the registry of the tests, where somebody counts.
const regDoor = regHost + ":5001"

// TestLink is the way of somebody who clicks a link: nothing is dialled and
// nothing listed before the click, trust works after it.
func TestLink(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	root := startRegistry(t, s)
	door := openDoor(t)
	w := s.opened(teamLink(root))
	p := w.until("the link", dialog)
	w.key("Tab", "Tab", "Tab")
	w.settled().save(t, "link-1-asks")
	if n := door.seen.Load(); n != 0 {
		t.Fatalf("%d connections before any click", n)
	}
	if listed := s.listed(); strings.Contains(listed, regDoor) {
		t.Fatalf("it is in the list before any click: %s", listed)
	}

	w.click(p.buttons()[0])
	s.wait("a connection", func() bool { return door.seen.Load() > 0 })
	plan := w.until("the plan", dialog)
	plan.save(t, "link-2-plan")
	if green := plan.areas(theme.ColorTrustedBack, 100, 20); len(green) > 0 {
		t.Errorf("a claim is drawn as trusted: %v", green)
	}
	w.click(plan.buttons()[0])
	done := w.until("the proof", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && dialog(p) })
	done.save(t, "link-3-proof")
	image := "docker://" + regDoor + "/team/app:1"
	if out, err := s.command("skopeo", "inspect", "--creds", account+":"+secret, image).CombinedOutput(); err != nil {
		t.Errorf("skopeo: %v: %s", err, out)
	}
	if _, err := os.Stat("/usr/local/share/ca-certificates/mooring-" + trust.FingerprintOf(root.Cert).Short() + ".crt"); !os.IsNotExist(err) {
		t.Errorf("a link reached the whole computer: %v", err)
	}
	w.click(done.buttons()[0])
	w.undo(w.until("green", whole(theme.ColorTrustedBack)), "link-4-undo")
}

// TestLinkThatLies names another CA than the server has: it warns and goes no
// further.
func TestLinkThatLies(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	startRegistry(t, s)
	openDoor(t)
	w := s.opened("mooring://trust?registry=" + regDoor + "&sha256=" + strings.Repeat("ab", 32))
	w.click(w.until("the link", dialog).buttons()[0])
	p := w.until("the warning", func(p picture) bool { return p.dimmed() && banner(theme.ColorRefusedBack)(p) })
	w.settled().save(t, "link-lies")
	if n := len(p.buttons()); n > 0 {
		t.Errorf("%d buttons can be pressed", n)
	}
	if _, err := os.Stat("/etc/docker/certs.d/" + regDoor); !os.IsNotExist(err) {
		t.Errorf("something was installed: %v", err)
	}
}

// TestRefusedLink asks for more than a link can: who clicked it is told why nothing
// happens.
func TestRefusedLink(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	w := s.opened("mooring://apply?registry=" + regDoor)
	w.until("the refusal", func(p picture) bool { return p.dimmed() && banner(theme.ColorRefusedBack)(p) }).save(t, "link-refused")
}

// TestSecondLink opens a link while a window is there: it is shown there, and the
// second program ends.
func TestSecondLink(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	door := openDoor(t)
	w := s.mooring()
	s.wait("the window to be found", func() bool {
		_, err := os.Stat(filepath.Join(s.runtimeDir(), "mooring", "window.sock"))
		return err == nil
	})
	link := "mooring://trust?registry=" + regDoor + "&sha256=" + strings.Repeat("ab", 32)
	s.wait("the first window to take the link", func() bool {
		out, err := s.command("timeout", "5", desk.Built("mooring"), link).CombinedOutput()
		if err != nil {
			t.Logf("not yet: %v %s", err, out)
		}
		return err == nil
	})
	w.until("the link in the first window", dialog).save(t, "link-second")
	if n := door.seen.Load(); n != 0 {
		t.Errorf("%d connections before any click", n)
	}
}

func teamLink(root *trusttest.Cert) string {
	return "mooring://trust?registry=" + regDoor + "&sha256=" + trust.FingerprintOf(root.Cert).String()
}

// opened starts Mooring as a desktop does with a link: a dialog is over the window
// from its first picture on.
func (s *session) opened(link string) *window {
	s.t.Helper()
	return s.open("^Mooring$", s.command("dbus-run-session", "--", desk.Built("mooring"), link))
}

// listed are the registries that Mooring knows.
func (s *session) listed() string {
	s.t.Helper()
	out, err := s.command(desk.Built("mooring"), "list", "--hidden", "--json").Output()
	must(s.t, err)
	return string(out)
}

// door counts who comes through, on the way to the registry.
type door struct{ seen atomic.Int32 }

func openDoor(t *testing.T) *door {
	t.Helper()
	l, err := net.Listen("tcp", regIP+":5001")
	must(t, err)
	d := &door{}
	var open sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		open.Wait()
	})
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d.seen.Add(1)
			open.Go(func() { through(c) })
		}
	})
	return d
}

// through joins a connection with one to the registry until either ends.
func through(c net.Conn) {
	defer c.Close()
	r, err := net.Dial("tcp", regIP+":5000")
	if err != nil {
		return
	}
	defer r.Close()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{c, r}, {r, c}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1]) // until either end closes
			done <- struct{}{}
		}()
	}
	<-done
}
