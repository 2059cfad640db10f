package probe

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	maxWorking = 32  // registries that keep this machine busy
	maxOpen    = 256 // sockets, those that only wait for an answer included
	minOpen    = 8
	// patience is how long a probe may wait for the network until the next one
	// need not wait for it.
	patience = 50 * time.Millisecond
)

// limiter admits probes so that many registries neither open a socket each at
// once nor wait for those that never answer: a probe that has waited longer than
// patience (for a name, a connection, or a server's next bytes) costs no work
// and only counts as a socket. So the faster the network, the fewer are needed;
// the more black holes there are, the more run side by side.
type limiter struct {
	working, open int
	slots         map[*slot]struct{} // owned by the goroutine that admits
	freed         chan *slot
}

// newLimiter admits jobs probes at once, or adapts when jobs is 0.
func newLimiter(jobs int) *limiter {
	l := &limiter{working: jobs, open: jobs, slots: map[*slot]struct{}{}}
	if jobs <= 0 {
		// A probe may need several descriptors for a moment (two address families,
		// name servers), and the rest of the process needs some too.
		l.open = min(maxOpen, max(minOpen, openFiles()/4))
		l.working = min(maxWorking, l.open)
	}
	l.freed = make(chan *slot, l.open)
	return l
}

// admit waits until another probe may run; false: ctx is done. Only one
// goroutine admits.
func (l *limiter) admit(ctx context.Context) (*slot, bool) {
	for ctx.Err() == nil {
		l.collect()
		if l.room() {
			s := &slot{freed: l.freed}
			l.slots[s] = struct{}{}
			return s, true
		}
		retry := time.NewTimer(patience / 2)
		select {
		case s := <-l.freed:
			delete(l.slots, s)
		case <-retry.C: // some may have become patient meanwhile
		case <-ctx.Done():
		}
		retry.Stop()
	}
	return nil, false
}

func (l *limiter) collect() {
	for {
		select {
		case s := <-l.freed:
			delete(l.slots, s)
		default:
			return
		}
	}
}

func (l *limiter) room() bool {
	if len(l.slots) >= l.open {
		return false
	}
	busy, now := 0, monotonic()
	for s := range l.slots {
		if since := s.waiting.Load(); since == 0 || now-since < int64(patience) {
			busy++
		}
	}
	return busy < l.working
}

// slot is the right to one connection at a time. A nil slot is unlimited.
type slot struct {
	waiting atomic.Int64 // since when it waits for the network; 0: it works
	freed   chan<- *slot
}

func (s *slot) wait() {
	if s != nil {
		s.waiting.Store(monotonic())
	}
}

func (s *slot) work() {
	if s != nil {
		s.waiting.Store(0)
	}
}

// free gives the slot back. It never blocks: there is room for all slots.
func (s *slot) free() { s.freed <- s }

var began = time.Now()

// monotonic is never 0.
func monotonic() int64 { return int64(time.Since(began)) + 1 }
