package vm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// TestRenamedFiles: preview and history show both names of a file that was set
// aside, and the preview says why.
func TestRenamedFiles(t *testing.T) {
	const dir = "/etc/docker/certs.d/reg.lab/"
	want := []string{"→ " + dir + "client.key → client.key.mooring-20260101"}
	plan := trust.Plan{
		Action: "client-cert", Registries: []string{"reg.lab"}, Consequences: []trust.Consequence{{Code: trust.PairsInTheWay}},
		Changes: []trust.Change{{
			Kind: trust.MoveFile, Path: dir + "client.key", To: dir + "client.key.mooring-20260101", Status: trust.StatusRenamed,
		}},
	}
	v := teller(t, "en").Changes(plan)
	if diff := cmp.Diff(want, shown(v.Lines)); diff != "" {
		t.Error(diff)
	}
	if len(v.Notes) != 1 || !strings.Contains(v.Notes[0].Sentence, "alphabetical order") {
		t.Errorf("%+v", v.Notes)
	}
	r := trust.Receipt{Action: "client-cert", Registries: plan.Registries, State: trust.ReceiptApplied, Changes: []trust.Done{{
		Kind: trust.MoveFile, Path: plan.Changes[0].Path, To: plan.Changes[0].To, Before: &trust.FileState{}, After: &trust.FileState{},
	}}}
	got := teller(t, "en").History([]trust.Receipt{r}, "reg.lab")
	if diff := cmp.Diff(want, shown(got[0].Lines)); diff != "" {
		t.Error(diff)
	}
}
