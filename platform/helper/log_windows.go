package helper

import (
	"golang.org/x/sys/windows/svc/eventlog"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

// logger leaves an entry in the event log of Windows, under the source that the
// installer registers. Windows shows the line of a source that it does not know, too,
// with a remark that its words are missing.
type logger struct{ w *eventlog.Log }

// eventSource is Mooring's name in the event log.
const eventSource = "Mooring"

// Kinds of entry. Each has its number, by which an administrator filters.
const (
	eventDone    = 1
	eventRefused = 2
)

func openLog() logger {
	w, _ := eventlog.Open(eventSource)
	return logger{w}
}

func (l logger) note(args []string, r trust.Receipt, err *change.Error) {
	switch {
	case l.w == nil:
	case err != nil:
		_ = l.w.Warning(eventRefused, line(args, r, err.Error()))
	default:
		_ = l.w.Info(eventDone, line(args, r, string(r.State)))
	}
}

func (l logger) close() {
	if l.w != nil {
		_ = l.w.Close()
	}
}
