package platform

import (
	"context"
	"errors"

	"mooring.dev/mooring/trust"
)

var errUnfinished = errors.New("not built yet")

func (m *Machine) PlanUse(context.Context, trust.Registry, []trust.Party, bool) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}

func (m *Machine) PlanMove(context.Context, trust.Registry) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}

func (m *Machine) PlanUnregister(context.Context) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}
