package platform

import (
	"context"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
)

// session begins to ask a registry as the person that is signed in to it, or else
// as anybody. A credential that cannot be got at, in a keyring that is locked for
// instance, keeps nobody from asking as anybody; what the registry then refuses
// says that it needs a sign-in.
func (m *Machine) session(ctx context.Context, r trust.Registry) (*signin.Session, func(), error) {
	a, err := m.access(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	c, ok, err := m.credential(ctx, r)
	if err != nil || !ok {
		c = trust.Credential{}
	}
	return a.Session(c), a.Close, ctx.Err()
}

// Repositories implements Catalogs.
func (m *Machine) Repositories(ctx context.Context, r trust.Registry, each func(catalog.Page)) error {
	s, end, err := m.session(ctx, r)
	if err != nil {
		return err
	}
	defer end()
	return catalog.Repositories(ctx, s, func(p catalog.Page) error {
		each(p)
		return ctx.Err()
	})
}

// Tags implements Catalogs.
func (m *Machine) Tags(ctx context.Context, r trust.Registry, repository string, each func(catalog.Sized)) error {
	if err := catalog.CheckName(repository); err != nil {
		return err
	}
	s, end, err := m.session(ctx, r)
	if err != nil {
		return err
	}
	defer end()
	return catalog.Tags(ctx, s, repository, func(t catalog.Sized) error {
		each(t)
		return ctx.Err()
	})
}

// Rights implements Catalogs.
func (m *Machine) Rights(ctx context.Context, r trust.Registry, repository string) (catalog.Rights, error) {
	if err := catalog.CheckName(repository); err != nil {
		return catalog.Rights{}, err
	}
	s, end, err := m.session(ctx, r)
	if err != nil {
		return catalog.Rights{}, err
	}
	defer end()
	return catalog.RightsOf(ctx, s, repository)
}
