package keyring

import (
	"context"
	"errors"
	"time"

	gokeyring "github.com/zalando/go-keyring"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Service is the attribute that all of Mooring's items share: `secret-tool search
// service mooring` lists them. The other, "username", is the key; Seahorse shows
// both, as "Password for 'reg.example:5000' on 'mooring'".
const Service = "mooring"

// limit bounds a call when its context does not: the person may have to be asked.
const limit = 2 * time.Minute

// errDiffers says that a keyring took a value and then returned another.
var errDiffers = errors.New("the keyring returned something else than it was given")

// library is what go-keyring does. Its calls may block for ever: each goes through
// a [turn].
type library interface {
	Set(service, user, password string) error
	Get(service, user string) (string, error)
	Delete(service, user string) error
}

type goKeyring struct{}

func (goKeyring) Set(service, user, password string) error {
	return gokeyring.Set(service, user, password)
}
func (goKeyring) Get(service, user string) (string, error) { return gokeyring.Get(service, user) }
func (goKeyring) Delete(service, user string) error        { return gokeyring.Delete(service, user) }

// theTurn is the library's: it has one connection for the whole process.
var theTurn turn

// System returns the keyring of w's user: the Secret Service on Linux, the
// Keychain on macOS, the Credential Manager on Windows. A tree under --root has
// none.
func System(w world.World) Store { return &system{w: w, lib: goKeyring{}, turn: &theTurn} }

type system struct {
	w    world.World
	lib  library
	turn *turn
}

// Set implements Store. What was written is read back: macOS' tool reports no
// failure of a command on its standard input.
func (s *system) Set(ctx context.Context, key string, c trust.Credential) error {
	text, err := encode(key, c)
	if err != nil {
		return &Error{Failed, err}
	}
	if err := fits(s.w.OS, key, text); err != nil {
		return err
	}
	return s.do(ctx, key, func() error {
		if err := s.lib.Set(Service, key, text); err != nil {
			return err
		}
		got, err := s.lib.Get(Service, key)
		if err == nil && got != text {
			_ = s.lib.Delete(Service, key) // it is of no use
			err = errDiffers
		}
		return err
	})
}

// Get implements Store.
func (s *system) Get(ctx context.Context, key string) (c trust.Credential, err error) {
	var text string // read only when the call has come back in time
	err = s.do(ctx, key, func() error {
		got, err := s.lib.Get(Service, key)
		text = got
		return err
	})
	if err != nil {
		return trust.Credential{}, err
	}
	switch c, err = decode(key, text); {
	case errors.Is(err, errOther):
		return trust.Credential{}, &Error{NotFound, err}
	case err != nil:
		return trust.Credential{}, &Error{Failed, err}
	}
	return c, nil
}

// Delete implements Store. What lies under the name for another registry stays.
func (s *system) Delete(ctx context.Context, key string) error {
	return s.do(ctx, key, func() error {
		text, err := s.lib.Get(Service, key)
		if err != nil {
			return err
		}
		if _, err := decode(key, text); errors.Is(err, errOther) {
			return &Error{NotFound, err}
		}
		return s.lib.Delete(Service, key)
	})
}

// do makes the keyring ready, asking the person if need be, and calls the library.
// The error is an *[Error].
func (s *system) do(ctx context.Context, key string, call func() error) error {
	if !s.w.Live() {
		return &Error{State: Unsupported}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.turn.do(ctx, func() error {
		if s.w.OS == "linux" {
			if err := unlocked(ctx, s.w, key); err != nil {
				return err
			}
		}
		if ctx.Err() != nil { // nobody waits any more: change nothing
			return ctx.Err()
		}
		return call()
	})
	return classify(s.w.OS, err)
}
