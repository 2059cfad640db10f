//go:build !nogui

package window

import (
	"context"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
)

// checkAll checks every registry that is not hidden. Rows settle when all are in,
// not as they come.
func (w *Window) checkAll() {
	regs := w.book.Visible()
	if len(regs) == 0 {
		return
	}
	w.progress.done, w.progress.total = 0, len(regs)
	w.book.Begin(regs)
	w.checking.start(func(ctx context.Context, post func(func())) func() {
		b := newBatch(post, w.arrived)
		err := w.service.Check(ctx, regs, platform.CheckOptions{}, b.add)
		return func() {
			b.hand()
			w.checked(regs, err)
		}
	})
	w.render()
}

// arrived takes reports of a check of many.
func (w *Window) arrived(reports []trust.Report) {
	page := false
	for _, r := range reports {
		w.book.Put(r)
		w.progress.done++
		page = page || r.Registry.String() == w.selected
	}
	w.sidebar.refresh()
	if page {
		w.page.refresh()
	}
}

func (w *Window) checked(regs []trust.Registry, err error) {
	w.book.End(regs)
	w.progress.total = 0
	w.book.Settle()
	if err != nil {
		w.fail(err)
	}
	w.render()
	w.chooseWorst()
}

// stopChecking ends a check of many; what was not reached keeps its last result.
func (w *Window) stopChecking() {
	w.checking.stop()
	w.book.End(w.book.Visible())
	w.progress.total = 0
	w.book.Settle()
	w.say(theme.Unknown, w.t.Say("toast.stopped"))
	w.render()
}

// checkSelected checks the registry on the page again, and asks anew what else the
// page shows of it. Leaving the page cancels it: nobody waits for the answer any more.
func (w *Window) checkSelected() {
	if w.page.mode == showHealth {
		w.examine()
		return
	}
	if e, ok := w.entry(); ok {
		w.loadAccounts()
		w.renewImages(e.ID())
		w.checkWith(w.single, []trust.Registry{e.Known.Registry}, nil)
	}
}

// leave cancels what only the page that is left waited for.
func (w *Window) leave() {
	w.leaveImages()
	w.leaveHealth()
	e, ok := w.entry()
	if ok && w.single.busy() {
		w.single.stop()
		w.book.End([]trust.Registry{e.Known.Registry})
	}
}

// checkThese checks registries that something was done to, then runs then. Their
// last reports are out of date, so it goes on wherever the person looks.
func (w *Window) checkThese(regs []trust.Registry, then func()) {
	w.rechecks++
	w.checkWith(w.d.newJob(), regs, func() {
		w.rechecks--
		if then != nil {
			then()
		}
	})
}

func (w *Window) checkWith(j *job, regs []trust.Registry, then func()) {
	w.book.Begin(regs)
	j.start(func(ctx context.Context, post func(func())) func() {
		err := w.service.Check(ctx, regs, platform.CheckOptions{}, func(r trust.Report) {
			post(func() { w.book.Put(r) })
		})
		return func() {
			w.book.End(regs)
			if err != nil {
				w.fail(err)
			}
			w.render()
			if then != nil {
				then()
			}
		}
	})
	w.render()
}

// scan looks at the whole machine, images of running engines included.
func (w *Window) scan() {
	w.load(platform.ListOptions{AskEngines: true}, func() {
		n := w.book.Len()
		w.say(theme.Trusted, w.t.W.N("window.toast.scanned", n, nil))
		w.checkAll()
	})
}

// add puts a registry on the list, selects and checks it.
func (w *Window) add(r trust.Registry) {
	w.addThen(r, func() {
		w.choose(r.String())
		w.checkThese([]trust.Registry{r}, nil)
	})
}

// addThen puts a registry on the list and goes on once it is there.
func (w *Window) addThen(r trust.Registry, then func()) {
	w.side.start(func(ctx context.Context, _ func(func())) func() {
		err := w.service.Add(ctx, r)
		return func() {
			if err != nil {
				w.fail(err)
				return
			}
			w.say(theme.Trusted, w.t.SayOf("toast.added", r.String()))
			w.load(platform.ListOptions{}, then)
		}
	})
}

// remove takes a registry off the list; one that is found stays hidden.
func (w *Window) remove(r trust.Registry) {
	w.side.start(func(ctx context.Context, _ func(func())) func() {
		err := w.service.Remove(ctx, r)
		return func() {
			if err != nil {
				w.fail(err)
				return
			}
			w.say(theme.Trusted, w.t.SayOf("toast.removed", r.String()))
			w.selected = ""
			w.load(platform.ListOptions{}, w.chooseWorst)
		}
	})
}

// setScope counts a party in or out for the registry on the page.
func (w *Window) setScope(p trust.Party, in bool) {
	e, ok := w.entry()
	if !ok || e.Report == nil {
		return
	}
	scope := newScope(e.Report.Scope, p, in)
	w.side.start(func(ctx context.Context, _ func(func())) func() {
		err := w.service.SetScope(ctx, e.Known.Registry, scope)
		return func() {
			if err != nil {
				w.fail(err)
				return
			}
			w.say(theme.Trusted, w.t.Say("toast.scope"))
			w.load(platform.ListOptions{}, w.checkSelected)
		}
	})
}

func newScope(old []trust.Party, p trust.Party, in bool) []trust.Party {
	var out []trust.Party
	for _, q := range old {
		if q != p {
			out = append(out, q)
		}
	}
	if in {
		out = append(out, p)
	}
	return out
}

// loadHistory reads the receipts.
func (w *Window) loadHistory() {
	w.d.spawn(func() {
		receipts, err := w.service.History(w.d.ctx)
		w.d.post(func() {
			if err != nil {
				w.fail(err)
				return
			}
			w.receipts = receipts
			w.page.refresh()
		})
	})
}
