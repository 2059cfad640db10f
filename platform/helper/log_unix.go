//go:build unix

package helper

import (
	"log/syslog"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

// logger leaves a line in the system's log, if there is one. polkit or sudo log
// who asked.
type logger struct{ w *syslog.Writer }

func openLog() logger {
	w, _ := syslog.New(syslog.LOG_NOTICE|syslog.LOG_AUTHPRIV, Name)
	return logger{w}
}

func (l logger) note(args []string, r trust.Receipt, err *change.Error) {
	if l.w == nil {
		return
	}
	outcome := string(r.State)
	if err != nil {
		outcome = err.Error()
	}
	_ = l.w.Notice(line(args, r, outcome))
}

func (l logger) close() {
	if l.w != nil {
		_ = l.w.Close()
	}
}
