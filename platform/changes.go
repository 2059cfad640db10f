package platform

import (
	"context"
	"path/filepath"
	"slices"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/planner"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/store/all"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// PlanTrust implements Service. The registries are probed anew: a plan is judged
// against what they present now.
func (m *Machine) PlanTrust(ctx context.Context, q TrustRequest) (trust.Plan, error) {
	set := consumers.Gather(ctx, m.World)
	probes, err := m.probes(ctx, q.Registries, CheckOptions{Timeout: q.Timeout})
	if err != nil {
		return trust.Plan{}, err
	}
	scope := m.scopes(set, q.Parties)
	if trust.ReachRegistry.Wider(q.Reach) != trust.ReachRegistry {
		scope = withSystem(scope)
	}
	stores, err := planner.ReadStores(ctx, all.Table(m.World), q.Anchors, func(i store.Info) bool {
		return slices.ContainsFunc(q.Registries, func(r trust.Registry) bool { return slices.Contains(scope(r), i.Party) })
	})
	if err != nil {
		return trust.Plan{}, err
	}
	return m.announced(planner.Trust(planner.Input{
		Set: set, Probes: probes, Anchors: q.Anchors, AllowLeaf: q.AllowLeaf, Writable: m.writable,
		Stores: stores, Reach: q.Reach, Scope: scope,
	}))
}

// withSystem is scope with the OS store in it.
func withSystem(scope func(trust.Registry) []trust.Party) func(trust.Registry) []trust.Party {
	return func(r trust.Registry) []trust.Party {
		parties := scope(r)
		if slices.Contains(parties, trust.System) {
			return parties
		}
		return append(slices.Clone(parties), trust.System)
	}
}

// Reaches implements Service. Windows and macOS know an OS store of the person's
// besides the one of all programs.
func (m *Machine) Reaches() []trust.Reach {
	if m.World.OS == "linux" {
		return []trust.Reach{trust.ReachRegistry, trust.ReachComputer}
	}
	return []trust.Reach{trust.ReachRegistry, trust.ReachAccount, trust.ReachComputer}
}

// probes looks at regs and returns what was seen in their order.
func (m *Machine) probes(ctx context.Context, regs []trust.Registry, o CheckOptions) ([]trust.Probe, error) {
	seen := map[trust.Registry]trust.Probe{}
	m.prober(o).All(ctx, regs, func(p trust.Probe) { seen[p.Registry] = p })
	out := make([]trust.Probe, 0, len(regs))
	for _, r := range regs {
		if p, ok := seen[r]; ok {
			out = append(out, p)
		}
	}
	return out, ctx.Err()
}

// writable reports whether the person may create or replace path: whether the
// nearest directory that exists takes a new file from them. Below --root the
// process itself writes, with whatever rights it has.
func (m *Machine) writable(path string) bool {
	if m.World.Root != "" || m.World.User.UID == 0 {
		return true
	}
	dir := filepath.Dir(path)
	for !world.Exists(m.World.FS, dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	return mayWrite(dir)
}

// Apply implements Service.
func (m *Machine) Apply(ctx context.Context, p trust.Plan, progress func(Progress)) (trust.Receipt, error) {
	defer m.lookAgain(ctx)
	return m.applier().Apply(ctx, p, steps(progress))
}

// Undo implements Service.
func (m *Machine) Undo(ctx context.Context, receipt string, progress func(Progress)) (trust.Receipt, error) {
	defer m.lookAgain(ctx)
	return m.applier().Undo(ctx, receipt, steps(progress))
}

// History implements Service, newest first.
func (m *Machine) History(context.Context) ([]trust.Receipt, error) {
	return m.applier().Own.History()
}

// Recover implements Service. It asks nobody for rights: what waits for root is
// returned as pending.
func (m *Machine) Recover(ctx context.Context) ([]trust.Receipt, error) {
	done, err := m.applier().Recover(ctx, false)
	if err != nil {
		return done, err
	}
	pending, err := m.applier().Pending()
	return append(done, pending...), err
}

// Settle asks root to finish or roll back its half of what is pending.
func (m *Machine) Settle(ctx context.Context) ([]trust.Receipt, error) {
	return m.applier().Recover(ctx, true)
}

// PlanUndo implements Service: what undoing would change, for the preview. The
// undo itself goes by the receipt, not by this plan.
func (m *Machine) PlanUndo(ctx context.Context, id string) (trust.Plan, error) {
	r, err := m.applier().Own.Receipt(id)
	if err != nil {
		return trust.Plan{}, err
	}
	if r.State != trust.ReceiptApplied {
		return trust.Plan{}, change.Refuse(change.ErrNotUndoable, id, "")
	}
	if err := m.applier().Own.Standing(ctx, r); err != nil {
		return trust.Plan{}, err
	}
	return m.announced(undoPlan(r), nil)
}

// undoPlan turns a receipt around: last change first, and then the commands that let
// the system see it, as the engine does.
func undoPlan(r trust.Receipt) trust.Plan {
	p := trust.Plan{
		Schema: trust.PlanSchema, Action: "undo", Reach: r.Reach, Registries: r.Registries,
		Anchors: r.Anchors, Restarts: r.Restarts,
	}
	for _, d := range slices.Backward(r.Changes) {
		c := trust.Change{
			Kind: d.Kind, Path: d.Path, Via: d.Via, Command: d.Command, Shown: d.Command, Before: d.After, Privileged: d.Privileged,
			Edits: takenBack(d.Edits), Registry: d.Registry, Key: d.Key,
		}
		switch {
		case d.Kind == trust.ChangeStore:
			c = storeBack(r, d)
		case d.Kind == trust.KeepSecret:
			c.Status = trust.StatusRemoved
		case d.Kind == trust.RunCommand:
			c.Status = trust.StatusNew
		case d.Kind == trust.MoveFile:
			c.Path, c.To, c.Status = d.To, d.Path, trust.StatusRenamed
			if d.SetsMode() {
				c.Mode = d.Before.Mode
			}
		case d.Kind == trust.SetMode && d.SetsMode():
			c.Mode, c.Status = d.Before.Mode, trust.StatusRights
		case d.Kind == trust.RemoveFile:
			c.Kind, c.Status = trust.WriteFile, trust.StatusNew
		case d.Before == nil:
			c.Kind, c.Status = trust.RemoveFile, trust.StatusRemoved
		case d.Kind == trust.EditFile:
			c.Status = trust.StatusEdited
		default:
			c.Status = trust.StatusReplaced
		}
		p.Changes = append(p.Changes, c)
	}
	last := func(c trust.Change) int {
		if c.Kind == trust.RunCommand {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(p.Changes, func(a, b trust.Change) int { return last(a) - last(b) })
	return p
}

// storeBack turns the change of a trust store around.
func storeBack(r trust.Receipt, d trust.Done) trust.Change {
	c := trust.Change{
		Kind: d.Kind, Store: d.Store, Was: d.Now, Want: d.Was, Status: trust.StatusReplaced, Privileged: d.Privileged,
	}
	for _, a := range r.Anchors {
		if a.SHA256 == d.Certificate {
			c.Content = []byte(a.PEM)
		}
	}
	switch {
	case d.Was == nil || !d.Was.Held:
		c.Status = trust.StatusRemoved
	case d.Now != nil && !d.Now.Held:
		c.Status = trust.StatusNew
	}
	return c
}

// takenBack turns edits around, last first.
func takenBack(edits []trust.Edit) []trust.Edit {
	var out []trust.Edit
	for _, e := range slices.Backward(edits) {
		e.Value, e.Was = e.Was, e.Value
		out = append(out, e)
	}
	return out
}

// steps passes the engine's progress on to a face.
func steps(progress func(Progress)) change.Progress {
	if progress == nil {
		return nil
	}
	return func(s change.Step) {
		key := "progress." + string(s.Kind)
		if s.Undo {
			key = "progress.undo"
		}
		progress(Progress{Done: s.Done, Total: s.Total, Step: key, Args: map[string]string{"path": s.Path}})
	}
}
