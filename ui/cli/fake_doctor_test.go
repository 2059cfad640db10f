package cli

import (
	"context"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// PlanRemoval names what was asked for in its changes.
func (f *fake) PlanRemoval(ctx context.Context, q platform.UntrustRequest) (trust.Plan, error) {
	p, err := f.PlanUntrust(ctx, q.Registries)
	for _, fp := range q.Certificates {
		p.Anchors = append(p.Anchors, trust.PlanAnchor{SHA256: fp.String()})
		p.Changes = append(p.Changes, trust.Change{Kind: trust.RemoveFile, Path: "/store/" + string(q.Store) + "/" + fp.Short(), Status: trust.StatusRemoved})
	}
	return p, err
}
