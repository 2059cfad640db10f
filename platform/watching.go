package platform

import (
	"context"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
)

// Watching is what the window and the command line use of the watcher.
type Watching interface {
	// WatchStatus is what the watcher last saw; running says whether one runs now.
	WatchStatus(ctx context.Context) (s watch.Status, running bool, err error)
	// Autostart reports whether the watcher starts with the person's session.
	Autostart(ctx context.Context) (bool, error)
	// PlanAutostart plans to have it start with the session, or no longer.
	PlanAutostart(ctx context.Context, on bool) (trust.Plan, error)
}
