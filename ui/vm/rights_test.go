package vm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// TestRightsOfFiles: preview and history show both modes of a file that others may no
// longer read, and the preview says what that means; not when it is undone.
func TestRightsOfFiles(t *testing.T) {
	const dir = "/etc/docker/certs.d/reg.lab/"
	open, own := &trust.FileState{Mode: 0o644}, &trust.FileState{Mode: 0o600}
	plan := trust.Plan{Action: "protect-key", Registries: []string{"reg.lab"}, Changes: []trust.Change{
		{Kind: trust.SetMode, Path: dir + "client.key", Mode: 0o600, Before: open, Status: trust.StatusRights},
		{Kind: trust.MoveFile, Path: dir + "ca.crt", To: dir + "ca.crt.mooring-20260101", Mode: 0o600, Before: open, Status: trust.StatusRenamed},
	}}
	want := []string{"~ " + dir + "client.key (0644 → 0600)", "→ " + dir + "ca.crt → ca.crt.mooring-20260101 (0644 → 0600)"}
	for lang, note := range map[string]string{
		"en": "from then on its owner alone may read it", "ko": "이후로는 소유자만 읽을 수 있습니다", "ru": "с этого момента читать его может только владелец",
	} {
		if diff := cmp.Diff([]string{want[0] + " " + note, want[1] + " " + note}, shown(teller(t, lang).Changes(plan).Lines)); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
	}
	back := plan
	back.Changes = []trust.Change{{Kind: trust.SetMode, Path: dir + "client.key", Mode: 0o644, Before: own, Status: trust.StatusRights}}
	if l := teller(t, "en").Changes(back).Lines[0]; l.Text != dir+"client.key (0600 → 0644)" || l.Note != "" {
		t.Errorf("%+v", l)
	}
	r := trust.Receipt{Action: "protect-key", Registries: plan.Registries, State: trust.ReceiptApplied, Changes: []trust.Done{
		{Kind: trust.SetMode, Path: plan.Changes[0].Path, Before: open, After: own},
		{Kind: trust.MoveFile, Path: plan.Changes[1].Path, To: plan.Changes[1].To, Before: open, After: own},
	}}
	got := teller(t, "en").History([]trust.Receipt{r}, "reg.lab")
	if diff := cmp.Diff(want, shown(got[0].Lines)); diff != "" || got[0].Title != "Took a private key from the sight of others, for reg.lab" {
		t.Errorf("%q: %s", got[0].Title, diff)
	}
}
