package elevate

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// has is a runner with these programs on its PATH, which runs none.
type has []string

func (h has) Run(context.Context, world.Command) (world.Result, error) {
	return world.Result{}, errors.New("not by this way")
}

func (h has) Look(name string) (string, error) {
	if slices.Contains(h, name) {
		return "/usr/bin/" + name, nil
	}
	return "", exec.ErrNotFound
}

func TestAnnounce(t *testing.T) {
	asked := func(privileged bool, r trust.Reach) trust.Plan {
		return trust.Plan{Reach: r, Changes: []trust.Change{{Kind: trust.WriteFile, Status: trust.StatusNew, Privileged: privileged}}}
	}
	narrow, wide, own := asked(true, trust.ReachRegistry), asked(true, trust.ReachComputer), asked(false, trust.ReachAccount)
	here := func(system string, uid int) world.World {
		return world.World{OS: system, Run: has{}, User: world.User{UID: uid}}
	}
	tree := world.World{OS: "windows", Root: "/mnt"}
	for name, c := range map[string]struct {
		w    world.World
		plan trust.Plan
		o    Options
		want []trust.Consequence
	}{
		"Windows":              {here("windows", -1), narrow, Options{}, []trust.Consequence{{Code: trust.UACAsks, Name: "Mooring: trust a registry"}}},
		"Windows, all of it":   {here("windows", -1), wide, Options{Terminal: true}, []trust.Consequence{{Code: trust.UACAsks, Name: "Mooring: trust for the whole computer"}}},
		"Windows, own rights":  {here("windows", -1), own, Options{}, nil},
		"below --root":         {tree, wide, Options{}, nil},
		"macOS":                {here("darwin", 501), wide, Options{}, []trust.Consequence{{Code: trust.MacAsksHelper}}},
		"macOS, in a terminal": {here("darwin", 501), wide, Options{Terminal: true}, nil},
		"macOS, as root":       {here("darwin", 0), wide, Options{}, nil},
		"macOS, own rights":    {here("darwin", 501), own, Options{}, nil},
		"Linux":                {here("linux", 1000), wide, Options{}, nil},
	} {
		if got := Announce(c.w, c.plan, c.o); !slices.Equal(got, c.want) && !elevated() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
