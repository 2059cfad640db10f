//go:build !nogui

package window

import (
	"errors"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/trust"
)

// pages are where a request leads, beside the registry's own page.
var pages = map[instance.Page]func(*Window){
	instance.PageTrust:  (*Window).trustSelected,
	instance.PageSignIn: (*Window).showSignIn,
}

// askLimit is how long a request waits for the UI goroutine. A window that hangs
// must not keep a second one from being opened.
const askLimit = 1500 * time.Millisecond

var errBusy = errors.New("the window does not answer")

// asked takes a request of another start or of the watcher. It may be called from
// any goroutine.
func (w *Window) asked(q instance.Request) error {
	if q.Verb != instance.Show && q.Verb != instance.Open {
		return instance.ErrMalformed
	}
	done := make(chan struct{})
	w.d.post(func() {
		w.obey(q)
		close(done)
	})
	select {
	case <-done:
		return nil
	case <-time.After(w.patience):
		return errBusy
	case <-w.d.ctx.Done():
		return errBusy
	}
}

// obey raises the window and shows what is asked for. An open dialog stays: what
// was begun there is the person's, and the request anybody's of the same user. That
// a link came is said in it (see [Window.OpenClaims]).
func (w *Window) obey(q instance.Request) {
	w.win.Show()
	w.win.RequestFocus()
	switch {
	case !w.loaded:
		w.waiting = &q // for the list
	case q.Verb == instance.Open:
		w.openLink(q.Link)
	case w.dialogShown():
	default:
		w.present(q.Registry, q.Page)
	}
}

// obeyWaiting shows what was asked for before the list was there.
func (w *Window) obeyWaiting() {
	if q := w.waiting; q != nil {
		w.waiting = nil
		w.obey(*q)
	}
}

// present shows a registry that is on the list, as it is now, and then a page
// of it. One that is not on the list is not added: that is a person's decision.
func (w *Window) present(r trust.Registry, page instance.Page) {
	if r.IsZero() {
		return
	}
	then := func() {
		w.choose(r.String())
		w.checkThese([]trust.Registry{r}, func() {
			open := pages[page]
			if open != nil && w.selected == r.String() && !w.dialogShown() {
				open(w)
			}
		})
	}
	if _, known := w.book.Entry(r.String()); known {
		then()
		return
	}
	w.load(platform.ListOptions{}, func() { // the watcher may know one that came since
		if _, known := w.book.Entry(r.String()); known {
			then()
		}
	})
}
