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
	v := p.visitor()
	v.lanes = newLanes(p.Jobs)
	c := crew{visitor: v, jobs: make(chan trust.Registry), done: done}
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
	visitor
	jobs chan trust.Registry
	done chan<- trust.Probe
	wg   sync.WaitGroup
}

func (c *crew) probe(ctx context.Context, regs []trust.Registry) {
	for _, reg := range regs {
		if !c.lanes.enter(ctx) {
			break
		}
		select {
		case c.jobs <- reg:
		default:
			c.wg.Go(func() { c.work(ctx, reg) })
		}
	}
	close(c.jobs)
	c.wg.Wait()
	close(c.done)
}

func (c *crew) work(ctx context.Context, reg trust.Registry) {
	for more := true; more; reg, more = <-c.jobs {
		probe := c.registry(ctx, reg)
		c.lanes.leave()
		if ctx.Err() == nil {
			c.done <- probe
		}
	}
}
