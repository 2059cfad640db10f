package cli

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
)

// trustFlags are the flags of trust; consent is shared with untrust and undo.
type trustFlags struct {
	consent
	ca, fingerprint, parties string
	location                 string
	allowLeaf                bool
	timeout                  time.Duration
}

// defaultTimeout bounds a registry with all its endpoints (design.md 4.1).
const defaultTimeout = 5 * time.Second

func (a *app) trustCmd() *cobra.Command {
	var f trustFlags
	c := a.answers(a.verb("trust", "REG…", func(_ *cobra.Command, args []string) error { return a.trust(f, args) }))
	c.Args, c.ValidArgsFunction = some, a.completeRegistries
	c.Flags().StringVar(&f.ca, "ca", "", a.t("flag.ca", nil))
	c.Flags().StringVar(&f.fingerprint, "fingerprint", "", a.t("flag.fingerprint", nil))
	c.Flags().StringVar(&f.parties, "for", "", a.t("flag.for", nil))
	c.Flags().StringVar(&f.location, "location", "", a.t("flag.location", nil))
	c.Flags().BoolVar(&f.allowLeaf, "allow-leaf", false, a.t("flag.allow-leaf", nil))
	c.Flags().DurationVar(&f.timeout, "timeout", defaultTimeout, a.t("flag.timeout", nil))
	a.consentFlags(c, &f.consent)
	_ = c.RegisterFlagCompletionFunc("for", a.completeParties)
	_ = c.RegisterFlagCompletionFunc("location", cobra.FixedCompletions(
		[]string{string(trust.LocationUser), string(trust.LocationComputer)}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

// trust runs the verb: look, choose, plan, ask, apply, prove.
func (a *app) trust(f trustFlags, args []string) error { return a.trustAs(f, args, nil) }

// trustAs is trust, with what a link or project file claims; nil for none.
func (a *app) trustAs(f trustFlags, args []string, claim *link.Claim) error {
	choice, err := a.choice(f)
	if err != nil {
		return err
	}
	choice.claim = claim
	m, regs, err := a.begin(f.consent, args)
	if err != nil {
		return err
	}
	reports, err := a.look(m, regs, platform.CheckOptions{Timeout: f.timeout})
	if err != nil {
		return err
	}
	if choice.pinned == nil && len(choice.given) == 0 && allTrusted(reports) {
		a.compareTrusted(reports, claim)
		return a.already(reports)
	}
	chosen, err := a.choose(m, reports, choice)
	if err != nil {
		return err
	}
	request := platform.TrustRequest{Registries: regs, Timeout: f.timeout}
	for _, o := range chosen {
		request.Anchors = append(request.Anchors, o.Anchor)
		// Shown with its consequence, and either asked for or about to be asked about.
		request.AllowLeaf = request.AllowLeaf || o.leaf()
	}
	if request.Parties, err = a.parties(f.parties); err != nil {
		return err
	}
	if request.Reach, err = reach(m.Reaches(), trust.Location(f.location), request.Parties, reports); err != nil {
		return err
	}
	if claim != nil {
		request.Reach = trust.ReachRegistry // a claim asks for nothing wider
	}
	plan, err := m.PlanTrust(a.ctx, request)
	if err != nil {
		return err
	}
	return a.carryOut(m, plan, f.consent, func(progress func(platform.Progress)) (trust.Receipt, error) {
		return m.Apply(a.ctx, plan, progress)
	})
}

// choice is what the person said beforehand about the certificate.
type choice struct {
	given     []trust.Anchor
	pinned    *trust.Fingerprint // nil: none
	allowLeaf bool
	yes, dry  bool
	claim     *link.Claim // of a link or project file; nil: none. It is no choice.
}

// choice reads the flags. Without a person there is no first trust: --yes needs a
// second channel to name the certificate (design.md principle 4).
func (a *app) choice(f trustFlags) (choice, error) {
	c := choice{allowLeaf: f.allowLeaf, yes: f.yes, dry: f.dryRun}
	if f.timeout <= 0 {
		return c, usage{key: "bounds"}
	}
	if f.yes && f.ca == "" && f.fingerprint == "" {
		return c, usage{key: "yes-alone"}
	}
	var err error
	if f.fingerprint != "" {
		pin, err := fingerprint(f.fingerprint)
		if err != nil {
			return c, err
		}
		c.pinned = &pin
	}
	if f.ca != "" {
		c.given, err = a.certificates(f.ca)
	}
	return c, err
}

// look checks the registries without judging the person's patience: progress on a
// terminal, and the reports in the order asked.
func (a *app) look(m platform.Service, regs []trust.Registry, o platform.CheckOptions) ([]trust.Report, error) {
	var out []trust.Report
	p := a.progress()
	defer p.clear()
	p.show(a.checking(0, regs))
	queue := inOrder(regs, func(r trust.Report) { out = append(out, r) })
	done := 0
	err := m.Check(a.ctx, regs, o, func(r trust.Report) {
		done++
		queue.add(r.Registry, r)
		p.show(a.checking(done, regs))
	})
	queue.flush()
	return out, err
}

func allTrusted(reports []trust.Report) bool {
	for _, r := range reports {
		if r.Verdict() != trust.Trusted {
			return false
		}
	}
	return len(reports) > 0
}

// already answers when there is nothing to trust.
func (a *app) already(reports []trust.Report) error {
	t := a.narrator()
	for _, r := range reports {
		t.say(t.state(trust.Trusted, symbols[trust.Trusted]) + " " + t.t("trust.already", map[string]any{"registry": r.Registry}))
	}
	if a.json {
		return a.answer(planJSON(trust.Plan{Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachRegistry, Registries: names(reports)}))
	}
	return nil
}

func names(reports []trust.Report) []string {
	return each(reports, func(r trust.Report) string { return r.Registry.String() })
}

// reach is the one asked for by its location, else the narrowest that covers the
// parties: an OS store is written to only for who has it in scope. offered is what
// the system has, narrow first.
func reach(offered []trust.Reach, at trust.Location, asked []trust.Party, reports []trust.Report) (trust.Reach, error) {
	switch at {
	case "":
	case trust.LocationUser, trust.LocationComputer:
		r := trust.ReachAt(at)
		if !slices.Contains(offered, r) {
			return "", usage{key: "no-user-store"}
		}
		return r, nil
	default:
		return "", usage{key: "location", args: map[string]any{"value": string(at)}}
	}
	inScope := func(r trust.Report) bool { return len(asked) == 0 && r.InScope(trust.System) }
	if slices.Contains(asked, trust.System) || slices.ContainsFunc(reports, inScope) {
		return offered[1], nil
	}
	return trust.ReachRegistry, nil
}
