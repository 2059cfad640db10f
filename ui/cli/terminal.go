package cli

import (
	"context"
	"os"

	"golang.org/x/term"
)

// hiddenLine reads a line from a terminal that does not show it. When ctx ends
// before the person is done, the terminal is set back to how it was: it outlives
// this process.
func hiddenLine(f *os.File) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		fd := int(f.Fd())
		before, err := term.GetState(fd)
		if err != nil {
			return "", err
		}
		type answer struct {
			text []byte
			err  error
		}
		got := make(chan answer, 1)
		go func() {
			text, err := term.ReadPassword(fd)
			got <- answer{text, err}
		}()
		select {
		case <-ctx.Done():
			_ = term.Restore(fd, before) // nothing more can be done about it
			return "", ctx.Err()
		case r := <-got:
			return string(r.text), r.err
		}
	}
}
