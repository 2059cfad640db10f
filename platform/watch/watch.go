// Package watch checks every registry again and again, at a pace that spares
// servers and batteries, and says what changed. It draws nothing.
//
// Three parts know nothing of clocks and goroutines and are tested as tables: the
// schedule (when is which registry looked at), the memory (what does the person
// know already) and the status (how do all of them stand together). [Watcher] is
// the loop around them.
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

// Moods lists all of them.
func Moods() []Mood { return []Mood{Good, Attention, Broken, Offline} }

// Status is what the watcher last saw, as it stands in its state file and as the
// window shows it.
type Status struct {
	At        time.Time `json:"at"` // of the last round that ended; zero before the first
	Next      time.Time `json:"next"`
	Mood      Mood      `json:"mood"`
	Paused    bool      `json:"paused"`
	Until     time.Time `json:"until"`     // of the pause; zero: until it is resumed
	Checking  bool      `json:"checking"`  // a round is under way
	Trouble   []Trouble `json:"trouble"`   // registries that need attention, worst first
	Total     int       `json:"total"`     // registries that are watched
	Unreached int       `json:"unreached"` // of these, those that did not answer
}

// Trouble is one registry that needs attention, with why and what helps.
type Trouble struct {
	Registry string      `json:"registry"`
	State    trust.State `json:"state"`
	Reason   trust.Code  `json:"reason"`
	Until    time.Time   `json:"until"` // what ends then, zero for nothing
	// Ends is what Until is about.
	Ends   EndKind `json:"ends,omitempty"`
	Action string  `json:"action"` // one of the Act… constants
}

// What helps: the pages that a click opens.
const (
	ActTrust  = "trust"
	ActSignIn = "sign-in"
	ActOpen   = "open"
)
