//go:build !nogui

package window

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/words"
)

// AppID is the application's identity on every system.
const AppID = "dev.mooring.mooring"

// Run shows the window and returns when it is closed or ctx ends. It must be
// called on the program's main goroutine.
func Run(ctx context.Context, s platform.Service, o Options) error {
	outer := ctx
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	a := app.NewWithID(AppID)
	a.SetIcon(theme.AppIcon())
	a.Settings().SetTheme(theme.New())
	w := New(ctx, a, s, o)
	a.Lifecycle().SetOnStarted(w.start)
	// Once the loop has ended there is nothing left to quit, and Fyne would run
	// Quit on a terminated display.
	keep := context.AfterFunc(outer, func() { fyne.Do(a.Quit) })
	a.Lifecycle().SetOnStopped(func() {
		keep()
		cancel()
	})
	w.win.ShowAndRun()
	cancel()
	w.d.wait()
	return nil
}

// New builds the window of application a without showing it.
func New(ctx context.Context, a fyne.App, s platform.Service, o Options) *Window {
	if o.Words == nil {
		o.Words = words.New(o.Lang)
	}
	w := &Window{
		app: a, service: s, options: o, t: vm.NewTeller(o.Words), d: newDispatcher(ctx),
		book: vm.NewBook(), open: map[string]bool{},
	}
	w.t.W = o.Words
	w.loading, w.checking, w.single, w.side = w.d.newJob(), w.d.newJob(), w.d.newJob(), w.d.newJob()
	title := "app"
	if o.Sandbox {
		title = "sandbox.title"
	}
	w.win = a.NewWindow(w.t.Say(title))
	w.build()
	return w
}
