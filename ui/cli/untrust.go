package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
)

// untrustFlags are the flags of untrust.
type untrustFlags struct {
	consent
	ca, fingerprint, store string
}

func (a *app) untrustCmd() *cobra.Command {
	var f untrustFlags
	c := a.answers(a.verb("untrust", "REG… | --ca FILE | --fingerprint SHA256", func(_ *cobra.Command, args []string) error {
		return a.untrust(f, args)
	}))
	c.ValidArgsFunction = a.completeRegistries
	c.Flags().StringVar(&f.ca, "ca", "", a.t("flag.untrust-ca", nil))
	c.Flags().StringVar(&f.fingerprint, "fingerprint", "", a.t("flag.untrust-fingerprint", nil))
	c.Flags().StringVar(&f.store, "store", "", a.t("flag.store", nil))
	a.consentFlags(c, &f.consent)
	_ = c.RegisterFlagCompletionFunc("store", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return []string{string(planner.StoreKeep), string(planner.StoreTake)}, cobra.ShellCompDirectiveNoFileComp
	})
	return c
}

// untrust ends trust: for registries, or of one CA wherever it lies.
func (a *app) untrust(f untrustFlags, args []string) error {
	q, err := a.removal(f, args)
	if err != nil {
		return err
	}
	m, regs, err := a.begin(f.consent, args)
	if err != nil {
		return err
	}
	q.Registries = regs
	plan, err := m.PlanRemoval(a.ctx, q)
	if err != nil {
		return err
	}
	if err := a.applyPlan(m, plan, f.consent); err != nil || len(plan.Pending()) > 0 {
		return err
	}
	return status(exitRefused) // what it is still trusted by was named
}

// removal reads the flags. Registries and a CA exclude each other: a CA that goes
// everywhere is not a matter of one of them.
func (a *app) removal(f untrustFlags, args []string) (platform.UntrustRequest, error) {
	q := platform.UntrustRequest{Store: planner.StoreChoice(f.store)}
	choices := []planner.StoreChoice{planner.StoreUnshared, planner.StoreKeep, planner.StoreTake}
	named := f.ca != "" || f.fingerprint != ""
	switch {
	case !slices.Contains(choices, q.Store):
		return q, usage{"store", map[string]any{"text": f.store}}
	case named && len(args) > 0:
		return q, usage{key: "untrust-both"}
	case !named:
		return q, some(nil, args)
	}
	if q.Store == planner.StoreUnshared {
		q.Store = planner.StoreTake // it was named: who loses by it is said
	}
	if f.fingerprint != "" {
		fp, err := fingerprint(f.fingerprint)
		if err != nil {
			return q, err
		}
		q.Certificates = append(q.Certificates, fp)
	}
	if f.ca == "" {
		return q, nil
	}
	var err error
	if q.Anchors, err = a.certificates(f.ca); err != nil {
		return q, err
	}
	in := each(q.Anchors, trust.Anchor.Fingerprint)
	if f.fingerprint != "" && !slices.Contains(in, q.Certificates[0]) {
		return q, usage{"untrust-other", map[string]any{"path": f.ca}}
	}
	if f.fingerprint == "" {
		q.Certificates = in
	}
	return q, nil
}
