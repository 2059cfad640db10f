//go:build !nogui

package window

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/widgets"
	"mooring.dev/mooring/ui/window/windowtest"
)

func watchOpen(t *testing.T, s *windowtest.Service) *rig {
	t.Helper()
	r := started(t, s)
	r.w.showWatch()
	r.until("the watcher's state", func() bool { return r.w.dialog.(*watchDialog).loaded })
	return r
}

// The watcher is started from here, and what it says of itself is shown.
func TestStartWatcher(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := watchOpen(t, s)
	r.has("The watcher is not running.")
	calls := 0
	r.w.options.StartWatcher = func(context.Context) error {
		calls++
		s.SetWatcher(true)
		return nil
	}
	r.w.dialog.(*watchDialog).render()
	r.press("Start it now")
	r.until("the watcher", func() bool { return strings.Contains(r.texts(), "its first round is under way") })
	r.has("The watcher is running now.")
	if calls != 1 {
		t.Errorf("started %d times", calls)
	}
	for _, o := range r.objects() {
		if b, ok := o.(*widgets.Button); ok && b.Label() == "Start it now" {
			t.Error("a second one can be started")
		}
	}
}

func TestWatcherThatCannotStart(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := watchOpen(t, s)
	r.w.options.StartWatcher = func(context.Context) error { return errors.New("fork failed") }
	r.w.dialog.(*watchDialog).start()
	r.until("the failure", func() bool { return strings.Contains(r.texts(), "fork failed") })
}

func TestWatcherSays(t *testing.T) {
	now := time.Now()
	s, _ := windowtest.Scene(t)
	s.Watcher = true
	s.Watch = watch.Status{
		At: now.Add(-3 * time.Minute), Next: now.Add(time.Hour), Mood: watch.Broken, Total: 12,
		Trouble: []watch.Trouble{
			{Registry: "registry.corp.example:5000", State: trust.Refused, Reason: trust.UnknownAuthority},
			{Registry: "harbor.lab.example", State: trust.Trusted, Reason: trust.ExpiresSoon, Until: now.Add(100 * time.Hour)},
			{Registry: "a"},
			{Registry: "b"},
			{Registry: "c"},
			{Registry: "d"},
			{Registry: "e"},
		},
	}
	r := watchOpen(t, s)
	for _, text := range []string{"Next round: ", "12 registries", "Unknown authority", "4 days left", "and 2 more"} {
		r.has(text)
	}
	s.Watch.Paused = true
	r.w.showWatch()
	r.until("the pause", func() bool { return strings.Contains(r.texts(), "paused") })
}

// Starting with the session is previewed, carried out on a click, and taken back
// from the history.
func TestAutostart(t *testing.T) {
	s, _ := windowtest.Scene(t)
	r := watchOpen(t, s)
	tick := func() *widgets.Tick {
		return r.find(func(o fyne.CanvasObject) bool { _, ok := o.(*widgets.Tick); return ok }).(*widgets.Tick)
	}
	test.Tap(tick())
	r.until("the preview", func() bool { return strings.Contains(r.texts(), "/home/alice/.config/autostart/") })
	if on, _ := s.Autostart(t.Context()); on {
		t.Fatal("it was written before any click")
	}
	r.press("Start with my session")
	r.until("the end", func() bool { return strings.Contains(r.texts(), "The watcher starts with your session from now on.") })
	r.button("Undo")
	r.press("Close")
	if on, _ := s.Autostart(t.Context()); !on {
		t.Error("it was not written")
	}
	r.until("the history", func() bool { return len(r.w.receipts) == 1 })
	r.w.showHistoryPage()
	r.has("Changed what starts with the session")
	r.w.showWatch()
	r.until("the state", func() bool { return r.w.dialog.(*watchDialog).loaded })
	test.Tap(tick())
	r.until("the preview", func() bool { return strings.Contains(r.texts(), "will no longer start by itself") })
	r.key(fyne.KeyEscape)
}
