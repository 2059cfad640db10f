package watch

import (
	"context"
	"maps"
	"reflect"
	"time"

	"mooring.dev/mooring/trust"
)

const (
	// settle is how long the network must be quiet after it changed, but not longer
	// than settleMax: names and routes come one after the other.
	settle    = 5 * time.Second
	settleMax = 30 * time.Second
	// hintGap lies between two rounds that were started by such a change: a bad
	// wireless link must not make a machine hammer its registries.
	hintGap = 2 * time.Minute
)

// core is the watcher's state; one goroutine owns it.
type core struct {
	Config
	schedule *schedule
	sights   map[trust.Registry]Sight // the last of each registry
	ended    time.Time                // the last round
	reload   time.Time                // the list of registries is read again

	cancel context.CancelFunc // of the round under way, nil for none
	asked  bool               // by the person: also while paused
	again  bool               // asked while a round was under way, which may have looked before

	paused bool
	until  time.Time // zero: until resumed

	hinted, hintFirst time.Time // zero: no change waits to settle
	hintLast          time.Time // when a change last started a round

	fresh     bool // a round ended since news were last told
	held      bool // there is news, and it is quiet
	published Status
}

// now is the wall clock alone: what Go adds to it stands still while the machine
// sleeps, and a round that is due by then is due.
func (c *core) now() time.Time { return c.Now().Round(0) }

// step does what is due and reports whether a round is to be started.
func (c *core) step() (start bool) {
	now := c.now()
	if c.paused && !c.until.IsZero() && !c.until.After(now) {
		c.resume()
	}
	if !c.hinted.IsZero() && !c.hintAt().After(now) {
		c.hinted, c.hintFirst, c.hintLast = time.Time{}, time.Time{}, now
		c.schedule.now(now)
		c.reload = now
	}
	if c.cancel == nil {
		start = c.roundDue(now)
		if !start {
			c.tell(now)
			c.asked = c.asked && c.burst(now)
		}
	}
	if st := c.statusWith(start); !reflect.DeepEqual(st, c.published) {
		c.published = st
		if c.Publish != nil {
			c.Publish(st)
		}
	}
	return start
}

func (c *core) roundDue(now time.Time) bool {
	if c.paused && !c.asked {
		return false
	}
	return !c.reload.After(now) || c.lookDue(now)
}

func (c *core) lookDue(now time.Time) bool {
	next := c.schedule.next()
	return !next.IsZero() && !next.After(now)
}

// burst reports whether another round follows at once: then what is new is told
// together, after it.
func (c *core) burst(now time.Time) bool {
	next := c.schedule.next()
	return !next.IsZero() && !next.After(now.Add(gap)) && (!c.paused || c.asked)
}

// next is when step has something to do, if nobody calls before.
func (c *core) next() time.Time {
	var next time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if c.cancel == nil {
		if !c.paused || c.asked {
			earlier(c.reload)
			earlier(c.schedule.next())
		}
		if c.held {
			earlier(c.Settings.Quiet.end(c.now()))
		}
	}
	if c.paused {
		earlier(c.until)
	} else if !c.hinted.IsZero() {
		earlier(c.hintAt())
	}
	if next.IsZero() {
		return c.now().Add(maxDelay)
	}
	return next
}

func (c *core) hint() {
	now := c.now()
	c.hinted = now
	if c.hintFirst.IsZero() {
		c.hintFirst = now
	}
}

// hintAt is when a change that was hinted at has settled.
func (c *core) hintAt() time.Time {
	at := c.hinted.Add(settle)
	if last := c.hintFirst.Add(settleMax); last.Before(at) {
		at = last
	}
	if !c.hintLast.IsZero() {
		if free := c.hintLast.Add(hintGap); free.After(at) {
			return free
		}
	}
	return at
}

func (c *core) pause(d time.Duration) {
	c.paused, c.until, c.asked = true, time.Time{}, false
	if d > 0 {
		c.until = c.now().Add(d)
	}
	if c.cancel != nil {
		c.cancel()
	}
}

func (c *core) ask() {
	c.asked, c.again = true, c.cancel != nil
	c.schedule.now(c.now())
	c.reload = c.now()
}

func (c *core) resume() { c.paused, c.until = false, time.Time{} }

// listed takes the list of registries and returns those that a round looks at.
func (c *core) listed(regs []trust.Registry, err error) []trust.Registry {
	now := c.now()
	c.reload = now.Add(c.Settings.Every)
	if err != nil {
		c.Log(err)
	}
	if err == nil || len(regs) > 0 {
		c.schedule.set(regs, now)
		c.Memory.keep(c.schedule.has)
		maps.DeleteFunc(c.sights, func(r trust.Registry, _ Sight) bool { return !c.schedule.has(r) })
	}
	if c.schedule.free.After(now) {
		return nil
	}
	return c.schedule.take(now)
}

// finished takes what a round saw. Of one that was cut short the rest is due still.
func (c *core) finished(round []trust.Registry, sights []Sight, cut bool, err error) {
	now := c.now()
	c.cancel = nil
	if err != nil && !cut {
		c.Log(err)
	}
	answered := map[trust.Registry]bool{}
	if !cut {
		for _, r := range round {
			answered[r] = false
		}
	}
	for _, s := range sights {
		answered[s.Registry] = s.seen()
		if c.schedule.has(s.Registry) {
			c.sights[s.Registry] = s
		}
	}
	if len(answered) > 0 {
		c.schedule.done(answered, now)
		c.fresh = true
	}
	if len(answered) > 0 || len(c.schedule.slots) == 0 && !cut {
		c.ended = now
	}
	if c.again {
		c.again = false
		c.schedule.now(now)
	}
}

// tell hands on what the person does not know yet, unless it is quiet: then it is
// told afterwards, if it is still so.
func (c *core) tell(now time.Time) {
	if !c.fresh && !c.held || c.burst(now) {
		return
	}
	c.fresh, c.held = false, false
	quiet := c.Settings.Quiet.covers(now)
	var events []Event
	changed := false
	for _, r := range c.schedule.regs() {
		s, ok := c.sights[r]
		if !ok {
			continue
		}
		news := c.Memory.news(s, now)
		if quiet {
			c.held = c.held || len(news) > 0
			continue
		}
		events = append(events, news...)
		changed = c.Memory.learn(s, now) || changed
	}
	if changed && c.Save != nil {
		if err := c.Save(c.Memory); err != nil {
			c.Log(err)
		}
	}
	if len(events) > 0 && c.Tell != nil {
		c.Tell(events)
	}
}

func (c *core) status() Status { return c.statusWith(false) }

func (c *core) statusWith(starting bool) Status {
	st := sum(c.sights, c.now())
	st.At, st.Total = c.ended, len(c.schedule.slots)
	st.Paused, st.Until = c.paused, c.until
	st.Checking = starting || c.cancel != nil
	if !c.paused {
		st.Next = c.schedule.next()
	}
	return st
}
