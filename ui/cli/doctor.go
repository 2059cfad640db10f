package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	consent
	unregister bool
}

func (a *app) doctorCmd() *cobra.Command {
	var f doctorFlags
	c := a.answers(a.verb("doctor", "", func(*cobra.Command, []string) error {
		switch {
		case f.unregister:
			return a.unregister(f.consent)
		case f.yes || f.dryRun:
			return usage{key: "unregister-only"}
		}
		return a.doctor()
	}))
	c.Args = a.none
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
}

func ailmentJSON(a platform.Ailment, english *words.Words) jsonAilment {
	title, _ := english.Ailment(a)
	return jsonAilment{
		Code: a.Code, Path: optional(a.Path), Registry: optional(a.Registry.String()), Name: optional(a.Name),
		Title: title, Repair: optional(command(a.Repair)),
	}
}

// command is what a person types for the arguments of a mooring command. None of
// them needs quoting: they are verbs, flags and registries.
func command(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return "mooring " + strings.Join(args, " ")
}

// doctor lists what is wrong with the sign-ins on this machine, each with the
// command that mends it.
func (a *app) doctor() error {
	m, err := a.machine()
	if err != nil {
		return err
	}
	all, err := m.Ailments(a.ctx)
	if err != nil {
		return err
	}
	if a.json {
		err = answerList(a, "ailments", each(all, func(ail platform.Ailment) jsonAilment { return ailmentJSON(ail, a.english) }))
	} else {
		a.sayAilments(all)
	}
	if err == nil && len(all) > 0 {
		return status(exitRefused)
	}
	return err
}

func (a *app) sayAilments(all []platform.Ailment) {
	t := a.newText(a.std.Out, a.std.OutTTY)
	if len(all) == 0 {
		t.say(t.good(symbols[trust.Trusted]) + " " + t.t("doctor.well", nil))
	}
	for _, ail := range all {
		what, hint := t.words.Ailment(ail)
		t.say(t.warn(symbols[trust.Insecure]) + " " + what)
		if c := command(ail.Repair); c != "" {
			t.say("  " + t.t("doctor.repair", map[string]any{"command": c}))
		}
		if hint != "" {
			t.say(wrap(hint, "  ", t.width))
		}
	}
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
