package platform

import (
	"context"

	"mooring.dev/mooring/trust"
)

// Restarts is what the faces use of engine control. Nothing is restarted that the
// person did not ask for.
type Restarts interface {
	// RestartImpact says what carrying out r would stop.
	RestartImpact(ctx context.Context, r trust.Restart) (RestartImpact, error)
	// Restart carries it out and waits until the engine answers again.
	Restart(ctx context.Context, r trust.Restart, progress func(Progress)) error
}

// RestartImpact is what restarting an engine means at this moment.
type RestartImpact struct {
	Known bool // false: the engine could not be asked, and Why says why
	Why   string
	// Running is how many containers run now, Stops how many of them would stop: none
	// with live-restore, or where containers do not hang on the engine.
	Running, Stops int
	LiveRestore    bool
}
