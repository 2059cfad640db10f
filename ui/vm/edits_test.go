package vm_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/vm"
)

func shown(lines []vm.Line) []string {
	var out []string
	for _, l := range lines {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", l.Sign, l.Text, l.Note)))
	}
	return out
}

// A plan that edits files shows each value, and says what else it means; its undo
// says that a password comes back.
func TestChangesOfAPlanThatEdits(t *testing.T) {
	mooring, pass := "mooring", "pass"
	secret := trust.Edit{Key: []string{"auths", "reg.lab", "auth"}, Secret: true}
	plan := trust.Plan{
		Action: "move", Reach: trust.ReachRegistry, Registries: []string{"reg.lab"},
		Changes: []trust.Change{
			{Kind: trust.KeepSecret, Path: "/h/.docker/config.json", Registry: "reg.lab", Status: trust.StatusNew},
			{
				Kind: trust.EditFile, Path: "/srv/dot.json", Via: "/h/.docker/config.json", Status: trust.StatusReplaced,
				Edits: []trust.Edit{secret, {Key: []string{"credHelpers", "reg.lab"}, Value: &mooring, Was: &pass}},
			},
			{Kind: trust.EditFile, Path: "/h/auth.json", Status: trust.StatusNew, Edits: []trust.Edit{{Key: []string{"credHelpers", "reg.lab"}, Value: &mooring}}},
			{Kind: trust.EditFile, Path: "/h/other.json", Status: trust.StatusUnchanged},
		},
		Consequences: []trust.Consequence{{Code: trust.StoreKept, Name: "secretservice"}},
	}
	v := teller(t, "en").Changes(plan)
	want := []string{
		"+ The sign-in to reg.lab goes into the keyring",
		"~ /srv/dot.json your /h/.docker/config.json is a link to it",
		"− auths › reg.lab › auth goes (a secret; not shown)",
		"~ credHelpers › reg.lab = mooring (was pass)",
		"+ /h/auth.json", "+ credHelpers › reg.lab = mooring",
		"= /h/other.json in place already, stays as it is",
	}
	if diff := cmp.Diff(want, shown(v.Lines)); diff != "" {
		t.Error(diff)
	}
	if len(v.Notes) != 1 || !strings.Contains(v.Notes[0].Sentence, "“secretservice” is written beside it") {
		t.Errorf("%+v", v.Notes)
	}
	if !strings.Contains(v.Remark, "1 new file") || !strings.Contains(v.Remark, "1 file replaced") {
		t.Error(v.Remark)
	}

	undo := trust.Plan{Action: "undo", Changes: []trust.Change{
		{Kind: trust.EditFile, Path: "/h/c.json", Status: trust.StatusEdited, Edits: []trust.Edit{secret}},
		{Kind: trust.KeepSecret, Registry: "reg.lab", Status: trust.StatusRemoved},
	}}
	v = teller(t, "en").Changes(undo)
	want = []string{
		"~ /h/c.json", "+ auths › reg.lab › auth comes back (a secret, in plain text)",
		"− The sign-in to reg.lab is taken out of the keyring",
	}
	if diff := cmp.Diff(want, shown(v.Lines)); diff != "" {
		t.Error(diff)
	}
	if len(v.Notes) != 1 || !strings.Contains(v.Notes[0].Sentence, "plain text") || !strings.Contains(v.Remark, "1 file edited") {
		t.Errorf("%+v, %s", v.Notes, v.Remark)
	}
}

func TestHistoryOfSignIns(t *testing.T) {
	mooring := "mooring"
	for action, want := range map[string]string{
		"use": "Let tools use the sign-in to reg.lab", "unuse": "Tools no longer use the sign-in to reg.lab",
		"move": "Moved the password for reg.lab into the keyring", "unregister": "Took Mooring out of the tools’ files (reg.lab)",
	} {
		r := trust.Receipt{Action: action, Registries: []string{"reg.lab"}, State: trust.ReceiptApplied, Changes: []trust.Done{
			{Kind: trust.KeepSecret, Path: "/c", Registry: "reg.lab"},
			{Kind: trust.EditFile, Path: "/c", Before: &trust.FileState{}, Edits: []trust.Edit{{Key: []string{"credHelpers", "reg.lab"}, Value: &mooring}}},
		}}
		got := teller(t, "en").History([]trust.Receipt{r}, "reg.lab")
		if len(got) != 1 || got[0].Title != want {
			t.Errorf("%s: %+v", action, got)
		}
		lines := []string{"+ The sign-in to reg.lab goes into the keyring", "~ /c", "+ credHelpers › reg.lab = mooring"}
		if diff := cmp.Diff(lines, shown(got[0].Lines)); diff != "" {
			t.Error(diff)
		}
	}
}
