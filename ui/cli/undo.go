package cli

import (
	"time"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

func (a *app) undoCmd() *cobra.Command {
	var f undoFlags
	c := a.answers(a.verb("undo", "[RECEIPT]", func(_ *cobra.Command, args []string) error { return a.undo(f, args) }))
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usage{key: "undo"}
		}
		return nil
	}
	c.ValidArgsFunction = a.completeReceipts
	a.consentFlags(c, &f.consent)
	c.Flags().BoolVar(&f.plaintext, "plaintext", false, a.t("flag.plaintext", nil))
	return c
}

// undoFlags are the flags of undo. A password does not go back into a file because
// somebody said yes to everything.
type undoFlags struct {
	consent
	plaintext bool
}

func (a *app) undo(f undoFlags, args []string) error {
	m, _, err := a.begin(f.consent, nil)
	if err != nil {
		return err
	}
	id := ""
	if len(args) == 1 {
		id = args[0]
	} else if id, err = a.lastApplied(m); err != nil {
		return err
	}
	plan, err := m.PlanUndo(a.ctx, id)
	if err != nil {
		return err
	}
	if plan.Plaintext() && f.yes && !f.plaintext && !f.dryRun {
		return declined{key: "plaintext"}
	}
	return a.carryOut(m, plan, f.consent, func(progress func(platform.Progress)) (trust.Receipt, error) {
		return m.Undo(a.ctx, id, progress)
	})
}

// lastApplied is the newest receipt that can be undone.
func (a *app) lastApplied(m platform.Service) (string, error) {
	receipts, err := m.History(a.ctx)
	if err != nil {
		return "", err
	}
	id, at := "", time.Time{}
	for _, r := range receipts {
		if r.State == trust.ReceiptApplied && (id == "" || r.At.After(at)) {
			id, at = r.ID, r.At
		}
	}
	if id == "" {
		return "", failed{key: "nothing-to-undo"}
	}
	return id, nil
}
