package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
)

// trayFlags are the flags of tray.
type trayFlags struct {
	consent
	once      bool
	autostart string
}

func (a *app) trayCmd() *cobra.Command {
	var f trayFlags
	c := a.answers(a.verb("tray", "", func(*cobra.Command, []string) error { return a.tray(f) }))
	c.Args = a.none
	c.Flags().BoolVar(&f.once, "once", false, a.t("flag.once", nil))
	c.Flags().StringVar(&f.autostart, "autostart", "", a.t("flag.autostart", nil))
	a.consentFlags(c, &f.consent)
	return c
}

func (a *app) tray(f trayFlags) error {
	switch {
	case f.autostart != "" && f.autostart != "on" && f.autostart != "off":
		return usage{key: "autostart"}
	case f.once && f.autostart != "", f.autostart == "" && (f.yes || f.dryRun), !f.once && f.autostart == "" && a.json:
		return usage{key: "tray-flags"}
	case f.autostart != "":
		return a.autostart(f.consent, f.autostart == "on")
	case f.once:
		return a.watchOnce()
	}
	if err := a.checkGlobals(); err != nil {
		return err
	}
	if a.globals.Root != "" || a.wiring.Tray == nil {
		return failed{key: "tray-root"}
	}
	err := a.wiring.Tray(a.ctx, a.globals, a.words)
	if errors.Is(err, instance.ErrRunning) {
		return failed{key: "tray-running"}
	}
	return err
}

// autostart plans, asks and applies, as every verb that changes something.
func (a *app) autostart(c consent, on bool) error {
	m, _, err := a.begin(c, nil)
	if err != nil {
		return err
	}
	plan, err := m.PlanAutostart(a.ctx, on)
	if err != nil {
		return err
	}
	if len(plan.Pending()) == 0 && !a.json {
		key := "tray.autostart-is-off"
		if on {
			key = "tray.autostart-is-on"
		}
		a.narrator().say(a.t(key, nil))
		return nil
	}
	return a.carryOut(m, plan, c, func(progress func(platform.Progress)) (trust.Receipt, error) {
		return m.Apply(a.ctx, plan, progress)
	})
}

// watchOnce looks once and tells what is new; the exit status is that of check.
func (a *app) watchOnce() error {
	lazyGC()
	m, err := a.machine()
	if err != nil {
		return err
	}
	out, err := m.WatchOnce(a.ctx)
	if out.Status.At.IsZero() {
		return err
	}
	if err != nil { // what could not be read keeps nobody from being told the rest
		a.complain(a.words.Error(err))
	}
	if err := a.answerWatch(out); err != nil {
		return err
	}
	return moodStatus(out.Status)
}

func (a *app) answerWatch(out watch.Outcome) error {
	if a.json {
		return a.answer(watchJSON(out, a.english))
	}
	t := a.newText(a.std.Out, a.std.OutTTY)
	for _, e := range out.Events {
		title, body := a.words.Event(e)
		t.say(t.warn(title))
		t.say(wrap(body, "  ", t.width))
	}
	if len(out.Events) == 0 {
		a.narrator().say(a.t("tray.nothing-new", nil))
	}
	return nil
}

// moodStatus is the exit status for how all stand together.
func moodStatus(s watch.Status) error {
	for _, t := range s.Trouble {
		if t.State != trust.Trusted {
			return status(exitRefused)
		}
	}
	if s.Unreached > 0 {
		return status(exitUnreachable)
	}
	return nil
}
