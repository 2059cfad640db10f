package windowtest

import (
	"context"

	"mooring.dev/mooring/platform"
)

// Ailments implements platform.SignIns: nothing is wrong.
func (s *Service) Ailments(context.Context) ([]platform.Ailment, error) { return nil, nil }
