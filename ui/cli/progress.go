package cli

import (
	"io"

	"mooring.dev/mooring/platform"
)

// progress is one line on a terminal that says how far a job is; nothing at all
// elsewhere. It is used from one goroutine at a time.
type progress struct {
	out   io.Writer // nil: not a terminal
	shown bool
	width int
	a     *app
}

func (a *app) progress() *progress {
	p := &progress{a: a, width: a.std.Width}
	if a.std.ErrTTY {
		p.out = a.std.Err
	}
	return p
}

// show replaces the line.
func (p *progress) show(text string) {
	if p.out == nil {
		return
	}
	limit := p.width - 1
	if limit <= 0 {
		limit = 79
	}
	runes := []rune(text)
	for columns(string(runes)) > limit {
		runes = runes[:len(runes)-1]
	}
	_, _ = io.WriteString(p.out, "\r\x1b[K"+string(runes))
	p.shown = true
}

// clear takes the line away, before something else is written.
func (p *progress) clear() {
	if p.shown {
		_, _ = io.WriteString(p.out, "\r\x1b[K")
		p.shown = false
	}
}

// step shows a step of a job of the machine.
func (p *progress) step(s platform.Progress) {
	args := map[string]any{"done": s.Done, "total": s.Total}
	for k, v := range s.Args {
		args[k] = v
	}
	key := s.Step
	if !p.a.words.Has(key) {
		key = "cli.progress.step"
	}
	p.show(p.a.words.T(key, args))
}
