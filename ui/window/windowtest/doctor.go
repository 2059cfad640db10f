package windowtest

import (
	"context"
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// doctor is what is stale on the machine in memory.
type doctor struct {
	// Ill are the ailments that an examination finds. One goes when a plan made for it
	// is carried out.
	Ill []platform.Ailment
	// ExamineError and RepairError, if set, are what examining and planning fail with.
	ExamineError, RepairError error

	removal func(platform.UntrustRequest) trust.Plan
}

// ForRemoval has PlanRemoval return what plan makes.
func (s *Service) ForRemoval(plan func(platform.UntrustRequest) trust.Plan) { s.removal = plan }

// PlanRemoval implements platform.Doctor.
func (s *Service) PlanRemoval(ctx context.Context, q platform.UntrustRequest) (trust.Plan, error) {
	s.called("plan removal %v store=%s", q.Registries, q.Store)
	if s.removal != nil {
		return s.removal(q), ctx.Err()
	}
	return s.PlanUntrust(ctx, q.Registries)
}

// Examine implements platform.Doctor.
func (s *Service) Examine(ctx context.Context, progress func(platform.Progress)) ([]platform.Ailment, error) {
	s.called("examine")
	if progress != nil {
		progress(platform.Progress{Done: 0, Total: 3, Step: "progress.examine"})
	}
	if err := s.pass(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.Ill), s.ExamineError
}

// actionRepair marks the plans of PlanRepair.
const actionRepair = "untrust"

// PlanRepair implements platform.Doctor.
func (s *Service) PlanRepair(_ context.Context, a platform.Ailment) (trust.Plan, error) {
	s.called("plan repair %s %s", a.Code, a.Path)
	p := trust.Plan{Schema: trust.PlanSchema, Action: actionRepair, Reach: trust.ReachRegistry}
	if !a.Registry.IsZero() {
		p.Registries = []string{a.Registry.String()}
	}
	p.Changes = []trust.Change{{
		Kind: trust.RemoveFile, Path: a.Path, Status: trust.StatusRemoved, Privileged: true, Parties: []trust.Party{trust.Docker},
	}}
	return p, s.RepairError
}

// heal takes away the ailments whose file a plan removed.
func (s *Service) heal(p trust.Plan) {
	s.Ill = slices.DeleteFunc(s.Ill, func(a platform.Ailment) bool {
		return slices.ContainsFunc(p.Changes, func(c trust.Change) bool { return c.Kind == trust.RemoveFile && c.Path == a.Path })
	})
}
