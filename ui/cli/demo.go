package cli

import (
	"errors"
	"runtime"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/demo"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

func (a *app) demoCmd() *cobra.Command {
	var dir string
	c := a.verb("demo", "", func(*cobra.Command, []string) error { return a.demo(dir) })
	c.Args = a.none
	c.Flags().StringVar(&dir, "dir", "", a.t("flag.dir", nil))
	return c
}

// demo gives the tour. Its story is the answer, so it goes to standard output
// even in a pipe, where it runs through without a pause.
func (a *app) demo(dir string) error {
	if err := a.checkGlobals(); err != nil {
		return err
	}
	outlivePipe() // or the folder would stay
	d, err := demo.Start(a.ctx, dir)
	if err != nil {
		return err
	}
	if a.wiring.Tour != nil && a.display() {
		return errors.Join(a.wiring.Tour(a.ctx, a.globals, d), d.Close())
	}
	t := &tour{app: a, Demo: d, text: a.newText(a.std.Out, a.std.OutTTY), m: d.Machine()}
	if err := errors.Join(t.run(), d.Close()); err != nil {
		return err
	}
	t.text.say("")
	t.text.say(t.text.t("demo.end", nil))
	return nil
}

// display reports whether a window could be opened.
func (a *app) display() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	return a.std.Getenv("DISPLAY") != "" || a.std.Getenv("WAYLAND_DISPLAY") != ""
}

// tour is one run of the demo in a terminal.
type tour struct {
	*app
	*demo.Demo
	text *text
	m    platform.Service
}

// run walks from red to green and back. Each state is what a check of the running
// registry says, and a client's own sign-in; a tour that does not see what it
// tells stops with an error.
func (t *tour) run() error {
	t.chapter("start", map[string]any{"registry": t.Registry, "folder": t.Folder, "user": t.User})
	steps := []func() error{
		func() error { t.chapter("red", nil); return t.expect(trust.Refused) },
		t.trustIt,
		func() error { t.chapter("green", nil); return t.expect(trust.Trusted) },
		t.undoIt,
		func() error { t.chapter("back", nil); return t.expect(trust.Refused) },
	}
	for _, step := range steps {
		if err := t.pause(); err != nil {
			return err
		}
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// chapter tells what comes next.
func (t *tour) chapter(key string, args map[string]any) {
	t.text.say("")
	t.text.say(t.text.bold(wrap(t.text.t("demo."+key, args), "", t.std.Width)))
}

// pause waits for the person, if there is one.
func (t *tour) pause() error {
	if !t.mayAsk() {
		return t.ctx.Err()
	}
	t.text.say("")
	_, err := t.ask(t.text.t("demo.continue", nil))
	return err
}

func (t *tour) expect(want trust.State) error {
	reports, err := t.look(t.m, []trust.Registry{t.Registry}, platform.CheckOptions{})
	if err != nil {
		return err
	}
	for _, r := range reports {
		t.text.report(r, true, false)
		if r.Verdict() != want {
			return failed{"demo", map[string]any{"want": t.words.State(want), "got": t.words.State(r.Verdict())}}
		}
	}
	t.signIn()
	return t.ctx.Err()
}

// signIn shows what a real client in the sandbox says.
func (t *tour) signIn() {
	t.text.say("")
	t.text.say("  " + t.text.t("demo.client", map[string]any{"user": t.User}))
	if err := t.SignIn(t.ctx); err != nil {
		t.text.say("  " + t.text.bad(symbols[trust.Refused]+" "+safe.Line(err.Error())))
		return
	}
	t.text.say("  " + t.text.good(symbols[trust.Trusted]+" "+t.text.t("demo.signed-in", nil)))
}

func (t *tour) trustIt() error {
	t.chapter("trust", map[string]any{"file": t.CAFile})
	t.text.certificate(offer{Candidate: platform.Candidate{Anchor: t.CA, Kind: platform.CandidateGiven}}, choice{})
	plan, err := t.m.PlanTrust(t.ctx, platform.TrustRequest{Registries: []trust.Registry{t.Registry}, Anchors: []trust.Anchor{t.CA}})
	if err != nil {
		return err
	}
	t.text.preview(plan)
	if err := t.pause(); err != nil {
		return err
	}
	_, err = t.m.Apply(t.ctx, plan, func(platform.Progress) {})
	if err == nil {
		t.text.say("")
		t.text.say(t.text.good(symbols[trust.Trusted]) + " " + t.text.t("demo.applied", nil))
	}
	return err
}

func (t *tour) undoIt() error {
	t.chapter("undo", nil)
	id, err := t.lastApplied(t.m)
	if err != nil {
		return err
	}
	receipt, err := t.m.Undo(t.ctx, id, func(platform.Progress) {})
	if err == nil {
		t.text.say(t.text.good(symbols[trust.Trusted]) + " " + t.text.t("receipt.undone", map[string]any{"id": receipt.ID}))
	}
	return err
}
