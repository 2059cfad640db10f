package platform

import (
	"context"
	"errors"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
)

// asking is a session with a registry: as the person that is signed in to it, or
// else as anybody. A credential that cannot be got at, in a keyring that is locked
// for instance, keeps nobody from asking as anybody.
type asking struct {
	*signin.Session
	access *signin.Access
	hidden error // why the credential cannot be got at
}

func (m *Machine) ask(ctx context.Context, r trust.Registry) (*asking, error) {
	a, err := m.access(ctx, r)
	if err != nil {
		return nil, err
	}
	c, ok, err := m.credential(ctx, r)
	if !ok {
		c = trust.Credential{}
	}
	return &asking{a.Session(c), a, err}, ctx.Err()
}

// ended closes the session. Where the registry wants a sign-in and there is one
// that cannot be got at, that is what the person must know.
func (s *asking) ended(err error) error {
	s.access.Close()
	var refused *signin.Refusal
	var unlisted *catalog.Refusal
	if s.hidden != nil && (errors.As(err, &unlisted) && unlisted.Why == catalog.NeedsSignIn ||
		errors.As(err, &refused) && refused.Why == signin.NeedsSignIn) {
		return s.hidden
	}
	return err
}

// Repositories implements Catalogs.
func (m *Machine) Repositories(ctx context.Context, r trust.Registry, each func(catalog.Page)) error {
	s, err := m.ask(ctx, r)
	if err != nil {
		return err
	}
	return s.ended(catalog.Repositories(ctx, s.Session, func(p catalog.Page) error {
		each(p)
		return ctx.Err()
	}))
}

// Tags implements Catalogs.
func (m *Machine) Tags(ctx context.Context, r trust.Registry, repository string, each func(catalog.Sized)) error {
	if err := catalog.CheckName(repository); err != nil {
		return err
	}
	s, err := m.ask(ctx, r)
	if err != nil {
		return err
	}
	return s.ended(catalog.Tags(ctx, s.Session, repository, func(t catalog.Sized) error {
		each(t)
		return ctx.Err()
	}))
}

// Rights implements Catalogs.
func (m *Machine) Rights(ctx context.Context, r trust.Registry, repository string) (catalog.Rights, error) {
	if err := catalog.CheckName(repository); err != nil {
		return catalog.Rights{}, err
	}
	s, err := m.ask(ctx, r)
	if err != nil {
		return catalog.Rights{}, err
	}
	rights, err := catalog.RightsOf(ctx, s.Session, repository)
	return rights, s.ended(err)
}
