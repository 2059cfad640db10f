// Package tray is the watcher's face: an icon with a menu, and notifications. It is
// a process of its own, without Fyne and OpenGL, and next to nothing at rest; the
// window is another one, which it opens when asked.
package tray

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/platform/notify"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// Options is what the program gives the tray beside the machine.
type Options struct {
	Words *words.Words
	Log   io.Writer // for what went wrong and is not worth a notification
	// StartWindow starts the window as a process of its own; nil where none is
	// installed.
	StartWindow func() error
}

// tray is one run of the watcher with its face.
type tray struct {
	machine  *platform.Machine
	options  Options
	words    *words.Words
	watcher  *watch.Watcher
	notifier notify.Notifier
	host     host // nil: there is none
	ctx      context.Context
	quit     context.CancelFunc
	working  sync.WaitGroup
	news     chan []watch.Event
	redraw   chan struct{}
	drawn    drawn  // the picture that is shown
	menuText string // the menu that is shown

	mu        sync.Mutex
	status    watch.Status
	ground    Ground
	autostart bool
	about     map[string]watch.Trouble // what a notification is about, by its key
}

// Run watches until ctx ends or the person quits. The error is
// [instance.ErrRunning] when a watcher of this person runs already. It must be
// called on the program's main goroutine.
func Run(ctx context.Context, m *platform.Machine, o Options) error {
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	t := &tray{
		machine: m, options: o, words: o.Words, ctx: ctx, quit: quit, about: map[string]watch.Trouble{},
		news: make(chan []watch.Event, 16), redraw: make(chan struct{}, 1), status: watch.Status{Mood: watch.Offline},
	}
	t.watcher = m.Watcher(watch.Config{Tell: t.hear, Publish: t.publish, Log: t.problem})
	server, err := instance.Listen(m.World, instance.Watcher, t.asked)
	if errors.Is(err, instance.ErrNoSockets) {
		server, err = instance.Hold(m.World, instance.Watcher)
	}
	if err != nil {
		return err
	}
	t.notifier = notify.New(m.World, t.acted)
	t.autostart, _ = m.Autostart(ctx)
	t.working.Go(func() { t.watcher.Run(ctx) })
	t.working.Go(func() { watch.Hints(ctx, t.watcher.Hint) })
	t.working.Go(t.tell)
	t.show()
	quit()
	if err := server.Close(); err != nil {
		t.problem(err)
	}
	t.working.Wait()
	_ = t.notifier.Close()
	return nil
}

// show shows the icon, or waits for the end where there is none to be shown.
func (t *tray) show() {
	if !t.attach() {
		<-t.ctx.Done()
		return
	}
	context.AfterFunc(t.ctx, t.host.quit)
	t.host.run(func() {
		t.draw()
		t.working.Go(t.drawing)
	})
}

// attach finds the tray and says what is not there.
func (t *tray) attach() bool {
	switch t.machine.World.OS {
	case "linux":
		s := join(t.ctx, t.machine.World)
		if s == nil {
			t.say(t.words.T("cli.tray.no-bus", nil))
			return false
		}
		context.AfterFunc(t.ctx, s.close)
		if !s.hasTray(t.ctx) {
			t.say(t.words.T("cli.tray.no-tray", nil))
		}
		t.ground = s.ground(t.ctx)
		// A session that ended leaves nobody to be told.
		s.follow(t.ctx, &t.working, t.setGround, t.quit)
	case "windows":
		t.ground = windowsGround(t.ctx, t.machine.World)
	}
	t.host = newHost(func() { t.open(watch.Trouble{}) }, t.say)
	if t.host == nil {
		t.say(t.words.T("cli.tray.no-icon", nil))
	}
	return t.host != nil
}

// say writes a line for whoever started the watcher in a terminal, or for the
// session's log.
func (t *tray) say(line string) { fmt.Fprintln(t.options.Log, "mooring: "+line) }

// problem logs an error. It never reaches a notification: those are about
// registries.
func (t *tray) problem(err error) {
	p := t.words.Error(err)
	t.say(strings.TrimSpace(p.What + " " + p.Why))
}

// publish takes what the watcher sees.
func (t *tray) publish(s watch.Status) {
	t.mu.Lock()
	rested := t.status.Checking && !s.Checking
	t.status = s
	t.mu.Unlock()
	t.update()
	if rested {
		// Nothing happens for half an hour: a check's memory is given back.
		debug.FreeOSMemory()
	}
}

func (t *tray) setGround(g Ground) {
	t.mu.Lock()
	t.ground = g
	t.mu.Unlock()
	t.update()
}

// drawn is what the picture was drawn from.
type drawn struct {
	mood   watch.Mood
	ground Ground
}

// update has the tray drawn, soon and once.
func (t *tray) update() {
	select {
	case t.redraw <- struct{}{}:
	default:
	}
}

func (t *tray) drawing() {
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-t.redraw:
			t.draw()
		}
	}
}

func (t *tray) draw() {
	t.mu.Lock()
	v := View{Status: t.status, Autostart: t.autostart, Place: t.shortPlace(), Now: time.Now()}
	ground := t.ground
	t.mu.Unlock()
	if t.ctx.Err() != nil {
		return // nobody looks any more
	}
	if p := (drawn{v.Status.Mood, ground}); p != t.drawn {
		t.host.picture(p.mood, p.ground)
		t.drawn = p
	}
	items := Menu(t.words, v, Commands{
		Show: t.open, CheckNow: t.watcher.CheckNow, Pause: t.watcher.Pause, Resume: t.watcher.Resume,
		Autostart: t.setAutostart, Quit: t.quit,
	})
	// A menu that is replaced while somebody looks at it loses the click.
	if text := textOf(items); text != t.menuText {
		t.menuText = text
		t.host.menu(t.words.T("tray.tooltip", args{"state": items[0].Label}), items)
	}
}

// shortPlace is what autostart writes, with the home directory as people write it.
func (t *tray) shortPlace() string {
	place := t.machine.AutostartPlace()
	if rest, ok := strings.CutPrefix(place, t.machine.World.User.Home+"/"); ok {
		return "~/" + rest
	}
	return place
}

// hear takes what is new; telling may wait for a service.
func (t *tray) hear(events []watch.Event) {
	select {
	case t.news <- events:
	default:
		t.say("too many notifications wait") // the service hangs, and the icon says it too
	}
}

func (t *tray) tell() {
	for {
		select {
		case <-t.ctx.Done():
			return
		case events := <-t.news:
			n, about := noteOf(t.words, events)
			t.note(n, about)
		}
	}
}

func (t *tray) note(n notify.Note, about watch.Trouble) {
	t.mu.Lock()
	t.about[n.Key] = about
	t.mu.Unlock()
	if err := t.notifier.Notify(t.ctx, n); err != nil && t.ctx.Err() == nil {
		t.say(err.Error())
	}
}

// acted opens what a notification is about.
func (t *tray) acted(key string) {
	t.mu.Lock()
	about, ok := t.about[key]
	t.mu.Unlock()
	if ok {
		t.open(about)
	}
}

// asked answers the socket.
func (t *tray) asked(q instance.Request) error {
	switch q.Verb {
	case instance.CheckNow:
		t.working.Go(t.watcher.CheckNow)
	case instance.Show:
		about := watch.Trouble{Action: string(q.Page)}
		if !q.Registry.IsZero() {
			about.Registry = q.Registry.String()
		}
		t.working.Go(func() { t.open(about) })
	default:
		return instance.ErrMalformed
	}
	return nil
}

// pages are where the actions of a trouble lead.
var pages = map[string]instance.Page{watch.ActTrust: instance.PageTrust, watch.ActSignIn: instance.PageSignIn}

// startLimit bounds the wait for a window that was started.
const startLimit = 20 * time.Second

// open shows the window on what needs attention, and starts it first if there is
// none.
func (t *tray) open(about watch.Trouble) {
	q := instance.Request{Verb: instance.Show}
	if r, _, err := trust.ParseRegistry(about.Registry); err == nil && about.Registry != "" {
		q.Registry, q.Page = r, pages[about.Action]
	}
	if err := instance.Send(t.ctx, t.machine.World, instance.Window, q); err == nil {
		return
	}
	if t.options.StartWindow == nil {
		t.note(notify.Note{Key: "no-window", Title: t.words.T("notify.no-window.title", nil), Body: t.words.T("notify.no-window.body", nil)}, watch.Trouble{})
		return
	}
	if err := t.options.StartWindow(); err != nil {
		t.problem(err)
		return
	}
	ctx, cancel := context.WithTimeout(t.ctx, startLimit)
	defer cancel()
	if err := instance.SendWhenThere(ctx, t.machine.World, instance.Window, q); err != nil && t.ctx.Err() == nil {
		t.say(err.Error())
	}
}

// setAutostart does what the menu's line said it would, through plan and journal
// like everything else, and says how it is taken back.
func (t *tray) setAutostart(on bool) {
	plan, err := t.machine.PlanAutostart(t.ctx, on)
	if err == nil && len(plan.Pending()) > 0 {
		_, err = t.machine.Apply(t.ctx, plan, nil)
	}
	now, nowErr := t.machine.Autostart(t.ctx)
	t.mu.Lock()
	if nowErr == nil {
		t.autostart = now
	}
	t.mu.Unlock()
	t.update()
	if err != nil {
		t.problem(err)
		return
	}
	key := "notify.autostart.off"
	if on {
		key = "notify.autostart.on"
	}
	t.note(notify.Note{
		Key: "autostart", Title: t.words.T(key, nil),
		Body: t.words.T("notify.autostart.body", args{"place": t.shortPlace()}),
	}, watch.Trouble{})
}
