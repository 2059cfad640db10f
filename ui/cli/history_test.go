package cli

import (
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

// A receipt on which a later one stands is not called applied.
func TestHistoryOfSuperseded(t *testing.T) {
	receipt := func(id, action string, minute int, kind trust.ChangeKind) trust.Receipt {
		return trust.Receipt{
			ID: id, Action: action, At: time.Date(2026, 1, 1, 3, minute, 0, 0, time.UTC), State: trust.ReceiptApplied,
			Registries: []string{"reg.example"}, Changes: []trust.Done{{Kind: kind, Path: "/ca.crt"}},
		}
	}
	s := &fake{Receipts: []trust.Receipt{receipt("second", "untrust", 20, trust.RemoveFile), receipt("first", "trust", 10, trust.WriteFile)}}
	status, out, stderr := run(s, "history")
	rows := strings.Split(out, "\n")
	if status != 0 || len(rows) < 2 || !strings.Contains(rows[0], "applied") || !strings.Contains(rows[1], "superseded") {
		t.Errorf("%d %s%s", status, out, stderr)
	}
}
