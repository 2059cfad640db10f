//go:build !nogui

package window

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	fynetheme "fyne.io/fyne/v2/theme"

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
	a.Settings().SetTheme(theme.New())
	w := New(ctx, a, s, o)
	a.Lifecycle().SetOnStarted(func() {
		w.win.SetIcon(theme.AppIcon()) // drawing it is nothing to wait for
		w.start()
	})
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
		book: vm.NewBook(), open: map[string]bool{}, patience: askLimit,
	}
	w.t.W = o.Words
	w.loading, w.checking, w.single, w.side = w.d.newJob(), w.d.newJob(), w.d.newJob(), w.d.newJob()
	w.accounting, w.reading, w.looking, w.examining = w.d.newJob(), w.d.newJob(), w.d.newJob(), w.d.newJob()
	title := "app"
	if o.Sandbox {
		title = "sandbox.title"
	}
	fonts := readFonts()
	w.win = a.NewWindow(w.t.Say(title))
	<-fonts
	w.build()
	return w
}

// readFonts has Fyne read the fonts of the two weights, with all that they fall
// back to, and closes the channel when it is done. It is the one use of Fyne off
// its goroutine, and a third of the start: meanwhile that goroutine waits for the
// display, which opens a window without measuring a text, and then for the channel.
func readFonts() <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, bold := range []bool{false, true} {
			fyne.MeasureText("M", fynetheme.TextSize(), fyne.TextStyle{Bold: bold})
		}
	}()
	return done
}
