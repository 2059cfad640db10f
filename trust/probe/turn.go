package probe

import (
	"context"
	"sync/atomic"
	"time"
)

// How many registries are probed at once. They neither open a socket each nor
// wait for those that never answer: a probe needs a turn to connect and another
// one to shake hands, and both lapse when it merely waits for the other side. So
// the more black holes there are, the more probes run side by side; where the
// network is fast, the processor is the limit.
const (
	maxOpen       = 512 // sockets, those that only wait included
	minOpen       = 8
	maxConnecting = 64
	maxShaking    = 48
	// patience is how long a turn lasts while nothing happens.
	patience = 25 * time.Millisecond
)

// lanes are what the probes of one All share. A nil lane has no end of places.
type lanes struct {
	open, connecting, shaking chan struct{}
}

// newLanes lets jobs probes run at once, or adapts when jobs is 0.
func newLanes(jobs int) lanes {
	if jobs > 0 {
		return lanes{open: make(chan struct{}, jobs)}
	}
	// A probe may need several descriptors for a moment (two address families,
	// name servers), and the rest of the process needs some too.
	open := min(maxOpen, max(minOpen, openFiles()/4))
	return lanes{
		open:       make(chan struct{}, open),
		connecting: make(chan struct{}, maxConnecting),
		shaking:    make(chan struct{}, maxShaking),
	}
}

// enter waits until another probe may begin; false: ctx is done.
func (l lanes) enter(ctx context.Context) bool {
	select {
	case l.open <- struct{}{}:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func (l lanes) leave() { <-l.open }

// turn is a place in a lane. A nil turn is always one's own.
type turn struct {
	lane  chan struct{}
	over  atomic.Bool
	lapse *time.Timer // runs while the owner waits
}

// takeTurn waits for a place in lane.
func takeTurn(ctx context.Context, lane chan struct{}) (*turn, error) {
	if lane == nil {
		return nil, nil
	}
	select {
	case lane <- struct{}{}:
		return &turn{lane: lane}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// wait says that the owner has nothing to do until the other side answers.
func (t *turn) wait() {
	switch {
	case t == nil || t.over.Load():
	case t.lapse == nil:
		t.lapse = time.AfterFunc(patience, t.giveUp)
	default:
		t.lapse.Reset(patience)
	}
}

// work says that it has. A turn that has lapsed meanwhile is not taken anew: what
// was begun is better finished.
func (t *turn) work() {
	if t != nil && t.lapse != nil {
		t.lapse.Stop()
	}
}

// end gives the place to the next one; once is enough.
func (t *turn) end() {
	if t != nil {
		t.work()
		t.giveUp()
	}
}

func (t *turn) giveUp() {
	if t.over.CompareAndSwap(false, true) {
		<-t.lane
	}
}
