package platform

import (
	"context"
	"errors"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/trust/signin"
)

var errUnfinished = errors.New("not built yet")

func (m *Machine) SignInMethod(context.Context, trust.Registry) (signin.Method, error) {
	return signin.Method{}, errUnfinished
}

func (m *Machine) SignIn(context.Context, SignInRequest) (signin.Outcome, error) {
	return signin.Outcome{}, errUnfinished
}

func (m *Machine) SignOut(context.Context, trust.Registry) error { return errUnfinished }

func (m *Machine) PlanUse(context.Context, trust.Registry, []trust.Party, bool) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}

func (m *Machine) PlanMove(context.Context, trust.Registry) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}

func (m *Machine) PlanUnregister(context.Context) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}

func (m *Machine) Repositories(context.Context, trust.Registry, func(catalog.Page)) error {
	return errUnfinished
}

func (m *Machine) Tags(context.Context, trust.Registry, string, func(catalog.Sized)) error {
	return errUnfinished
}

func (m *Machine) Rights(context.Context, trust.Registry, string) (catalog.Rights, error) {
	return catalog.Rights{}, errUnfinished
}

func (m *Machine) PlanClientCert(context.Context, ClientCertRequest, clientcert.Review) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}

func (m *Machine) WatchStatus(context.Context) (watch.Status, bool, error) {
	return watch.Status{}, false, errUnfinished
}

func (m *Machine) Autostart(context.Context) (bool, error) { return false, errUnfinished }

func (m *Machine) PlanAutostart(context.Context, bool) (trust.Plan, error) {
	return trust.Plan{}, errUnfinished
}
