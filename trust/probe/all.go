package probe

import (
	"context"
	"sync"

	"mooring.dev/mooring/trust"
)

// All probes regs, several at once, and calls each with every probe as it comes,
// from the caller's goroutine. It returns when all are in or ctx is done; what
// was not finished by then is dropped.
func (p *Prober) All(ctx context.Context, regs []trust.Registry, each func(trust.Probe)) {
	// Room for all, so that a slow caller holds up no probe and its timeout.
	done := make(chan trust.Probe, len(regs))
	c := crew{visitor: p.visitor(), limiter: newLimiter(p.Jobs), jobs: make(chan job), done: done}
	go c.probe(ctx, regs)
	for probe := range done {
		if ctx.Err() == nil {
			each(probe)
		}
	}
}

// crew is the goroutines of one All. They are reused, for a handshake makes a
// goroutine's stack grow.
type crew struct {
	visitor visitor
	limiter *limiter
	jobs    chan job
	done    chan<- trust.Probe
	wg      sync.WaitGroup
}

type job struct {
	reg  trust.Registry
	slot *slot
}

func (c *crew) probe(ctx context.Context, regs []trust.Registry) {
	for _, reg := range regs {
		s, ok := c.limiter.admit(ctx)
		if !ok {
			break
		}
		select {
		case c.jobs <- job{reg, s}:
		default:
			c.wg.Go(func() { c.work(ctx, job{reg, s}) })
		}
	}
	close(c.jobs)
	c.wg.Wait()
	close(c.done)
}

func (c *crew) work(ctx context.Context, j job) {
	for ok := true; ok; j, ok = <-c.jobs {
		v := c.visitor
		v.slot = j.slot
		probe := v.registry(ctx, j.reg)
		j.slot.free()
		if ctx.Err() == nil {
			c.done <- probe
		}
	}
}
