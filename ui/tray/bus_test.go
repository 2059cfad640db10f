//go:build linux

package tray

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"mooring.dev/mooring/platform/need"
)

// bus is a session's bus of its own, with nothing on it but what the test puts
// there.
type bus struct {
	t       testing.TB
	address string
	conn    *dbus.Conn // the test's own
	stop    func()
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=@dir@</listen>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`

func newBus(t testing.TB) *bus {
	t.Helper()
	daemon := need.Tool(t, "dbus-daemon", "scripts/deps.sh test")
	dir, err := os.MkdirTemp("", "bus")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	config := filepath.Join(dir, "bus.conf")
	must(t, os.WriteFile(config, []byte(strings.ReplaceAll(busConfig, "@dir@", dir)), 0o600))
	cmd := exec.Command(daemon, "--config-file="+config, "--nofork", "--print-address")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	stop := sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	address, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	b := &bus{t: t, address: strings.TrimSpace(address), stop: stop}
	b.conn = b.connect()
	return b
}

func (b *bus) connect() *dbus.Conn {
	b.t.Helper()
	conn, err := dbus.Connect(b.address)
	must(b.t, err)
	b.t.Cleanup(func() { conn.Close() })
	return conn
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

// panel is a desktop's panel that shows icons (org.kde.StatusNotifierWatcher and
// host in one), as far as it talks to them.
type panel struct {
	b     *bus
	mu    sync.Mutex
	items []string // bus names that registered
}

// panel puts one on the bus.
func (b *bus) panel() *panel {
	b.t.Helper()
	p := &panel{b: b}
	must(b.t, b.conn.Export(p, "/StatusNotifierWatcher", watcherName))
	_, err := prop.Export(b.conn, "/StatusNotifierWatcher", prop.Map{watcherName: {
		"IsStatusNotifierHostRegistered": {Value: true}, "ProtocolVersion": {Value: int32(0)},
	}})
	must(b.t, err)
	reply, err := b.conn.RequestName(watcherName, dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		b.t.Fatalf("the name is taken: %v, %v", reply, err)
	}
	return p
}

// RegisterStatusNotifierItem is what an icon calls.
func (p *panel) RegisterStatusNotifierItem(_ string, sender dbus.Sender) *dbus.Error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.items = append(p.items, string(sender))
	return nil
}

// icon waits for the icon to register.
func (p *panel) icon() *icon {
	p.b.t.Helper()
	var name string
	eventually(p.b.t, "the icon", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.items) > 0 {
			name = p.items[0]
		}
		return name != ""
	})
	i := &icon{p.b, name, make(chan *dbus.Signal, 64)}
	must(p.b.t, p.b.conn.AddMatchSignal(dbus.WithMatchSender(name), dbus.WithMatchInterface(itemFace), dbus.WithMatchMember("NewIcon")))
	p.b.conn.Signal(i.changes)
	return i
}

// icon is an icon as a panel sees it.
type icon struct {
	b       *bus
	name    string
	changes chan *dbus.Signal // that there is another picture
}

const itemFace, menuFace = "org.kde.StatusNotifierItem", "com.canonical.dbusmenu"

func (i *icon) property(name string) any {
	i.b.t.Helper()
	v, err := i.b.conn.Object(i.name, "/StatusNotifierItem").GetProperty(itemFace + "." + name)
	must(i.b.t, err)
	return v.Value()
}

// pixmap is the picture, with its size.
type pixmap struct {
	W, H int32
	Pix  []byte
}

func (i *icon) picture() pixmap {
	i.b.t.Helper()
	var all []pixmap
	v, err := i.b.conn.Object(i.name, "/StatusNotifierItem").GetProperty(itemFace + ".IconPixmap")
	must(i.b.t, err)
	must(i.b.t, v.Store(&all))
	if len(all) != 1 {
		i.b.t.Fatalf("%d pictures", len(all))
	}
	return all[0]
}

// entry is an entry of the menu.
type entry struct {
	id                int32
	label             string
	enabled, checked  bool
	separator, toggle bool
}

// layout is what GetLayout answers with, a level deep.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

func (i *icon) menu() []entry {
	i.b.t.Helper()
	var revision uint32
	var root layout
	err := i.b.conn.Object(i.name, "/StatusNotifierItem/menu").Call(menuFace+".GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root)
	must(i.b.t, err)
	var out []entry
	for _, c := range root.Children {
		var l layout
		must(i.b.t, c.Store(&l))
		e := entry{id: l.ID, enabled: true}
		for name, v := range l.Props {
			switch name {
			case "label":
				e.label, _ = v.Value().(string)
			case "enabled":
				e.enabled, _ = v.Value().(bool)
			case "toggle-state":
				e.checked = v.Value() == int32(1)
			case "toggle-type":
				e.toggle = v.Value() == "checkmark"
			case "type":
				e.separator = v.Value() == "separator"
			}
		}
		out = append(out, e)
	}
	return out
}

// labels are the menu's lines; "-" is a line between them.
func (i *icon) labels() string {
	i.b.t.Helper()
	var out []string
	for _, e := range i.menu() {
		switch {
		case e.separator:
			out = append(out, "-")
		case !e.enabled:
			out = append(out, "("+e.label+")")
		default:
			out = append(out, e.label)
		}
	}
	return strings.Join(out, "\n")
}

// still is the menu once it stays as it is: a person does not click on a menu that
// is just being replaced.
func (i *icon) still() []entry {
	i.b.t.Helper()
	var menu []entry
	since := time.Now()
	eventually(i.b.t, "the menu to stay", func() bool {
		now := i.menu()
		if !slices.Equal(now, menu) {
			menu, since = now, time.Now()
		}
		return time.Since(since) > 200*time.Millisecond
	})
	return menu
}

// click chooses the entry whose label begins so.
func (i *icon) click(label string) {
	i.b.t.Helper()
	for _, e := range i.still() {
		if strings.HasPrefix(e.label, label) && e.enabled {
			err := i.b.conn.Object(i.name, "/StatusNotifierItem/menu").
				Call(menuFace+".Event", 0, e.id, "clicked", dbus.MakeVariant(""), uint32(0)).Err
			must(i.b.t, err)
			return
		}
	}
	i.b.t.Fatalf("there is no entry %q in\n%s", label, i.labels())
}

// note is a notification as the desktop's service got it.
type note struct {
	id, replaces uint32
	title, body  string
	actions      []string
	urgent       bool
}

// service is a desktop's notification service.
type service struct {
	b            *bus
	capabilities []string
	mu           sync.Mutex
	notes        []note
}

func (b *bus) notifications(capabilities ...string) *service {
	b.t.Helper()
	s := &service{b: b, capabilities: capabilities}
	must(b.t, b.conn.Export(s, "/org/freedesktop/Notifications", "org.freedesktop.Notifications"))
	reply, err := b.conn.RequestName("org.freedesktop.Notifications", dbus.NameFlagDoNotQueue)
	if err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		b.t.Fatalf("the name is taken: %v, %v", reply, err)
	}
	return s
}

// GetCapabilities and Notify are the specification's.
func (s *service) GetCapabilities() ([]string, *dbus.Error) { return s.capabilities, nil }

func (s *service) Notify(_ string, replaces uint32, _, title, body string, actions []string, hints map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := note{id: replaces, replaces: replaces, title: title, body: body, actions: actions}
	if n.id == 0 {
		n.id = uint32(len(s.notes) + 1)
	}
	n.urgent = hints["urgency"].Value() == byte(2)
	s.notes = append(s.notes, n)
	return n.id, nil
}

func (s *service) all() []note {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]note(nil), s.notes...)
}

// act presses a note's button.
func (s *service) act(n note) {
	s.b.t.Helper()
	must(s.b.t, s.b.conn.Emit("/org/freedesktop/Notifications", "org.freedesktop.Notifications.ActionInvoked", n.id, "default"))
}
