package platform

import (
	"context"
	"path"
	"strings"

	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
)

// PlanUse implements SignIns.
func (m *Machine) PlanUse(_ context.Context, r trust.Registry, tools []trust.Party, on bool) (trust.Plan, error) {
	return m.signInPlanner().Use(r, tools, on)
}

// PlanMove implements SignIns. The password is read to see that it is one, and
// again when the plan is applied; it is no part of the plan.
func (m *Machine) PlanMove(ctx context.Context, r trust.Registry) (trust.Plan, error) {
	return m.signInPlanner().Move(ctx, r)
}

// PlanUnregister implements SignIns.
func (m *Machine) PlanUnregister(context.Context) (trust.Plan, error) {
	return m.signInPlanner().Unregister()
}

func (m *Machine) signInPlanner() planner.SignIns {
	return planner.SignIns{World: m.World, Writable: m.writable, Kept: m.keeps, Look: m.onPath}
}

// keeps reports whether a sign-in to r is kept, without asking the keyring.
func (m *Machine) keeps(r trust.Registry) bool {
	_, noted := m.keeper.Noted(r)
	return noted
}

// usualPath is where programs lie in a tree, of whose sessions nothing is known.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// onPath reports whether the person's PATH has a program. Nothing is run for it.
func (m *Machine) onPath(name string) bool {
	if m.World.Run != nil {
		_, err := m.World.Run.Look(name)
		return err == nil
	}
	if m.World.OS == "windows" {
		return false // PATH is in the registry there
	}
	for dir := range strings.SplitSeq(usualPath, ":") {
		if i, err := m.World.FS.Stat(path.Join(dir, name)); err == nil && i.Mode.IsRegular() && i.Mode.Perm()&0o111 != 0 {
			return true
		}
	}
	return false
}
