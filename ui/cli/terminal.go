package cli

import (
	"context"
	"io"
	"os"
	"strings"

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

// maxPassword bounds what is read as one: tokens of cloud registries take a few
// thousand bytes.
const maxPassword = 64 << 10

// readPassword reads standard input to its end, without the line's end that an
// editor or echo leaves, as docker login does.
func (a *app) readPassword() (string, error) {
	b, err := io.ReadAll(io.LimitReader(a.std.In, maxPassword+1))
	if err == nil && len(b) > maxPassword {
		err = failed{key: "password-long"}
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), err
}

// askHidden puts a question whose answer is not shown.
func (a *app) askHidden(question string) (string, error) {
	if a.std.Hidden == nil {
		return a.ask(question)
	}
	out, _ := a.people()
	if _, err := io.WriteString(out, question+" "); err != nil {
		return "", err
	}
	text, err := a.std.Hidden(a.ctx)
	line(out, "")
	return text, err
}
