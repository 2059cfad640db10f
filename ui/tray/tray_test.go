//go:build linux

package tray

import (
	"bytes"
	"crypto/tls"
	"image"
	"image/color"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust/trusttest"
)

// site is a registry on loopback whose name podman does not know.
type site struct {
	name   string
	ca     *trusttest.Cert
	server *http.Server
}

func serve(t *testing.T, host string) *site {
	t.Helper()
	s := &site{ca: trusttest.NewCA(t, "Corp Root CA")}
	leaf := s.ca.Leaf(trusttest.Names(host))
	l, err := tls.Listen("tcp", "127.0.0.1:0", leaf.Config())
	must(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	must(t, err)
	s.name = net.JoinHostPort(host, port)
	s.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		w.WriteHeader(http.StatusOK)
	})}
	go func() { _ = s.server.Serve(l) }()
	t.Cleanup(func() { s.server.Close() })
	return s
}

// argb is a picture as the tray's specification sends it: not multiplied.
func argb(img image.Image) []byte {
	var out []byte
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			if c.A == 0 {
				c = color.NRGBA{} // what is not there has no colour
			}
			out = append(out, c.A, c.R, c.G, c.B)
		}
	}
	return out
}

// is waits until the icon shows a mood. It looks as panels do, when there is
// another picture.
func (i *icon) is(m watch.Mood) { i.b.t.Helper(); i.shows(m, Any) }

func (i *icon) shows(m watch.Mood, g Ground) {
	i.b.t.Helper()
	want := argb(Draw(m, g, pixels))
	late := time.After(20 * time.Second)
	for {
		if p := i.picture(); p.W == pixels && p.H == pixels && bytes.Equal(p.Pix, want) {
			return
		}
		select {
		case <-i.changes:
		case <-late:
			i.b.t.Fatalf("waited too long for the picture of %s; the menu is\n%s", m, i.labels())
		}
	}
}

// says waits until the menu has a line that begins so.
func (i *icon) says(line string) {
	i.b.t.Helper()
	var last string
	eventually(i.b.t, "the menu to say "+line+"; it said\n"+last, func() bool {
		last = i.labels()
		return strings.Contains("\n"+strings.ReplaceAll(last, "(", ""), "\n"+line)
	})
}

// The whole tray as a desktop sees it: picture, menu and every click, while
// servers are broken and mended.
func TestTheTrayOnADesktop(t *testing.T) {
	b, m := newBus(t), newMachine(t)
	panel, notes := b.panel(), b.notifications("actions", "body-markup")
	one, two := serve(t, "one.example"), serve(t, "two.example")
	m.watch(one.name, two.name)
	for _, s := range []*site{one, two} {
		m.write(caFile(s.name), string(s.ca.PEM()))
	}
	window := &shown{}
	listener, err := instance.Listen(desk(m.dir), instance.Window, window.handle)
	must(t, err)
	defer func() { listener.Close() }()

	p := m.tray(b)
	icon := panel.icon()
	icon.is(watch.Good)
	icon.says("All 2 registries are trusted")
	for name, want := range map[string]any{"Status": "Active", "Category": "ApplicationStatus", "ItemIsMenu": false} {
		if got := icon.property(name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if second := m.tray(b); second.ends() != 5 {
		t.Errorf("a second watcher ends with %d", second.code)
	}

	// One is no longer trusted: told once, with the way to mend it.
	m.remove(caFile(one.name))
	icon.click("Check now")
	icon.is(watch.Broken)
	icon.says(one.name + " — Unknown authority. Trust…")
	eventually(t, "the notification", func() bool { return len(notes.all()) == 1 })
	n := notes.all()[0]
	if n.title != one.name+" is no longer trusted" || !n.urgent || len(n.actions) < 2 || n.actions[1] != "Trust…" {
		t.Errorf("told: %+v", n)
	}
	want := instance.Request{Verb: instance.Show, Registry: parsed(t, one.name), Page: instance.PageTrust}
	icon.click(one.name)
	if got := window.next(t, 1); got != want {
		t.Errorf("the entry leads to %+v", got)
	}
	notes.act(n)
	if got := window.next(t, 2); got != want {
		t.Errorf("the notification leads to %+v", got)
	}

	// The other one is down, then everything: nobody is told.
	two.server.Close()
	icon.click("Check now")
	icon.says("1 registry needs attention")
	one.server.Close()
	must(t, instance.Send(t.Context(), desk(m.dir), instance.Watcher, instance.Request{Verb: instance.CheckNow}))
	icon.is(watch.Offline)
	icon.says("No registry can be reached")

	// Pausing and resuming.
	icon.click("Pause for an hour")
	icon.says("Paused until ")
	icon.click("Resume")
	icon.says("No registry can be reached")
	icon.click("Pause until I resume")
	icon.says("Paused")
	icon.click("Resume")
	icon.says("No registry can be reached")

	// The window: by the menu, by a click on the icon, and by starting one.
	icon.click("Open Mooring")
	if got := window.next(t, 3); got != (instance.Request{Verb: instance.Show}) {
		t.Errorf("Open Mooring leads to %+v", got)
	}
	must(t, b.conn.Object(icon.name, "/StatusNotifierItem").Call(itemFace+".Activate", 0, int32(0), int32(0)).Err)
	window.next(t, 4)
	must(t, listener.Close())
	icon.click("Open Mooring")
	eventually(t, "a window to be started", func() bool {
		_, err := os.Stat(filepath.Join(m.dir, "started"))
		return err == nil
	})
	listener, err = instance.Listen(desk(m.dir), instance.Window, window.handle)
	must(t, err)
	window.next(t, 5)

	// Autostart, as the entry says beforehand.
	icon.click("Start with my session (writes ~/.config/autostart/mooring.desktop)")
	eventually(t, "the entry", func() bool {
		text, err := os.ReadFile(m.path(".config/autostart/mooring.desktop"))
		return err == nil && strings.Contains(string(text), `Exec="/opt/my apps/mooring" tray`)
	})
	eventually(t, "the tick", func() bool {
		for _, e := range icon.menu() {
			if e.toggle && e.checked && strings.Contains(e.label, "(removes ~/.config/") {
				return true
			}
		}
		return false
	})
	icon.click("Start with my session (removes ")
	eventually(t, "the entry to be gone", func() bool {
		_, err := os.Stat(m.path(".config/autostart/mooring.desktop"))
		return os.IsNotExist(err)
	})
	eventually(t, "both to be told", func() bool { return len(notes.all()) == 3 })
	if after := notes.all()[2]; after.replaces != notes.all()[1].id {
		t.Errorf("the second does not take the first one's place: %+v", after)
	}

	icon.click("Quit")
	if code := p.ends(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	if said := p.log.String(); said != "" {
		t.Errorf("it said\n%s", said)
	}
}

// Without anybody who shows icons it says so once and goes on; the icon comes when
// a panel does.
func TestWithoutATray(t *testing.T) {
	b, m := newBus(t), newMachine(t)
	notes := b.notifications()
	one := serve(t, "one.example")
	m.watch(one.name)
	m.write(caFile(one.name), string(one.ca.PEM()))
	p := m.tray(b)
	status := func(mood watch.Mood) func() bool {
		return func() bool {
			s, err := watch.FilesOf(desk(m.dir)).Status()
			return err == nil && s.Mood == mood
		}
	}
	eventually(t, "the first check", status(watch.Good))
	m.remove(caFile(one.name))
	must(t, instance.Send(t.Context(), desk(m.dir), instance.Watcher, instance.Request{Verb: instance.CheckNow}))
	eventually(t, "the notification", func() bool { return len(notes.all()) == 1 })
	if n := notes.all()[0]; len(n.actions) > 0 {
		t.Errorf("a service without buttons gets some: %+v", n)
	}
	panel := b.panel()
	panel.icon().is(watch.Broken)
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.ends(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	if said := p.log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "No tray is here") {
		t.Errorf("it said\n%s", said)
	}
}

func TestWithoutASession(t *testing.T) {
	m := newMachine(t)
	one := serve(t, "one.example")
	m.watch(one.name)
	m.write(caFile(one.name), string(one.ca.PEM()))
	p := m.tray(nil)
	eventually(t, "the first check", func() bool {
		s, err := watch.FilesOf(desk(m.dir)).Status()
		return err == nil && s.Mood == watch.Good
	})
	must(t, p.cmd.Process.Signal(syscall.SIGTERM))
	if code := p.ends(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	if said := p.log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "no session bus") {
		t.Errorf("it said\n%s", said)
	}
}

// A session that ends takes its watcher with it.
func TestTheSessionEnds(t *testing.T) {
	b, m := newBus(t), newMachine(t)
	panel := b.panel()
	p := m.tray(b)
	panel.icon().is(watch.Offline)
	b.stop()
	if code := p.ends(); code != 0 {
		t.Errorf("it ends with %d", code)
	}
}
