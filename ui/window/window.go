//go:build !nogui

package window

import (
	"context"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// Window is the one window of the program. Everything in it belongs to the UI
// goroutine.
type Window struct {
	app     fyne.App
	win     fyne.Window
	service platform.Service
	options Options
	t       vm.Teller
	d       *dispatcher

	loading  *job // the list of registries
	checking *job // of all or many registries
	single   *job // the page's own check
	side     *job // small things: scope, files
	rechecks int  // in flight, after changes

	accounting *job // what is known of sign-ins
	reading    *job // the repositories on the page
	looking    *job // the tags of one of them, and what may be done with it
	examining  *job // of this computer

	book        *vm.Book
	accounts    map[string]platform.Account // nil until they were read
	tools       []trust.Party               // those that can use a sign-in
	accountsErr error                       // what could not be read of them
	selected    string
	showHidden  bool
	receipts    []trust.Receipt
	health      vm.Examination
	progress    struct{ done, total int }
	loaded      bool
	waiting     *instance.Request // came before the list, nil for none

	sidebar sidebar
	page    *page
	shell   *widgets.Shell
	toast   *widgets.Toast
	toasts  int
	dialog  dialogBox // the open dialog, nil for none
	keys    fyne.ShortcutHandler

	open map[string]bool // which cards and rows are unfolded
	// patience is how long a request of another start waits for the UI goroutine.
	patience time.Duration
}

// dialogBox is what the window must know of an open dialog.
type dialogBox interface {
	shown() bool
	// dropped takes certificate files that were dropped; false leaves them to the
	// window.
	dropped(name string, path string, data []byte) bool
	// say shows a short result within the dialog.
	say(sentence string)
}

const defaultWidth, defaultHeight float32 = 1180, 880

func (w *Window) build() {
	w.page = newPage(w)
	w.sidebar.build(w)
	w.toast = widgets.NewToast()
	w.shell = widgets.NewShell(w.sidebar.object, w.page.object, w.toast.Object)
	w.shell.OnNarrow = func(bool) { w.page.refresh() }
	w.win.SetPadded(false)
	w.win.SetContent(container.NewStack(w.shell.Object))
	w.win.Resize(fyne.NewSize(defaultWidth, defaultHeight))
	w.win.SetOnDropped(w.dropped)
	w.addShortcuts()
	w.render()
}

// start loads and checks what this machine knows; no engine is asked.
func (w *Window) start() {
	if w.options.Shown != nil {
		w.options.Shown(w)
	}
	if w.options.Attach != nil {
		w.options.Attach(w.asked)
	}
	w.load(platform.ListOptions{}, func() {
		w.choose(w.options.Select)
		w.checkAll()
		w.opened(w.options.Claims, w.options.Refused)
		if f := w.options.File; f != nil {
			w.took(filepath.Base(f.Path), f.Path, f.Data)
		}
		w.obeyWaiting()
	})
	w.loadAccounts()
	w.recover()
	w.d.spawn(w.tick)
}

// tick keeps "checked 3 min ago" true.
func (w *Window) tick() {
	every := time.NewTicker(time.Minute)
	defer every.Stop()
	for {
		select {
		case <-w.d.ctx.Done():
			return
		case <-every.C:
			w.d.post(w.page.refresh)
		}
	}
}

// load reads the list of registries, then runs then.
func (w *Window) load(o platform.ListOptions, then func()) {
	o.Hidden = true
	w.loading.start(func(ctx context.Context, _ func(func())) func() {
		list, err := w.service.Registries(ctx, o)
		return func() {
			w.loaded = true
			if err != nil {
				w.fail(err)
			}
			if err == nil || len(list) > 0 {
				w.book.SetKnown(list)
			}
			w.render()
			if then != nil {
				then()
			}
		}
	})
	w.render()
}

// render draws sidebar and page from what is known.
func (w *Window) render() {
	w.sidebar.refresh()
	w.page.refresh()
	if d, ok := w.dialog.(*projectDialog); ok && d.shown() {
		d.refresh()
	}
}

// choose shows the registry with this id; looking elsewhere is when rows move to
// their groups.
func (w *Window) choose(id string) {
	if _, ok := w.book.Entry(id); !ok {
		id = ""
	}
	if id != "" {
		w.loadAccounts() // other programs may have changed them
	}
	if id == w.selected && w.page.mode == showRegistry {
		return
	}
	if id != "" {
		w.leave()
		w.selected = id
		w.page.mode = showRegistry
		w.page.tab = tabTrust
		w.page.images = nil
		w.page.body.Scroll.ScrollToTop()
	}
	w.book.Settle()
	w.shell.SetDrawer(false)
	w.render()
	w.sidebar.list.Choose(w.selected)
}

// chooseWorst selects the registry that needs it most, if none is selected and the
// person does not look elsewhere meanwhile.
func (w *Window) chooseWorst() {
	if w.selected != "" || w.page.mode != showRegistry {
		return
	}
	for _, r := range w.t.Sidebar(w.book, "").Rows {
		if r.Heading == "" {
			w.choose(r.ID)
			return
		}
	}
}

// entry is the selected registry.
func (w *Window) entry() (vm.Entry, bool) { return w.book.Entry(w.selected) }

// dialogShown reports whether a dialog is open: the window's own shortcuts wait.
func (w *Window) dialogShown() bool { return w.dialog != nil && w.dialog.shown() }

// say shows the visible result of an action, in the dialog if one is open.
func (w *Window) say(s theme.State, sentence string) {
	if w.dialogShown() {
		w.dialog.say(sentence)
		return
	}
	w.toast.Show(s, sentence)
	w.toasts++
	mine := w.toasts
	time.AfterFunc(toastFor, func() {
		w.d.post(func() {
			if mine == w.toasts {
				w.toast.Hide()
			}
		})
	})
}

const toastFor = 5 * time.Second

// fail shows an error: what, why and what to do.
func (w *Window) fail(err error) {
	p := w.t.W.Error(err)
	text := p.What
	for _, more := range []string{p.Why, p.Hint} {
		if more != "" {
			text += "\n" + more
		}
	}
	w.say(theme.Refused, text)
}

// copy puts text on the clipboard and says so.
func (w *Window) copy(text string) {
	w.app.Clipboard().SetContent(text)
	w.say(theme.Trusted, w.t.Say("toast.copied"))
}

// openFolder shows a directory.
func (w *Window) openFolder(dir string) {
	w.d.spawn(func() {
		if err := w.options.OpenFolder(w.d.ctx, dir); err != nil {
			w.d.post(func() { w.say(theme.Attention, w.t.SayOf("toast.no-folder", err.Error())) })
		}
	})
}

// tour opens the sandboxed tour.
func (w *Window) tour() {
	w.say(theme.Trusted, w.t.Say("toast.tour"))
	w.d.spawn(func() {
		if err := w.options.Tour(w.d.ctx); err != nil {
			w.d.post(func() { w.say(theme.Attention, w.t.SayOf("toast.no-tour", err.Error())) })
		}
	})
}
