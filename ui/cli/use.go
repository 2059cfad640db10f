package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// useFlags say who shall use a sign-in, and whether a password that lies in a file
// is to be moved instead of asked for.
type useFlags struct {
	consent
	tools string
	move  bool
}

func (a *app) useFlags(c *cobra.Command, f *useFlags) {
	c.Flags().StringVar(&f.tools, "for", "", a.t("flag.for-tools", nil))
	c.Flags().BoolVar(&f.move, "move", false, a.t("flag.move", nil))
	a.consentFlags(c, &f.consent)
	_ = c.RegisterFlagCompletionFunc("for", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{string(trust.Docker), string(trust.Podman)}, cobra.ShellCompDirectiveNoFileComp
	})
}

// helperTools are those that can ask Mooring for sign-ins.
var helperTools = []trust.Party{trust.Docker, trust.Podman}

// parse reads --for, and refuses flags that make no sense together.
func (f useFlags) parse(login loginFlags) ([]trust.Party, error) {
	var out []trust.Party
	for name := range strings.SplitSeq(f.tools, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "":
		case slices.Contains(helperTools, trust.Party(name)):
			out = append(out, trust.Party(name))
		default:
			return nil, usage{"tool", map[string]any{"tool": name}}
		}
	}
	switch {
	case f.move && (f.tools != "" || login.user != "" || login.stdin):
		return nil, usage{key: "move-alone"}
	case (f.yes || f.dryRun) && !f.move && len(out) == 0:
		return nil, usage{key: "consent-for-nothing"}
	}
	return unique(out), nil
}

// letUse lets tools use the sign-in to r: preview, agree, apply. A person who says
// no is still signed in.
func (a *app) letUse(m platform.Service, f useFlags, r trust.Registry, tools []trust.Party) (*trust.Receipt, error) {
	plan, err := m.PlanUse(a.ctx, r, tools, true)
	if err != nil {
		return nil, err
	}
	return a.agreeAndApply(m, plan, f.consent)
}

// agreeAndApply is carryOut for a plan that is part of a verb with an answer of its
// own. The receipt is nil when nothing was done.
func (a *app) agreeAndApply(m platform.Service, p trust.Plan, c consent) (*trust.Receipt, error) {
	agreed, err := a.agree(p, c)
	if err != nil || !agreed {
		return nil, err
	}
	r, err := a.perform(func(progress func(platform.Progress)) (trust.Receipt, error) { return m.Apply(a.ctx, p, progress) })
	if err != nil {
		return nil, err
	}
	if !a.json {
		a.sayReceipt(r)
	}
	return &r, nil
}

// move moves a password that lies in plain text into the keyring.
func (a *app) move(f useFlags, name string) error {
	m, regs, err := a.begin(f.consent, []string{name})
	if err != nil {
		return err
	}
	plan, err := m.PlanMove(a.ctx, regs[0])
	if err != nil {
		return err
	}
	return a.applyPlan(m, plan, f.consent)
}

// leave offers to take the entries out that make tools ask for a sign-in which is
// gone. Where nobody can be asked it says how.
func (a *app) leave(m platform.Service, c consent, r trust.Registry) (*trust.Receipt, error) {
	plan, err := m.PlanUse(a.ctx, r, helperTools, false)
	if err != nil || len(plan.Pending()) == 0 {
		return nil, err
	}
	if !c.yes && !a.mayAsk() {
		a.note(a.t("logout.still-named", map[string]any{"registry": r}))
		return nil, nil
	}
	return a.agreeAndApply(m, plan, c)
}
