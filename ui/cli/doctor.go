package cli

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	consent
	unregister, offline bool
	repair              string
}

func (a *app) doctorCmd() *cobra.Command {
	var f doctorFlags
	c := a.answers(a.verb("doctor", "", func(*cobra.Command, []string) error {
		switch {
		case f.unregister && f.repair != "":
			return usage{key: "repair-both"}
		case f.unregister:
			return a.unregister(f.consent)
		case f.repair != "":
			return a.repair(f)
		case f.yes || f.dryRun:
			return usage{key: "unregister-only"}
		}
		return a.doctor(f)
	}))
	c.Args = a.none
	c.Flags().StringVar(&f.repair, "repair", "", a.t("flag.repair", nil))
	c.Flags().BoolVar(&f.offline, "offline", false, a.t("flag.offline", nil))
	c.Flags().BoolVar(&f.unregister, "unregister", false, a.t("flag.unregister", nil))
	a.consentFlags(c, &f.consent)
	return c
}

// jsonAilment is one element of doctor's answer, schema 1. Fields are only ever
// added.
type jsonAilment struct {
	Code     platform.AilmentCode `json:"code"`
	Path     *string              `json:"path"`
	Registry *string              `json:"registry"`
	Name     *string              `json:"name"`
	Title    string               `json:"title"`
	Repair   *string              `json:"repair"` // the command that mends it

	ID       string         `json:"id"` // what --repair takes
	Severity trust.Severity `json:"severity"`
	Hint     *string        `json:"hint"`
	Other    *string        `json:"other"`  // a second path or a rule
	Files    []string       `json:"files"`  // all that it is about, where there are several
	SHA256   *string        `json:"sha256"` // of the certificate that it is about
	Until    *time.Time     `json:"until"`  // when that ends
	Plan     bool           `json:"plan"`   // --repair plans what mends it
}

func ailmentJSON(a platform.Ailment, english *words.Words) jsonAilment {
	title, hint := english.Ailment(a)
	out := jsonAilment{
		Code: a.Code, Path: optional(a.Path), Registry: optional(a.Registry.String()), Name: optional(a.Name),
		Title: title, Repair: optional(command(a.Repair)),
		ID: a.ID(), Severity: a.Code.Severity(), Hint: optional(hint), Other: optional(a.Other), Files: list(a.Files), Plan: a.Plan,
	}
	if !a.Certificate.IsZero() {
		out.SHA256, out.Until = optional(a.Certificate.String()), &a.Until
	}
	return out
}

// command is what a person types for the arguments of a mooring command. None of
// them needs quoting: they are verbs, flags and registries.
func command(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return "mooring " + strings.Join(args, " ")
}

// doctor lists what is wrong and what is stale on this machine, each with what mends
// it.
func (a *app) doctor(f doctorFlags) error {
	m, err := a.machine()
	if err != nil {
		return err
	}
	all, err := a.examine(m, f.offline)
	if err != nil {
		return err
	}
	if a.json {
		err = answerList(a, "ailments", each(all, func(ail platform.Ailment) jsonAilment { return ailmentJSON(ail, a.english) }))
	} else {
		a.sayAilments(all)
	}
	if err == nil && slices.ContainsFunc(all, matters) {
		return status(exitRefused)
	}
	return err
}

// matters reports whether an ailment is more than something to think about.
func matters(a platform.Ailment) bool { return a.Code.Severity() != trust.SeverityInfo }

// examine looks at the machine, and unless told otherwise at its registries.
func (a *app) examine(m platform.Service, offline bool) ([]platform.Ailment, error) {
	if offline {
		return m.Ailments(a.ctx)
	}
	bar := a.progress()
	defer bar.clear()
	return m.Examine(a.ctx, bar.step)
}

func (a *app) sayAilments(all []platform.Ailment) {
	t := a.newText(a.std.Out, a.std.OutTTY)
	if len(all) == 0 {
		t.say(t.good(symbols[trust.Trusted]) + " " + t.t("doctor.well", nil))
	}
	for i, ail := range all {
		t.ailment(i+1, ail)
	}
}

// ailment says what is wrong, what mends it, and how Mooring is told to.
func (t *text) ailment(number int, ail platform.Ailment) {
	what, hint := t.words.Ailment(ail)
	mark := t.warn(symbols[trust.Insecure])
	switch ail.Code.Severity() {
	case trust.SeverityError:
		mark = t.bad(symbols[trust.Refused])
	case trust.SeverityInfo:
		mark = t.dim(symbols[trust.Unknown])
	}
	n := strconv.Itoa(number)
	t.say(mark + " " + t.dim(n) + strings.TrimPrefix(wrap(n+" "+what, "  ", t.width), "  "+n))
	switch c := command(ail.Repair); {
	case c != "":
		t.say("  " + t.t("doctor.repair", map[string]any{"command": c}))
	case ail.Plan:
		t.say("  " + t.t("doctor.repair", map[string]any{"command": "mooring doctor --repair " + ail.ID()}))
	}
	if hint != "" {
		t.say(wrap(hint, "  ", t.width))
	}
}

// repair carries out what mends one ailment: the only one of a code, or the one with
// a number in the list, or with an id, which is the same at every examination.
func (a *app) repair(f doctorFlags) error {
	m, _, err := a.begin(f.consent, nil)
	if err != nil {
		return err
	}
	all, err := a.examine(m, f.offline)
	if err != nil {
		return err
	}
	ail, err := chosen(all, f.repair)
	if err != nil {
		return err
	}
	if a.say(ail); !ail.Plan && ail.Code == platform.AilInsecureYet && !f.yes {
		return a.trust(trustFlags{consent: f.consent, timeout: defaultTimeout}, ail.Repair[1:])
	}
	plan, err := m.PlanRepair(a.ctx, ail)
	if err != nil {
		return err
	}
	return a.applyPlan(m, plan, f.consent)
}

// say repeats an ailment before its plan.
func (a *app) say(ail platform.Ailment) {
	t := a.narrator()
	what, _ := t.words.Ailment(ail)
	t.say(t.warn(symbols[trust.Insecure]) + strings.TrimPrefix(wrap(what, "  ", t.width), " "))
}

// chosen is the ailment that text names.
func chosen(all []platform.Ailment, text string) (platform.Ailment, error) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= len(all) && len(text) < len(all[0].ID()) {
		return all[n-1], nil
	}
	var found []platform.Ailment
	for _, ail := range all {
		if text == ail.ID() || text == string(ail.Code) {
			found = append(found, ail)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return platform.Ailment{}, failed{"repair-none", map[string]any{"text": text}}
	}
	ids := each(found, platform.Ailment.ID)
	return platform.Ailment{}, usage{"repair-several", map[string]any{"text": text, "ids": strings.Join(ids, ", ")}}
}

// unregister takes Mooring out of the files that name it as a credential helper.
func (a *app) unregister(c consent) error {
	m, _, err := a.begin(c, nil)
	if err != nil {
		return err
	}
	plan, err := m.PlanUnregister(a.ctx)
	if err != nil {
		return err
	}
	return a.applyPlan(m, plan, c)
}

// applyPlan carries out a plan that nothing else belongs to.
func (a *app) applyPlan(m platform.Service, p trust.Plan, c consent) error {
	return a.carryOut(m, p, c, func(progress func(platform.Progress)) (trust.Receipt, error) {
		return m.Apply(a.ctx, p, progress)
	})
}
