package platform

import (
	"context"
	"errors"

	"mooring.dev/mooring/trust"
)

var errUnfinished = errors.New("not built yet")

// RestartImpact implements Restarts.
func (m *Machine) RestartImpact(context.Context, trust.Restart) (RestartImpact, error) {
	return RestartImpact{}, errUnfinished
}

// Restart implements Restarts.
func (m *Machine) Restart(context.Context, trust.Restart, func(Progress)) error {
	return errUnfinished
}
