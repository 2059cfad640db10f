package helper

import (
	"errors"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Root signs in like anybody, in files of its own; what goes beyond that is judged
// by the rules, and they know no edits.
func TestRootsOwnSignIns(t *testing.T) {
	edit := trust.Change{
		Kind: trust.EditFile, Path: "/root/.docker/config.json", Mode: 0o600, Status: trust.StatusNew,
		Edits: []trust.Edit{trust.SetValue("mooring", "credHelpers", "reg.example")},
	}
	keep := trust.Change{Kind: trust.KeepSecret, Path: edit.Path, Registry: "reg.example", Key: []string{"auths", "reg.example"}, Status: trust.StatusNew}
	write := trust.Change{Kind: trust.WriteFile, Path: "/etc/cron.d/x", Content: []byte("x"), Mode: 0o644, Status: trust.StatusNew}
	check := Local(world.Under(t.TempDir(), "linux")).Check
	for name, c := range map[string]struct {
		action  string
		changes []trust.Change
		code    change.Code // "" for none
	}{
		"use":             {"use", []trust.Change{edit}, ""},
		"move":            {"move", []trust.Change{keep, edit}, ""},
		"and a file":      {"use", []trust.Change{edit, write}, change.ErrBadPlan},
		"as trust":        {"trust", []trust.Change{edit, write}, change.ErrBadPlan},
		"a file, as use":  {"use", []trust.Change{write}, change.ErrBadPlan},
		"nothing, as use": {"use", nil, change.ErrBadPlan},
	} {
		err := check(trust.Plan{Schema: trust.PlanSchema, Action: c.action, Reach: trust.ReachRegistry, Registries: []string{"reg.example"}, Changes: c.changes})
		if c.code == "" && err != nil || c.code != "" && !errors.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
