//go:build !nogui

package window

import (
	"context"

	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/words"
)

// Options is what the program gives the window beside the machine.
type Options struct {
	Words *words.Words // nil: those of Lang
	Lang  string       // "" for the language of the environment
	// Sandbox: the machine is the tour's, and the window says so.
	Sandbox bool
	// Tour opens the sandboxed tour; nil leaves it out.
	Tour func(ctx context.Context) error
	// OpenFolder shows the place of a path to the person, which may not exist; nil
	// leaves the buttons out.
	OpenFolder func(ctx context.Context, path string) error
	// Select is the registry to show first, "" for the one that needs it most.
	Select string
	// StartWatcher starts the watcher as a process of its own; nil where there is none.
	StartWatcher func(ctx context.Context) error
	// Claims are what a link or project file asks for, to be shown first; Refused is
	// why one was not opened.
	Claims  []link.Claim
	Refused error
	// File is a file of certificates to be shown first; nil for none.
	File *File
	// CapsLock asks the system whether Caps Lock is on, without blocking; nil where it
	// cannot be asked.
	CapsLock func() (on, known bool)
	// Attach is called, once the window is on the screen, with what does what later
	// starts ask for; it may be called from any goroutine. nil: nobody asks.
	Attach func(handle func(instance.Request) error)
	// Shown is called on the UI goroutine once the window is on the screen.
	Shown func(*Window)
}

// File is a file as it was read; of one that is larger than any bundle of certificates
// the beginning will do.
type File struct {
	Path string
	Data []byte
}
