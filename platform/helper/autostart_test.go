package helper

import (
	"errors"
	"testing"

	"mooring.dev/mooring/platform/autostart"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Root's own session may start the watcher; another file beside it is judged by
// the rules, which know no such plan.
func TestWhatStartsWithRootsOwnSession(t *testing.T) {
	w := world.Under(t.TempDir(), "linux")
	entry := autostart.Entry{World: w, Program: "/usr/bin/mooring"}
	plan, err := entry.Plan(true)
	if err != nil {
		t.Fatal(err)
	}
	e := Local(w)
	if err := e.Check(plan); err != nil {
		t.Error(err)
	}
	if err := e.Vet(plan, plan.Changes[0], nil); err != nil {
		t.Error(err)
	}
	other := plan.Changes[0]
	other.Path = "/etc/xdg/autostart/mooring.desktop"
	command := trust.Change{Kind: trust.RunCommand, Command: "update-ca-certificates", Status: trust.StatusNew}
	for name, changes := range map[string][]trust.Change{
		"for everybody": {other}, "and for everybody": {plan.Changes[0], other}, "and a command": {plan.Changes[0], command}, "nothing": nil,
	} {
		p := plan
		p.Changes = changes
		if err := e.Check(p); !errors.Is(err, change.ErrBadPlan) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
