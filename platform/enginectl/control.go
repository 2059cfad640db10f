package enginectl

import (
	"context"
	"errors"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Bounds of one restart. Docker gives each container ten seconds to stop, and
// systemd a unit a minute and a half.
const (
	maxRun  = 5 * time.Minute
	maxWait = 2 * time.Minute
	// maxOld is how long an engine may go on answering as the old process after the
	// command has ended.
	maxOld  = 10 * time.Second
	look    = 250 * time.Millisecond
	maxLook = 5 * time.Second // of a command that only looks
)

// Control restarts the engines of one machine.
type Control struct {
	World world.World
	// Terminal: the person is at one, where systemctl and sudo can ask for rights.
	Terminal bool

	services func() (services, error) // of Windows
	see      func(context.Context, trust.Engine) sight
	wait     patience
}

type patience struct{ answer, old time.Duration }

// New returns the control of w.
func New(w world.World, terminal bool) Control {
	c := Control{World: w, Terminal: terminal, services: openServices, wait: patience{maxWait, maxOld}}
	c.see = c.sight
	return c
}

// Stage is how far a restart is.
type Stage string

// The stages.
const (
	Restarting Stage = "restart"
	Waiting    Stage = "restart-wait" // until it answers again
)

// Restart carries out r and returns when the engine answers again, as another
// process where that can be seen. Of r the engine counts, never its command. Errors
// are [Error]s.
func (c Control) Restart(ctx context.Context, r trust.Restart, tell func(Stage)) error {
	en, ok := table[r.Engine]
	if !ok || !c.World.Live() {
		return &Error{Code: NotOurs, Name: r.Name, Command: r.Command}
	}
	y := wayFor(c.World, r.Engine, r.Reload)
	fail := func(code Code, detail string) error {
		return &Error{Code: code, Name: en.name, Command: y.shown(), Detail: clip(detail)}
	}
	if y.guessed {
		return fail(NotOurs, "")
	}
	before := c.see(ctx, r.Engine)
	if before.stopped() {
		return fail(NotRunning, "")
	}
	tell(Restarting)
	late, err := c.carryOut(ctx, y)
	if err != nil {
		return c.explain(ctx, en, y, err)
	}
	tell(Waiting)
	code := c.await(ctx, r, before, late)
	switch {
	case code == "":
		return nil
	case ctx.Err() != nil:
		return fail(Cancelled, "")
	}
	return fail(code, c.lastWord(ctx, en))
}

// carryOut runs a way. It is late when that ends before the engine has stopped.
func (c Control) carryOut(ctx context.Context, y way) (late bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, maxRun)
	defer cancel()
	if y.windows != "" {
		return false, c.cycle(ctx, y.windows)
	}
	steps := y.steps
	if y.instead != nil && c.run(ctx, way{}, y.probe) != nil {
		steps, late = y.instead, true
	}
	for _, argv := range steps {
		if err := c.run(ctx, y, argv); err != nil {
			return late, err
		}
	}
	return late, nil
}

// explain puts why a way failed into an Error; where a service was to start and did
// not, its own last words say more than the manager's.
func (c Control) explain(ctx context.Context, en entry, y way, err error) error {
	var known *Error
	if !errors.As(err, &known) {
		known = &Error{Code: Failed, Detail: err.Error()}
	}
	e := *known
	e.Name, e.Command = en.name, y.shown()
	switch {
	case ctx.Err() != nil:
		e.Code, e.Detail = Cancelled, ""
	case e.Code == Failed:
		if word := c.lastWord(ctx, en); word != "" {
			e.Detail = word
		}
	}
	e.Detail = clip(e.Detail)
	return &e
}

// await waits until an engine answers as another than before. It is "" then, else
// why not.
func (c Control) await(ctx context.Context, r trust.Restart, before sight, late bool) Code {
	ctx, cancel := context.WithTimeout(ctx, c.wait.answer)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	// Its own command is all there is to go by where nothing can be asked, and
	// where nothing tells the new one from the old.
	settled := r.Reload || !late && len(before.marks) == 0
	began, silent := time.Now(), false
	for {
		now := c.see(ctx, r.Engine)
		switch {
		case before.unseen == whyUnasked:
			return ""
		case !now.answers:
			silent = true
		case settled, now.differs(before), silent && len(before.marks) == 0:
			return ""
		case time.Since(began) > c.wait.old:
			return Unchanged
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return Silent
		}
	}
}

// Here lists the engines of the table that run on this machine, as they are
// restarted.
func (c Control) Here(ctx context.Context) []trust.Restart {
	var out []trust.Restart
	for _, e := range Engines() {
		if !c.World.Live() || table[e].dozes || c.see(ctx, e).stopped() {
			continue
		}
		out = append(out, Of(c.World, e, false))
	}
	return out
}

// Started is when an engine was started, zero when that cannot be seen; running is
// false where it does not run.
func (c Control) Started(ctx context.Context, e trust.Engine) (at time.Time, running bool) {
	if _, ok := table[e]; !ok || !c.World.Live() {
		return time.Time{}, false
	}
	s := c.see(ctx, e)
	return s.started, !s.stopped()
}
