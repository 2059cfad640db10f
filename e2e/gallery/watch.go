//go:build e2e

package main

import (
	"context"
	"time"

	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/window"
	"mooring.dev/mooring/ui/window/windowtest"
)

// watcher returns what opens the watcher's settings in a state; nil for others.
func watcher(state string, o *window.Options, s *windowtest.Service) func() {
	switch state {
	case "watch":
		now := time.Now()
		s.Watcher = true
		s.Watch = watch.Status{
			At: now.Add(-3 * time.Minute), Next: now.Add(57 * time.Minute), Mood: watch.Broken, Total: 14,
			Trouble: []watch.Trouble{
				{Registry: "registry.corp.example:5000", State: trust.Refused, Reason: trust.UnknownAuthority},
				{Registry: "harbor.lab.example", State: trust.Trusted, Reason: trust.ExpiresSoon, Until: now.Add(150 * time.Hour)},
				{Registry: "insecure.lab.example:5000", State: trust.Insecure, Reason: trust.InsecureRegistry},
			},
		}
	case "watch-stopped":
		o.StartWatcher = func(context.Context) error { return nil }
	default:
		return nil
	}
	var w *window.Window
	o.Shown = func(shown *window.Window) { w = shown }
	return func() { w.OpenWatch() }
}
