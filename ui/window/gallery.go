//go:build e2e && !nogui

package window

import (
	"path/filepath"

	"fyne.io/fyne/v2/storage"
)

// OpenClientCert opens the client certificate dialog of the registry on the page,
// with files as if they were dropped there: no hand of a photograph can drop any.
// Call it on the UI goroutine.
func (w *Window) OpenClientCert(paths []string) {
	w.showClientCert()
	for _, p := range paths {
		// Read here, so that a photograph finds the review under way or over.
		data, err := readURI(storage.NewFileURI(p))
		if err != nil {
			w.fail(err)
			continue
		}
		w.took(filepath.Base(p), p, data)
	}
}

// OpenSigningRequest shows the request that a name leads to.
func (w *Window) OpenSigningRequest(name string) {
	e, ok := w.entry()
	if !ok {
		return
	}
	w.d.spawn(func() {
		if q, err := w.service.NewSigningRequest(w.d.ctx, e.Known.Registry, name); err == nil {
			w.d.post(func() { w.showRequest(q) })
		}
	})
}

// OpenWatch opens the watcher's settings.
func (w *Window) OpenWatch() { w.showWatch() }

// OpenHealth opens the page on this computer.
func (w *Window) OpenHealth() {
	if w.page.mode != showHealth {
		w.showHealthPage()
	}
}

// OpenUntrust opens the dialog that ends trust in the registry on the page.
func (w *Window) OpenUntrust() {
	if !w.dialogShown() {
		w.showUntrust()
	}
}
