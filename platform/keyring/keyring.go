// Package keyring keeps credentials in the operating system's keyring, and nowhere
// else: there is no file to fall back to. Where there is no keyring a credential
// can be kept in this process's memory, until it ends.
//
// The system's keyring may wait for a person, or for ever: every call here ends
// with its context or its own time-out, and none belongs on the UI goroutine.
package keyring

import (
	"context"

	"mooring.dev/mooring/trust"
)

// Store keeps one credential a key. Keys are registries as image references write
// them. Errors are *[Error]s.
type Store interface {
	Set(ctx context.Context, key string, c trust.Credential) error
	Get(ctx context.Context, key string) (trust.Credential, error)
	Delete(ctx context.Context, key string) error
}

// State is how a keyring stands, or why a call failed. Its words are under
// "keyring.state.<state>".
type State string

// The states.
const (
	Ready       State = "ready"
	NoBus       State = "no-session-bus"    // no D-Bus session, for instance over ssh
	NoService   State = "no-secret-service" // nobody on it keeps secrets
	Locked      State = "locked"            // and nobody could be asked to unlock it
	Dismissed   State = "dismissed"         // the person closed the prompt
	NotFound    State = "not-found"
	TooBig      State = "too-big" // Windows takes 2,560 bytes, macOS some 3,000
	TimedOut    State = "timed-out"
	Unsupported State = "unsupported" // this system has no keyring that Mooring knows
	Failed      State = "failed"
)

// Error is why a call failed. It never holds a secret.
type Error struct {
	State State
	Err   error // the library's own words
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "keyring: " + string(e.State)
	}
	return "keyring: " + string(e.State) + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }
