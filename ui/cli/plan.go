package cli

import (
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// consent is how the person agrees to a plan.
type consent struct{ yes, dryRun bool }

func (a *app) consentFlags(c *cobra.Command, f *consent) {
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, a.t("flag.dry-run", nil))
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, a.t("flag.yes", nil))
}

// mayAsk reports whether a person sits at a terminal.
func (a *app) mayAsk() bool { return a.std.InTTY && (a.std.OutTTY || a.std.ErrTTY) }

// begin opens the machine for a verb that changes it. Who can neither agree
// beforehand nor be asked is told so before anything is probed. What a crash left
// half done is finished or rolled back first.
func (a *app) begin(c consent, args []string) (platform.Service, []trust.Registry, error) {
	regs, err := a.registries(args)
	if err != nil {
		return nil, nil, err
	}
	if !c.yes && !c.dryRun && !a.mayAsk() {
		return nil, nil, declined{key: "no-terminal"}
	}
	outlivePipe()
	m, err := a.machine()
	if err != nil {
		return nil, nil, err
	}
	recovered, err := m.Recover(a.ctx)
	for _, r := range recovered {
		a.narrator().say(a.t("recovered", map[string]any{"id": r.ID, "state": a.words.ReceiptState(r.State)}))
	}
	return m, regs, err
}

// outlivePipe keeps the process going when the reader of its output goes away
// ("mooring undo --yes | head -1"): what it began is worth more than the rest of
// what it had to say.
func outlivePipe() { signal.Ignore(syscall.SIGPIPE) }

// carryOut shows a plan, asks, applies it and proves what became of it.
func (a *app) carryOut(m platform.Service, p trust.Plan, c consent, apply func(func(platform.Progress)) (trust.Receipt, error)) error {
	if c.dryRun && a.json {
		return a.answer(planJSON(p))
	}
	agreed, err := a.agree(p, c)
	switch {
	case err != nil || c.dryRun:
		return err
	case !agreed:
		return a.answerNothing(p)
	}
	receipt, err := a.perform(apply)
	if err != nil {
		return err
	}
	if err := a.answerReceipt(receipt); err != nil || !receipt.Judged() {
		return err
	}
	return a.prove(m, receipt)
}

// agree shows a plan and asks. It is false, without an error, when there is nothing
// to agree to.
func (a *app) agree(p trust.Plan, c consent) (bool, error) {
	t := a.narrator()
	t.preview(p)
	if c.dryRun {
		return false, nil
	}
	if len(p.Pending()) == 0 {
		key := "plan.nothing"
		if p.Action == "untrust" {
			key = "plan.nothing-removed"
		}
		t.say(t.t(key, nil))
		return false, nil
	}
	return true, a.confirm(c)
}

// perform applies a plan, or undoes one, and shows how far it is.
func (a *app) perform(apply func(func(platform.Progress)) (trust.Receipt, error)) (trust.Receipt, error) {
	bar := a.progress()
	defer bar.clear()
	return apply(bar.step)
}

// answerNothing answers for a plan that changes nothing, which leaves no receipt.
func (a *app) answerNothing(p trust.Plan) error {
	if a.json {
		return a.answer(planJSON(p))
	}
	return nil
}

func (a *app) confirm(c consent) error {
	if c.yes {
		return nil
	}
	a.narrator().say("")
	answer, err := a.ask(a.t("confirm", nil))
	if err != nil || a.isYes(answer) {
		return err
	}
	return declined{key: "no"}
}

// isYes reports whether an answer agrees, in the person's language or in English.
func (a *app) isYes(answer string) bool {
	yes := append(strings.Split(a.t("confirm.yes", nil), " "), "y", "yes")
	return slices.ContainsFunc(yes, func(y string) bool { return strings.EqualFold(answer, y) })
}

func (a *app) answerReceipt(r trust.Receipt) error {
	if a.json {
		return a.answer(receiptJSON(r))
	}
	a.sayReceipt(r)
	return nil
}

func (a *app) sayReceipt(r trust.Receipt) {
	t := a.newText(a.std.Out, a.std.OutTTY)
	key := "receipt.applied"
	if r.State == trust.ReceiptUndone {
		key = "receipt.undone"
	}
	t.say(t.good(symbols[trust.Trusted]) + " " + t.t(key, map[string]any{"id": r.ID}))
	for _, s := range r.Restarts {
		t.say("  " + t.warn(t.restartHint(s)))
	}
}

// prove checks the registries anew, with the engines' own word. The action is
// done whatever comes out; the person sees it.
func (a *app) prove(m platform.Service, r trust.Receipt) error {
	var regs []trust.Registry
	for _, name := range r.Registries {
		reg, _, err := trust.ParseRegistry(name) // doubts about the name were voiced before
		if err != nil {
			return err
		}
		regs = append(regs, reg)
	}
	if len(regs) == 0 {
		return nil // what was changed concerns none
	}
	reports, err := a.look(m, regs, platform.CheckOptions{EngineWord: true})
	if err != nil {
		return err
	}
	t := a.narrator()
	t.say("")
	t.say(t.bold(t.t("proof.title", nil)))
	for _, report := range reports {
		t.report(report, len(reports) == 1, false)
	}
	return nil
}

// preview shows everything that a plan will do and what it will change for whom.
func (t *text) preview(p trust.Plan) {
	t.say("")
	title := t.t("plan.title", map[string]any{"reach": t.words.Reach(p.Reach)})
	if len(p.Registries) == 0 && len(p.Anchors) == 0 {
		title = t.t("plan.title-own", nil)
	}
	t.say(t.bold(title))
	switch {
	case !p.Extends(), p.Reach == trust.ReachRegistry:
	case p.Limited():
		t.say(wrap(t.warn(t.t("plan.wide-limited", nil)), "  ", t.width))
	case p.Reach == trust.ReachComputer:
		t.say(wrap(t.warn(t.t("plan.wide", nil)), "  ", t.width))
	case p.Reach == trust.ReachAccount:
		t.say(wrap(t.warn(t.t("plan.wide-account", nil)), "  ", t.width))
	}
	changes := table{indent: "  "}
	for _, c := range p.Changes {
		changes.row(t.status(c), plain(t.what(c)), cell{t.words.Parties(c.Parties), t.dim})
		for _, line := range c.StoreCommands() {
			changes.row(cell{t.t("plan.run", nil), t.warn}, plain("  "+safe.Line(line)))
		}
		for _, e := range c.Edits {
			changes.row(plain(""), plain("  "+t.words.Edit(e, p.Action == "undo")))
		}
	}
	changes.write(t.w)
	for _, c := range p.Consequences {
		t.say(wrap(t.warn(t.words.Consequence(c)), "  ", t.width))
	}
	if p.Plaintext() {
		t.say(wrap(t.warn(t.t("plan.plaintext", nil)), "  ", t.width))
	}
	for _, r := range p.Restarts {
		t.say("  " + t.warn(t.t("plan.restart", map[string]any{"name": r.Name, "command": r.Command})))
	}
	if p.Privileged() {
		t.say("  " + t.t("plan.privileged", nil))
	}
	t.forecast(p.Forecast)
}

func (t *text) status(c trust.Change) cell {
	if c.Kind == trust.RunCommand {
		return cell{t.t("plan.run", nil), t.warn}
	}
	paint := t.good
	switch c.Status {
	case trust.StatusUnchanged:
		paint = t.dim
	case trust.StatusReplaced, trust.StatusRemoved:
		paint = t.warn
	}
	return cell{t.words.Status(c.Status), paint}
}

func (t *text) what(c trust.Change) string {
	switch {
	case c.Kind == trust.RunCommand:
		return safe.Line(c.Shown)
	case c.Kind == trust.ChangeStore:
		return t.words.Store(c.Store)
	case c.Kind == trust.KeepSecret:
		return t.words.KeepSecret(c.Registry, c.Status == trust.StatusRemoved)
	case c.Via != "":
		return safe.Line(c.Via) + " → " + safe.Line(c.Path)
	}
	return safe.Line(c.Moved())
}

// forecast is the table of everyone's verdict before and after.
func (t *text) forecast(fs []trust.Forecast) {
	if len(fs) == 0 {
		return
	}
	t.say("")
	t.say(t.bold(t.t("plan.forecast", nil)))
	rows := table{indent: "  "}
	instances := countInstances(fs)
	for _, f := range fs {
		instance := ""
		if instances[f.Party] > 1 {
			instance = safe.Line(f.Instance)
		}
		after := func(s string) string { return t.state(f.After, s) }
		before := func(s string) string { return t.state(f.Before, s) }
		note := ""
		switch {
		case f.Effective != "":
			note = t.words.Effective(f.Effective)
		case !f.InScope:
			note = t.t("check.out-of-scope", nil)
		case f.After != trust.Trusted:
			note = t.words.Reason(f.Reason)
		}
		rows.row(plain(safe.Line(f.Registry)), plain(t.words.Party(f.Party)), cell{instance, t.dim}, plain(t.words.Operation(f.Operation)),
			cell{symbols[f.Before] + " " + t.words.State(f.Before), before}, plain("→"),
			cell{symbols[f.After] + " " + t.words.State(f.After), after}, cell{note, t.dim})
	}
	rows.write(t.w)
}

// countInstances counts each party's instances: one needs no name.
func countInstances(fs []trust.Forecast) map[trust.Party]int {
	seen := map[trust.Party]map[string]bool{}
	out := map[trust.Party]int{}
	for _, f := range fs {
		if seen[f.Party] == nil {
			seen[f.Party] = map[string]bool{}
		}
		seen[f.Party][f.Instance] = true
		out[f.Party] = len(seen[f.Party])
	}
	return out
}
