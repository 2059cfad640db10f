// Package watch checks every registry again and again, at a pace that spares
// servers and batteries, and says what changed. It draws nothing.
package watch

import (
	"time"

	"mooring.dev/mooring/trust"
)

// Mood is how all registries stand together: the tray's four pictures.
type Mood string

// The moods, best first. Offline is also the mood before the first check.
const (
	Good      Mood = "good"
	Attention Mood = "attention"
	Broken    Mood = "broken"
	Offline   Mood = "offline"
)

// Status is what the watcher last saw, as it stands in its state file and as the
// window shows it.
type Status struct {
	At      time.Time // of the last round that ended; zero before the first
	Next    time.Time
	Mood    Mood
	Paused  bool
	Trouble []Trouble // registries that need attention, worst first
	Total   int
}

// Trouble is one registry that needs attention, with why and what helps.
type Trouble struct {
	Registry string
	State    trust.State
	Reason   trust.Code
	Until    time.Time // what ends then, zero for nothing
	Action   string    // "trust", "sign-in", "open"
}
