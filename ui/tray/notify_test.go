//go:build linux

package tray

import (
	"os"
	"testing"

	"github.com/godbus/dbus/v5"

	"mooring.dev/mooring/platform/notify"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/platform/world"
)

func onBus(b *bus) world.World {
	return world.World{OS: "linux", FS: world.Disk{}, User: world.User{UID: os.Getuid()}, Env: func(name string) string {
		return map[string]string{"DBUS_SESSION_BUS_ADDRESS": b.address}[name]
	}}
}

// Markup is escaped for a service that reads it and for no other, which would show
// what is escaped.
func TestMarkupIsEscapedWhereItIsRead(t *testing.T) {
	const text = `<b>bold</b> & <a href="x">link</a>`
	for _, c := range []struct {
		can        []string
		body       string
		hasActions bool
	}{
		{[]string{"body", "body-markup", "actions"}, "&lt;b&gt;bold&lt;/b&gt; &amp; &lt;a href=&#34;x&#34;&gt;link&lt;/a&gt;", true},
		{[]string{"body"}, text, false},
	} {
		b := newBus(t)
		s := b.notifications(c.can...)
		n := notify.New(onBus(b), nil)
		must(t, n.Notify(t.Context(), notify.Note{Key: "k", Title: "title", Body: text, Open: "Open"}))
		got := s.all()[0]
		if got.body != c.body || (len(got.actions) > 0) != c.hasActions {
			t.Errorf("%q: %+v", c.can, got)
		}
		must(t, n.Close())
	}
}

func TestANoteTakesThePlaceOfItsFormer(t *testing.T) {
	b := newBus(t)
	s := b.notifications("actions")
	acted := make(chan string, 8)
	n := notify.New(onBus(b), func(key string) { acted <- key })
	defer n.Close()
	send := func(key string) note {
		t.Helper()
		must(t, n.Notify(t.Context(), notify.Note{Key: key, Title: key, Open: "Open"}))
		all := s.all()
		return all[len(all)-1]
	}
	one, two, again := send("one"), send("two"), send("one")
	if one.replaces != 0 || two.replaces != 0 || again.replaces != one.id {
		t.Errorf("%+v, %+v, %+v", one, two, again)
	}
	s.act(two)
	if key := <-acted; key != "two" {
		t.Errorf("the button of two is that of %q", key)
	}
	s.act(note{id: 4711}) // somebody else's
	must(t, b.conn.Emit("/org/freedesktop/Notifications", "org.freedesktop.Notifications.NotificationClosed", one.id, uint32(2)))
	s.act(two)
	if key := <-acted; key != "two" {
		t.Errorf("somebody else's button is that of %q", key)
	}
	if after := send("one"); after.replaces != 0 {
		t.Errorf("a note that was closed is replaced: %+v", after)
	}
}

func TestAnotherServiceMayCome(t *testing.T) {
	b := newBus(t)
	n := notify.New(onBus(b), nil)
	defer n.Close()
	if err := n.Notify(t.Context(), notify.Note{Key: "k", Title: "t"}); err == nil {
		t.Error("nobody shows notifications, and it was shown")
	}
	s := b.notifications("body-markup")
	must(t, n.Notify(t.Context(), notify.Note{Key: "k", Title: "t", Body: "<"}))
	if got := s.all()[0].body; got != "&lt;" {
		t.Errorf("%q", got)
	}
}

func TestTheDesktopSaysWhetherItIsDark(t *testing.T) {
	for want, v := range map[Ground]any{
		Dark: dbus.MakeVariant(uint32(1)), Light: dbus.MakeVariant(dbus.MakeVariant(uint32(2))), Any: dbus.MakeVariant("blue"),
	} {
		if got := groundOf(v.(dbus.Variant)); got != want {
			t.Errorf("%v is %v, want %v", v, got, want)
		}
	}
	sig := &dbus.Signal{Name: settingsFace + ".SettingChanged", Body: []any{appearance, colorScheme, dbus.MakeVariant(uint32(1))}}
	if g, ok := schemeChanged(sig); !ok || g != Dark {
		t.Errorf("%v, %v", g, ok)
	}
	for _, body := range [][]any{nil, {appearance}, {appearance, "accent-color", dbus.MakeVariant(uint32(1))}, {appearance, colorScheme, 1}} {
		sig.Body = body
		if _, ok := schemeChanged(sig); ok {
			t.Errorf("%v is a change", body)
		}
	}
}

// portal is the desktop's settings.
type portal struct{ scheme uint32 }

func (p *portal) Read(string, string) (dbus.Variant, *dbus.Error) {
	return dbus.MakeVariant(dbus.MakeVariant(p.scheme)), nil
}

// On a desktop that says what it looks like, the picture is the one for that; and
// when the machine wakes up, everything is looked at again.
func TestTheDesktopTurnsDarkAndTheMachineWakesUp(t *testing.T) {
	b, m := newBus(t), newMachine(t)
	must(t, b.conn.Export(&portal{2}, portalPath, settingsFace))
	for _, name := range []string{portalName, "org.freedesktop.login1"} {
		_, err := b.conn.RequestName(name, dbus.NameFlagDoNotQueue)
		must(t, err)
	}
	panel := b.panel()
	m.systemBus = b
	m.tray(b)
	icon := panel.icon()
	icon.shows(watch.Offline, Light)
	must(t, b.conn.Emit(portalPath, settingsFace+".SettingChanged", appearance, colorScheme, dbus.MakeVariant(uint32(1))))
	icon.shows(watch.Offline, Dark)

	status := func() watch.Status {
		s, err := watch.FilesOf(desk(m.dir)).Status()
		must(t, err)
		return s
	}
	eventually(t, "the first check", func() bool { return !status().At.IsZero() })
	before := status().At
	must(t, b.conn.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", false))
	eventually(t, "a look after waking up", func() bool { return status().At.After(before) })
}
