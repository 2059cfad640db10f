// Package notify shows notifications: through the desktop's service on Linux, by a
// command of the system on macOS and Windows. What cannot be shown is an error for
// the log, and nothing else: the tray's picture says it too.
package notify

import (
	"context"
	"errors"
	"time"

	"mooring.dev/mooring/platform/world"
)

// Note is one notification, in the person's language. Its texts are plain, and
// safe to be shown as such (package safe); no service's markup is in them.
type Note struct {
	// Key names what it is about: a later note of the same key takes its place.
	Key         string
	Title, Body string
	// Open is the label of the button that acts on it; a click on the note itself
	// does the same. Without it, or where the system knows no buttons, there is none.
	Open   string
	Urgent bool // stays until it is seen, where the system knows such
}

// Notifier shows notes.
type Notifier interface {
	Notify(ctx context.Context, n Note) error
	// Close ends it; what is shown stays.
	Close() error
}

// ErrNone says that this session has nothing that shows notifications.
var ErrNone = errors.New("this session shows no notifications")

// showLimit bounds the wait for a service or a command.
const showLimit = 5 * time.Second

// New returns the notifier of w's system. acted is called, on a goroutine of its
// own, with the key of a note whose button was pressed.
func New(w world.World, acted func(key string)) Notifier {
	switch w.OS {
	case "darwin", "windows":
		return command{w}
	default:
		return &desktop{w: w, acted: acted, shown: map[string]uint32{}}
	}
}
