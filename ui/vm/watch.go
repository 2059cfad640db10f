package vm

import (
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Watch is what is known of the watcher.
type Watch struct {
	Status    watch.Status
	Running   bool
	Autostart bool
}

// WatchPage is the watcher's settings: how it stands, what it saw, and whether it
// starts with the session.
type WatchPage struct {
	State    Remark
	Last     string // the last round, "" before the first
	Trouble  []Row
	CanStart bool
	Starts   bool
}

// WatchPage returns the page for what is known.
func (t Teller) WatchPage(s Watch) WatchPage {
	p := WatchPage{State: t.watchState(s), Starts: s.Autostart, CanStart: !s.Running}
	if s.Status.At.IsZero() {
		return p
	}
	p.Last = t.count("watch.last", s.Status.Total, args{"moment": t.W.Moment(s.Status.At)})
	for i, trouble := range s.Status.Trouble {
		if i == maxTrouble {
			more := len(s.Status.Trouble) - maxTrouble
			p.Trouble = append(p.Trouble, Row{ID: "watch:more", Mark: MarkUnknown, Title: t.count("watch.more", more, nil)})
			break
		}
		p.Trouble = append(p.Trouble, t.trouble(trouble))
	}
	return p
}

// maxTrouble bounds the registries that are listed; the window's own list has all.
const maxTrouble = 5

func (t Teller) watchState(s Watch) Remark {
	switch {
	case !s.Running:
		return Remark{MarkUnknown, t.say("watch.stopped", nil)}
	case s.Status.Paused:
		return Remark{MarkUnknown, t.say("watch.paused", nil)}
	case s.Status.At.IsZero():
		return Remark{MarkChecking, t.say("watch.running-new", nil)}
	case s.Status.Next.IsZero():
		return Remark{MarkTrusted, t.say("watch.running", nil)}
	default:
		return Remark{MarkTrusted, t.say("watch.running-next", args{"moment": t.W.Moment(s.Status.Next)})}
	}
}

func (t Teller) trouble(x watch.Trouble) Row {
	row := Row{
		ID: "watch:" + x.Registry, Mark: markOf(x.State), Title: safe.Line(x.Registry),
		Reason: firstOf(t.short(x.Reason), t.W.State(x.State)),
	}
	if x.State == trust.Trusted {
		row.Mark = MarkAttention
	}
	if !x.Until.IsZero() {
		row.Reason = t.say("watch.until", args{"reason": row.Reason, "left": t.left(x.Until.Sub(t.Now()))})
	}
	return row
}
