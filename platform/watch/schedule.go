package watch

import (
	"maps"
	"slices"
	"time"

	"mooring.dev/mooring/trust"
)

const (
	jitter = 0.2 // of a delay, to both sides: a team's machines must not come at once
	// maxDelay is how rarely a registry that does not answer is still looked at.
	maxDelay = 6 * time.Hour
	// batch bounds a round, and gap is what lies between two rounds at least: a
	// thousand registries are no burst.
	batch = 50
	gap   = 3 * time.Second
)

// schedule says which registry is looked at when. What is looked at together stays
// together, so that a few registries need one round each time and not one each.
type schedule struct {
	every  time.Duration
	random func() float64 // in [0,1)
	slots  map[trust.Registry]*slot
	free   time.Time // no round before
}

type slot struct {
	due    time.Time
	failed int // looks in a row that did not get through
}

func newSchedule(every time.Duration, random func() float64) *schedule {
	return &schedule{every: every, random: random, slots: map[trust.Registry]*slot{}}
}

// set says which registries there are: a new one is due at once.
func (s *schedule) set(regs []trust.Registry, now time.Time) {
	slots := make(map[trust.Registry]*slot, len(regs))
	for _, r := range regs {
		if slots[r] = s.slots[r]; slots[r] == nil {
			slots[r] = &slot{due: now}
		}
	}
	s.slots = slots
}

func (s *schedule) has(r trust.Registry) bool { return s.slots[r] != nil }

// take returns what a round at now looks at, the longest due first. What is nearly
// due comes along if anything is due: that saves a round of its own.
func (s *schedule) take(now time.Time) []trust.Registry {
	if !s.due(now) {
		return nil
	}
	var out []trust.Registry
	for r, slot := range s.slots {
		if !slot.due.After(now.Add(s.every / 20)) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b trust.Registry) int {
		if c := s.slots[a].due.Compare(s.slots[b].due); c != 0 {
			return c
		}
		return a.Compare(b)
	})
	return out[:min(len(out), batch)]
}

func (s *schedule) due(now time.Time) bool {
	for _, slot := range s.slots {
		if !slot.due.After(now) {
			return true
		}
	}
	return false
}

// done says when the registries of a round are due again: together if they
// answered, else each later than the time before. Where none answered it is this
// machine that is offline, which is no reason to come later.
func (s *schedule) done(round map[trust.Registry]bool, now time.Time) {
	s.free = now.Add(gap)
	next, offline := now.Add(s.jittered(s.every)), true
	for _, answered := range round {
		offline = offline && !answered
	}
	for r, answered := range round {
		slot := s.slots[r]
		switch {
		case slot == nil: // taken off the list meanwhile
		case answered || offline:
			slot.failed, slot.due = 0, next
		default:
			slot.failed++
			slot.due = now.Add(s.jittered(backOff(s.every, slot.failed)))
		}
	}
}

// backOff doubles with each look that did not get through.
func backOff(every time.Duration, failed int) time.Duration {
	d := every
	for ; failed > 1 && d < maxDelay; failed-- {
		d *= 2
	}
	return max(every, min(d, maxDelay))
}

func (s *schedule) jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 - jitter + 2*jitter*s.random()))
}

// now makes everything due: the person asks, or the network is another.
func (s *schedule) now(now time.Time) {
	for _, slot := range s.slots {
		slot.due, slot.failed = now, 0
	}
}

// next is when the next round may start; zero without registries.
func (s *schedule) next() time.Time {
	var next time.Time
	for _, slot := range s.slots {
		if next.IsZero() || slot.due.Before(next) {
			next = slot.due
		}
	}
	if !next.IsZero() && next.Before(s.free) {
		return s.free
	}
	return next
}

// regs lists all registries, in order.
func (s *schedule) regs() []trust.Registry {
	return slices.SortedFunc(maps.Keys(s.slots), trust.Registry.Compare)
}
