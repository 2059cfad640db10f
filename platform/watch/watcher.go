package watch

import (
	"context"
	"math/rand/v2"
	"time"

	"mooring.dev/mooring/trust"
)

// Looker is what the watcher needs of a machine.
type Looker interface {
	// Watched lists the registries to be watched; beside an error it lists what is
	// known all the same.
	Watched(ctx context.Context) ([]trust.Registry, error)
	// Look looks at registries and calls each with what it saw, from one goroutine
	// at a time.
	Look(ctx context.Context, regs []trust.Registry, each func(Sight)) error
}

// Config is what a watcher is made of. Its functions are called by the watcher's
// goroutine and must not block.
type Config struct {
	Looker   Looker
	Settings Settings
	Memory   *Memory             // nil: nothing is known
	Save     func(*Memory) error // before anything is told; nil: nothing is kept
	Tell     func([]Event)       // all that is new at one moment
	Publish  func(Status)        // whenever it is another
	Log      func(error)         // what went wrong and keeps nobody from going on
	Random   func() float64      // in [0,1); nil: a random one
	Now      func() time.Time    // nil: time.Now
}

// Watcher is the loop around schedule, memory and status. Make one with [New].
type Watcher struct {
	core     core
	commands chan func()
	ended    chan struct{}
}

// New returns a watcher that does nothing before [Watcher.Run].
func New(c Config) *Watcher {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
	if c.Memory == nil {
		c.Memory = NewMemory()
	}
	if c.Settings.Every == 0 {
		c.Settings = Defaults()
	}
	if c.Log == nil {
		c.Log = func(error) {}
	}
	return &Watcher{
		core: core{
			Config: c, schedule: newSchedule(c.Settings.Every, c.Random), sights: map[trust.Registry]Sight{},
		},
		commands: make(chan func()), ended: make(chan struct{}),
	}
}

// roundLimit bounds a round: a machine that went to sleep in the middle of one
// begins another.
const roundLimit = 5 * time.Minute

// Run watches until ctx ends, and returns when nothing of it is left.
func (w *Watcher) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	stop := func() {}
	defer func() {
		timer.Stop()
		close(w.ended) // a round that wants to hand in what it saw goes on
		stop()
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-w.commands:
			f()
		case <-timer.C:
		}
		if w.core.step() {
			stop = w.begin(ctx)
		}
		timer.Reset(max(0, w.core.next().Sub(w.core.now())))
	}
}

// begin starts a round; stop ends it and waits for its end.
func (w *Watcher) begin(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithTimeout(ctx, roundLimit)
	w.core.cancel = cancel
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer cancel()
		w.round(ctx)
	}()
	return func() {
		cancel()
		<-gone
	}
}

func (w *Watcher) round(ctx context.Context) {
	regs, err := w.core.Looker.Watched(ctx)
	var round []trust.Registry
	if !w.do(func() { round = w.core.listed(regs, err) }) {
		return
	}
	var sights []Sight
	if len(round) > 0 {
		err = w.core.Looker.Look(ctx, round, func(s Sight) { sights = append(sights, s) })
	}
	cut := ctx.Err() != nil
	w.do(func() { w.core.finished(round, sights, cut, err) })
}

// do runs f on the loop's goroutine and reports whether it did.
func (w *Watcher) do(f func()) bool {
	done := make(chan struct{})
	select {
	case w.commands <- func() { f(); close(done) }:
		<-done
		return true
	case <-w.ended:
		return false
	}
}

// CheckNow has everything looked at now, paused or not.
func (w *Watcher) CheckNow() { w.do(w.core.ask) }

// Hint says that the machine woke up or that its network is another.
func (w *Watcher) Hint() { w.do(w.core.hint) }

// Pause stops looking for a time, or with 0 until it is resumed. A round under way
// is cut short.
func (w *Watcher) Pause(d time.Duration) { w.do(func() { w.core.pause(d) }) }

// Resume looks again, at everything that became due meanwhile.
func (w *Watcher) Resume() { w.do(w.core.resume) }

// Status is how all registries stand together now.
func (w *Watcher) Status() (s Status) {
	w.do(func() { s = w.core.status() })
	return s
}
