package cli

import (
	"context"
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/trust"
)

const fakeConfig = "/home/me/.docker/config.json"

// PlanUse edits docker's file; a sign-in that is used already needs nothing.
func (f *fake) PlanUse(_ context.Context, r trust.Registry, tools []trust.Party, on bool) (trust.Plan, error) {
	p := trust.Plan{Schema: trust.PlanSchema, Action: "use", Reach: trust.ReachRegistry, Registries: []string{r.String()}}
	if kind(r) == "nohelper" {
		return p, &planner.HelperMissingError{Name: "docker-credential-mooring"}
	}
	mooring := "mooring"
	c := trust.Change{Kind: trust.EditFile, Path: fakeConfig, Status: trust.StatusEdited, Parties: tools}
	c.Edits = []trust.Edit{{Key: []string{"credHelpers", r.String()}, Value: &mooring}}
	if !on {
		p.Action, c.Edits = "unuse", []trust.Edit{{Key: []string{"credHelpers", r.String()}, Was: &mooring}}
	}
	used := slices.ContainsFunc(f.Receipts, func(x trust.Receipt) bool {
		return x.Action == "use" && slices.Contains(x.Registries, r.String())
	})
	if used == on {
		c.Status, c.Edits = trust.StatusUnchanged, nil
	}
	p.Changes = []trust.Change{c}
	p.Consequences = []trust.Consequence{{Code: trust.StoreKept, Path: fakeConfig, Name: "secretservice"}}
	return p, nil
}

func (f *fake) PlanMove(_ context.Context, r trust.Registry) (trust.Plan, error) {
	p := trust.Plan{Schema: trust.PlanSchema, Action: "move", Reach: trust.ReachRegistry, Registries: []string{r.String()}}
	if kind(r) == "nothing" {
		return p, planner.ErrNoPassword
	}
	p.Changes = []trust.Change{
		{Kind: trust.KeepSecret, Path: fakeConfig, Registry: r.String(), Key: []string{"auths", r.String()}, Status: trust.StatusNew},
		{
			Kind: trust.EditFile, Path: "/srv/dot.json", Via: fakeConfig, Status: trust.StatusEdited,
			Edits: []trust.Edit{{Key: []string{"auths", r.String(), "auth"}, Secret: true}},
		},
	}
	return p, nil
}

func (f *fake) PlanUnregister(context.Context) (trust.Plan, error) {
	return trust.Plan{Schema: trust.PlanSchema, Action: "unregister", Reach: trust.ReachRegistry}, nil
}

func (f *fake) Ailments(context.Context) ([]platform.Ailment, error) { return nil, nil }

// signInChanges are those of a plan's changes that say who uses a sign-in.
func signInChanges(p trust.Plan) []trust.Done {
	var out []trust.Done
	for _, c := range p.Pending() {
		if c.Kind == trust.EditFile || c.Kind == trust.KeepSecret {
			out = append(out, trust.Done{Kind: c.Kind, Path: c.Path, Edits: c.Edits, Registry: c.Registry, Key: c.Key})
		}
	}
	return out
}

func undoOfSignIn(r trust.Receipt) trust.Plan {
	p := trust.Plan{Schema: trust.PlanSchema, Action: "undo", Reach: r.Reach, Registries: r.Registries}
	for _, d := range slices.Backward(r.Changes) {
		p.Changes = append(p.Changes, trust.Change{
			Kind: d.Kind, Path: d.Path, Edits: d.Edits, Registry: d.Registry, Key: d.Key, Status: trust.StatusRemoved,
		})
	}
	return p
}
