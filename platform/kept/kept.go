// Package kept holds the person's sign-ins: the credential in the system's keyring,
// and beside it, in a file without secrets, the note that it is there.
package kept

import (
	"context"
	"errors"
	"slices"
	"time"

	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Keeper keeps sign-ins. Whoever uses one may be at work beside another: the
// window, the command line, and the credential helpers that docker starts.
type Keeper struct {
	Ring  keyring.Store
	State *state.Store
	Now   func() time.Time
}

// New returns the keeper of w's user.
func New(w world.World) Keeper {
	return Keeper{Ring: keyring.System(w), State: state.Open(w), Now: w.Now}
}

// Keep puts a credential into the keyring and notes that it is there. What cannot
// be noted is not kept: then the keyring holds what it held before. expires is zero
// when it is not known to end.
func (k Keeper) Keep(ctx context.Context, r trust.Registry, c trust.Credential, expires time.Time) error {
	former, err := k.Ring.Get(ctx, r.String())
	if err != nil && !IsState(err, keyring.NotFound, keyring.Failed) { // Failed: nothing of ours, which may be replaced
		return err
	}
	if err := k.Ring.Set(ctx, r.String(), c); err != nil {
		return err
	}
	if err := k.State.NoteSignIn(state.SignIn{Registry: r, User: c.User, Token: c.Token, At: k.Now(), Expires: expires}); err != nil {
		return errors.Join(err, k.restore(context.WithoutCancel(ctx), r, former))
	}
	return nil
}

// restore puts the former credential back, if there was one.
func (k Keeper) restore(ctx context.Context, r trust.Registry, former trust.Credential) error {
	if former.Secret.Empty() {
		return k.Ring.Delete(ctx, r.String())
	}
	return k.Ring.Set(ctx, r.String(), former)
}

// Forget removes what Keep kept. Nothing kept is no error: a keyring that cannot
// be reached holds nothing unless it is noted that it does.
func (k Keeper) Forget(ctx context.Context, r trust.Registry) error {
	_, noted := k.Noted(r)
	if err := k.Ring.Delete(ctx, r.String()); err != nil && !IsState(err, keyring.NotFound) {
		if !noted && IsState(err, keyring.NoBus, keyring.NoService, keyring.Unsupported) {
			return nil
		}
		return err
	}
	return k.State.ForgetSignIn(r)
}

// Get returns the credential for a registry; ok is false when none is kept.
func (k Keeper) Get(ctx context.Context, r trust.Registry) (c trust.Credential, ok bool, err error) {
	c, err = k.Ring.Get(ctx, r.String())
	if IsState(err, keyring.NotFound) {
		return trust.Credential{}, false, nil
	}
	return c, err == nil, err
}

// Noted is what is noted of a registry's credential. A list that is broken says
// nothing.
func (k Keeper) Noted(r trust.Registry) (state.SignIn, bool) {
	all, _ := k.State.SignIns()
	i := slices.IndexFunc(all, func(s state.SignIn) bool { return s.Registry == r })
	if i < 0 {
		return state.SignIn{}, false
	}
	return all[i], true
}

// IsState reports whether err says that the keyring is in one of the states.
func IsState(err error, states ...keyring.State) bool {
	var e *keyring.Error
	return errors.As(err, &e) && slices.Contains(states, e.State)
}
