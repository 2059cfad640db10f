package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

func (a *app) historyCmd() *cobra.Command {
	c := a.answers(a.verb("history", "", func(*cobra.Command, []string) error {
		m, err := a.machine()
		if err != nil {
			return err
		}
		receipts, err := m.History(a.ctx)
		if err != nil {
			return err
		}
		return a.answerHistory(receipts)
	}))
	c.Args = a.none
	return c
}

func (a *app) answerHistory(receipts []trust.Receipt) error {
	if a.json {
		return answerList(a, "receipts", each(receipts, receiptJSON))
	}
	if len(receipts) == 0 {
		a.narrator().say(a.t("history.none", nil))
		return nil
	}
	t := a.newText(a.std.Out, a.std.OutTTY)
	rows := table{}
	for _, r := range receipts {
		paint, state := t.dim, t.words.ReceiptState(r.State)
		if _, _, later := r.SupersededBy(receipts); later && r.State == trust.ReceiptApplied {
			state = t.words.Superseded()
		} else if r.State == trust.ReceiptApplied {
			paint = t.good
		} else if r.State == trust.ReceiptPending {
			paint = t.warn
		}
		rows.row(cell{safe.Line(r.ID), t.bold}, plain(t.words.Moment(r.At)), plain(t.words.Action(r.Action)),
			cell{state, paint}, plain(safe.Line(strings.Join(r.Registries, " "))))
	}
	rows.write(t.w)
	return nil
}
