package watch

import (
	"context"
	"errors"
	"time"

	"mooring.dev/mooring/trust"
)

// Outcome is what one look at everything brought.
type Outcome struct {
	Status Status
	Events []Event
}

// Once looks at everything once. m then holds what is new as known. With a list
// that could not be read as a whole the outcome is what there is all the same,
// beside the error; without any look its status has no time.
func Once(ctx context.Context, l Looker, m *Memory, now func() time.Time) (Outcome, error) {
	regs, listed := l.Watched(ctx)
	sights := map[trust.Registry]Sight{}
	err := l.Look(ctx, regs, func(s Sight) { sights[s.Registry] = s })
	if err != nil {
		return Outcome{}, errors.Join(listed, err)
	}
	at := now()
	out := Outcome{Status: sum(sights, at), Events: []Event{}}
	out.Status.At, out.Status.Total = at, len(regs)
	watched := map[trust.Registry]bool{}
	for _, r := range regs {
		watched[r] = true
		if s, ok := sights[r]; ok {
			out.Events = append(out.Events, m.news(s, at)...)
			m.learn(s, at)
		}
	}
	if listed == nil {
		m.keep(func(r trust.Registry) bool { return watched[r] })
	}
	return out, listed
}
