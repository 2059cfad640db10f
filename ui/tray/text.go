package tray

import (
	"strings"
	"time"

	"mooring.dev/mooring/platform/notify"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// maxListed bounds the events that one notification names.
const maxListed = 4

// args of a sentence.
type args = map[string]any

// stateLine is how all registries stand, in one line.
func stateLine(w *words.Words, s watch.Status) string {
	switch {
	case s.Paused && s.Until.IsZero():
		return w.T("tray.state.paused", nil)
	case s.Paused:
		return w.T("tray.state.paused-until", args{"time": s.Until.Local().Format("15:04")})
	case s.At.IsZero():
		return w.T("tray.state.first", nil)
	case s.Total == 0:
		return w.T("tray.state.none", nil)
	case len(s.Trouble) > 0:
		return w.N("tray.state.trouble", len(s.Trouble), nil)
	case s.Mood == watch.Offline:
		return w.T("tray.state.offline", nil)
	case s.Unreached > 0:
		return w.N("tray.state.unreached", s.Unreached, nil)
	default:
		return w.N("tray.state.good", s.Total, nil)
	}
}

// troubleLine is one registry with its reason and what a click does.
func troubleLine(w *words.Words, t watch.Trouble, now time.Time) string {
	return w.T("tray.trouble."+t.Action, args{"registry": words.ShortName(t.Registry), "reason": reason(w, t, now)})
}

func reason(w *words.Words, t watch.Trouble, now time.Time) string {
	if t.Ends == "" {
		return short(w, t.Reason, t.State)
	}
	key := "tray.reason." + string(t.Ends)
	if t.Ends != watch.EndServer && !t.Until.After(now) {
		key += "-ended"
	}
	return w.T(key, args{"date": w.Date(t.Until.Local())})
}

// short is why a registry is in a state, in few words.
func short(w *words.Words, c trust.Code, s trust.State) string {
	switch key := "window.short." + string(c); {
	case c == "":
		return w.State(s)
	case w.Has(key):
		return w.T(key, nil)
	default:
		return w.Reason(c)
	}
}

// noteOf is what the person is told: one event in full, several as a list. about is
// where a click leads.
func noteOf(w *words.Words, events []watch.Event) (n notify.Note, about watch.Trouble) {
	first := events[0]
	if len(events) == 1 {
		title, body := w.Event(first)
		return notify.Note{
			Key: first.Registry.String(), Title: title, Body: body,
			Open: w.T("notify.open."+first.Action, nil), Urgent: first.Kind == watch.NewlyUntrusted,
		}, watch.Trouble{Registry: first.Registry.String(), Action: first.Action}
	}
	n = notify.Note{Key: "several", Title: w.N("notify.several.title", len(events), nil), Open: w.T("notify.open.open", nil)}
	var lines []string
	for i, e := range events {
		n.Urgent = n.Urgent || e.Kind == watch.NewlyUntrusted
		if i < maxListed {
			line, _ := w.Event(e)
			lines = append(lines, line)
		}
	}
	if more := len(events) - maxListed; more > 0 {
		lines = append(lines, w.N("tray.more", more, nil))
	}
	n.Body = strings.Join(lines, "\n")
	return n, watch.Trouble{}
}
