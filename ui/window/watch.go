//go:build !nogui

package window

import (
	"context"
	"time"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/theme"
	"mooring.dev/mooring/ui/vm"
	"mooring.dev/mooring/ui/widgets"
)

// watchDialog shows how the watcher stands, and starts it now or with the session.
type watchDialog struct {
	*panel
	known  vm.Watch
	loaded bool
}

// showWatch opens the watcher's settings.
func (w *Window) showWatch() {
	d := &watchDialog{panel: w.newDialog(w.t.Say("watch.title"))}
	w.dialog = d
	d.modal.SetBody(widgets.Busy(w.t.Say("watch.looking")))
	d.closeOnly(w.t.Say("act.close"))
	d.show(nil)
	d.load()
}

// load reads the watcher's files; nobody is contacted.
func (d *watchDialog) load() {
	d.job.start(func(ctx context.Context, _ func(func())) func() {
		known, err := d.w.watchNow(ctx)
		return func() { d.took(known, err) }
	})
}

func (w *Window) watchNow(ctx context.Context) (known vm.Watch, err error) {
	if known.Status, known.Running, err = w.service.WatchStatus(ctx); err != nil {
		return known, err
	}
	known.Autostart, err = w.service.Autostart(ctx)
	return known, err
}

func (d *watchDialog) took(known vm.Watch, err error) {
	if err != nil {
		d.modal.SetBody(d.w.problem(d.w.t.W.Error(err)))
		return
	}
	d.known, d.loaded = known, true
	d.render()
}

func (d *watchDialog) render() {
	w := d.w
	p := w.t.WatchPage(d.known)
	state := widgets.Column(widgets.GapRow, remarkLine(theme.State(p.State.Mark), p.State.Sentence))
	if p.Last != "" {
		state.Add(widgets.NewText(p.Last, widgets.Secondary, widgets.Wrap))
	}
	body := []fyne.CanvasObject{
		widgets.NewText(w.t.Say("watch.about"), widgets.Body, widgets.Wrap), widgets.Panel(state),
	}
	var rows []fyne.CanvasObject
	for _, r := range p.Trouble {
		rows = append(rows, widgets.NewFoldRow(widgets.RowData{ID: r.ID, State: theme.State(r.Mark), Title: r.Title, Reason: r.Reason}))
	}
	if len(rows) > 0 {
		body = append(body, widgets.RowTable(rows...))
	}
	body = append(body, widgets.NewTick(w.t.Say("watch.autostart"), w.t.Say("watch.autostart-detail"), p.Starts, w.showAutostart))
	d.modal.SetBody(body...)
	d.buttons(p)
}

func (d *watchDialog) buttons(p vm.WatchPage) {
	t := d.w.t
	if !p.CanStart || d.w.options.StartWatcher == nil {
		d.closeOnly(t.Say("act.close"))
		return
	}
	start := widgets.NewButton(widgets.Primary, t.Say("watch.start"), d.start)
	if d.job.busy() {
		start.Disable()
	}
	d.modal.SetFooter(nil, widgets.NewButton(widgets.Outline, t.Say("act.close"), d.close), start)
}

// watcherComes is how long a watcher that was just started may take until it is
// there.
const watcherComes = 5 * time.Second

// start starts the watcher now, as a process of its own, and waits until it is
// seen.
func (d *watchDialog) start() {
	d.job.start(func(ctx context.Context, _ func(func())) func() {
		ctx, cancel := context.WithTimeout(ctx, watcherComes)
		defer cancel()
		err := d.w.options.StartWatcher(ctx)
		known, kerr := d.w.watchNow(ctx)
		for err == nil && kerr == nil && !known.Running && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(watcherComes / 25):
				known, kerr = d.w.watchNow(d.w.d.ctx)
			}
		}
		if err == nil {
			err = kerr
		}
		return func() { d.started(known, err) }
	})
	d.buttons(d.w.t.WatchPage(d.known))
}

func (d *watchDialog) started(known vm.Watch, err error) {
	d.took(known, err)
	switch {
	case err != nil:
	case known.Running:
		d.say(d.w.t.Say("watch.started"))
	default:
		d.say(d.w.t.Say("watch.not-started"))
	}
}

// showAutostart shows what starting with the session writes, or removes.
func (w *Window) showAutostart(on bool) {
	key := "watch.autostart-off"
	if on {
		key = "watch.autostart-on"
	}
	c := &confirmation{
		title: w.t.Say("watch.autostart"), question: w.t.Say(key), label: w.t.Say(key + "-do"),
		empty: w.t.Say("blocked.nothing"), done: w.t.Say(key + "-done"), stays: true,
		plan: func(ctx context.Context) (trust.Plan, error) { return w.service.PlanAutostart(ctx, on) },
		act:  w.service.Apply,
	}
	c.open(w)
}
