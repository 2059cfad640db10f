package windowtest

import (
	"context"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
)

// watching is what the machine knows of its watcher.
type watching struct {
	// Watch is what the watcher last saw, and Watcher whether one runs.
	Watch   watch.Status
	Watcher bool

	autostart bool
}

// autostartFile is what starting with the session writes.
const autostartFile = "/home/alice/.config/autostart/dev.mooring.tray.desktop"

// SetWatcher starts or ends the watcher.
func (s *Service) SetWatcher(running bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Watcher = running
}

// WatchStatus implements platform.Watching.
func (s *Service) WatchStatus(ctx context.Context) (watch.Status, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Watch, s.Watcher, ctx.Err()
}

// WatchOnce implements platform.Watching.
func (s *Service) WatchOnce(ctx context.Context) (watch.Outcome, error) {
	s.called("watch once")
	s.mu.Lock()
	defer s.mu.Unlock()
	return watch.Outcome{Status: s.Watch}, ctx.Err()
}

// Autostart implements platform.Watching.
func (s *Service) Autostart(ctx context.Context) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.autostart, ctx.Err()
}

// PlanAutostart implements platform.Watching.
func (s *Service) PlanAutostart(_ context.Context, on bool) (trust.Plan, error) {
	s.called("plan autostart %v", on)
	c := trust.Change{Kind: trust.WriteFile, Path: autostartFile, Mode: 0o644, Status: trust.StatusNew}
	if !on {
		c.Kind, c.Status = trust.RemoveFile, trust.StatusRemoved
	}
	return trust.Plan{Schema: trust.PlanSchema, Action: "autostart", Reach: trust.ReachRegistry, Changes: []trust.Change{c}}, nil
}

// setAutostart carries a plan out.
func (s *Service) setAutostart(p trust.Plan) {
	if p.Action == "autostart" {
		s.autostart = p.Changes[0].Kind == trust.WriteFile
	}
}
