//go:build !nogui

package window

import (
	"context"
	"io"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// dropped takes files that were dropped anywhere on the window: a dialog all of
// them, the window itself one.
func (w *Window) dropped(_ fyne.Position, uris []fyne.URI) {
	if len(uris) > 1 && !w.dialogShown() {
		uris = uris[:1]
	}
	w.readFiles(uris)
}

// certFiles are the endings that certificates come with, and the project file.
var certFiles = []string{".pem", ".crt", ".cer", ".der", ".ca", ".cert", ".p7b", ".p7c", ".p7s", ".yaml"}

// chooseFile asks for a certificate file.
func (w *Window) chooseFile() { w.chooseFileOf(certFiles) }

// chooseFileOf asks for a file with one of these endings.
func (w *Window) chooseFileOf(endings []string) {
	d := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil {
			w.fail(err)
			return
		}
		if r == nil {
			return // cancelled
		}
		uri := r.URI()
		w.d.spawn(func() { _ = r.Close() })
		w.readFiles([]fyne.URI{uri})
	}, w.win)
	d.SetFilter(storage.NewExtensionFileFilter(endings))
	d.Show()
}

// maxDropped bounds the files that are read at once.
const maxDropped = 32

// readFiles reads of each file at most what a bundle can hold, and hands it to the
// open dialog or shows what is in it.
func (w *Window) readFiles(uris []fyne.URI) {
	uris = uris[:min(len(uris), maxDropped)]
	w.side.start(func(_ context.Context, post func(func())) func() {
		for _, uri := range uris {
			data, err := readURI(uri)
			post(func() {
				if err != nil {
					w.fail(err)
					return
				}
				w.took(uri.Name(), localPath(uri), data)
			})
		}
		return nil
	})
}

func (w *Window) took(name, path string, data []byte) {
	if w.dialogShown() && w.dialog.dropped(name, path, data) {
		return
	}
	if w.tookLink(name, path, data) {
		return
	}
	w.showExamined(name, path, certfile.Examine(data))
}

// readURI reads one byte more than the largest file, so that a larger one is
// told from it.
func readURI(uri fyne.URI) ([]byte, error) {
	r, err := storage.Reader(uri)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, certfile.MaxBytes+1))
}

func localPath(uri fyne.URI) string {
	if uri.Scheme() != "file" {
		return ""
	}
	return filepath.FromSlash(uri.Path())
}

// showExamined lists the certificates of a file and what they could be used for.
func (w *Window) showExamined(name, path string, f certfile.File) {
	view := w.t.Examined(f)
	d := w.newDialog(w.t.SayOf("examine.title", name))
	body := []fyne.CanvasObject{widgets.NewText(view.Summary, widgets.Secondary, widgets.Wrap)}
	for _, n := range view.Notes {
		body = append(body, remarkLine(theme.State(n.Mark), n.Sentence))
	}
	for i, c := range view.Certs {
		data := w.certData(c)
		data.OnFold = func(on bool) {
			w.open[c.ID] = on
			d.modal.Settle()
		}
		body = append(body, widgets.NewCertCard(data))
		if use := w.useButton(name, path, f, i); use != nil {
			body = append(body, widgets.Row(0, -1, false, use))
		}
	}
	d.modal.SetBody(body...)
	d.closeOnly(w.t.Say("act.close"))
	d.show(nil)
}

// useButton offers a certificate as anchor; nil when there is no registry yet.
func (w *Window) useButton(_, path string, f certfile.File, i int) fyne.CanvasObject {
	if len(w.book.Visible()) == 0 {
		return nil
	}
	g := &given{anchors: []trust.Anchor{{Cert: f.Certs[i], Source: givenSource(path)}}, path: path}
	return widgets.NewIconButton(theme.IconCheck, w.t.Say("act.use"), func() { w.chooseRegistryFor(g) })
}

// chooseRegistryFor asks which registry a certificate is for; those that it
// would help come first.
func (w *Window) chooseRegistryFor(g *given) {
	d := w.newDialog(w.t.SayOf("examine.which", vm.CertName(g.anchors[0].Cert)))
	search := w.newEntry(w.t.Say("side.search"))
	list := widgets.NewSideList(func(id string) {
		d.close()
		w.trustWith(id, g)
	})
	fill := func(query string) {
		var items []widgets.SideItem
		for _, r := range w.t.Usable(w.book, g.anchors[0], query) {
			items = append(items, widgets.SideItem{ID: r.ID, State: theme.State(r.Mark), Title: r.Title, Subtitle: r.Subtitle})
		}
		list.SetItems(items)
	}
	search.OnChanged = fill
	fill("")
	d.modal.SetBody(search, widgets.Sized(100, 300, list))
	d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, w.t.Say("act.cancel"), d.close))
	d.show(search)
}

// trustWith opens the trust dialog of a registry with a certificate that the
// person brought; a registry that was not checked yet is checked first.
func (w *Window) trustWith(id string, g *given) {
	w.choose(id)
	e, ok := w.entry()
	if !ok {
		return
	}
	if e.Report != nil {
		w.showTrust(g)
		return
	}
	w.checkThese([]trust.Registry{e.Known.Registry}, func() { w.showTrust(g) })
}

// savePEM asks where to put a certificate.
func (w *Window) savePEM(name, text string) { w.saveText(vm.FileName(name)+".pem", text) }

// saveText asks where to put a text.
func (w *Window) saveText(file, text string) {
	d := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		if err != nil {
			w.fail(err)
			return
		}
		if f == nil {
			return // cancelled
		}
		w.d.spawn(func() {
			err := writeAll(f, text)
			w.d.post(func() {
				if err != nil {
					w.fail(err)
					return
				}
				w.say(theme.Trusted, w.t.SayOf("toast.saved", f.URI().Name()))
			})
		})
	}, w.win)
	d.SetFileName(file)
	d.Show()
}

func writeAll(f fyne.URIWriteCloser, text string) error {
	_, err := io.WriteString(f, text)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
