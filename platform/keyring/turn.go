package keyring

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errStuck says that an earlier call never came back.
var errStuck = errors.New("an earlier call to the keyring has not come back")

// turn lets one call at a time into the keyring's library, whose calls can block
// for ever and cannot be ended. So at most one goroutine is ever left behind: as
// long as a call that was given up is inside, all others are refused at once.
type turn struct {
	mu     sync.Mutex
	inside *visit // nil while nobody is
}

type visit struct{ left, givenUp chan struct{} }

// grace is how long a call may take to come back by itself when its time is up: it
// has a question to take away from the person's screen.
const grace = 200 * time.Millisecond

// do runs call in a goroutine of its own and waits for it, or until ctx ends.
func (t *turn) do(ctx context.Context, call func() error) error {
	v, err := t.enter(ctx)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		done <- call()
		t.leave(v)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(grace):
		close(v.givenUp)
		return &Error{TimedOut, context.Cause(ctx)}
	}
}

func (t *turn) enter(ctx context.Context) (*visit, error) {
	for {
		t.mu.Lock()
		v := t.inside
		if v == nil {
			v = &visit{make(chan struct{}), make(chan struct{})}
			t.inside = v
			t.mu.Unlock()
			return v, nil
		}
		t.mu.Unlock()
		select {
		case <-v.left:
		case <-v.givenUp:
			return nil, &Error{TimedOut, errStuck}
		case <-ctx.Done():
			return nil, &Error{TimedOut, context.Cause(ctx)}
		}
	}
}

func (t *turn) leave(v *visit) {
	t.mu.Lock()
	t.inside = nil
	t.mu.Unlock()
	close(v.left)
}
