package enginectl

import (
	"fmt"

	"mooring.dev/mooring/platform/change"
)

// Code says why an engine was not restarted, or is not known to be.
type Code string

// The codes. Each has a sentence under "error.restart-<code>".
const (
	NotOurs    Code = "not-ours"    // no entry of the table, or no service manager here: a person restarts it
	NotRunning Code = "not-running" // it reads everything anew when it starts
	NoRights   Code = "no-rights"   // the system or the person said no; nothing was stopped
	NoAgent    Code = "no-agent"    // nobody can be asked for rights here
	Failed     Code = "failed"      // the command failed
	Unchanged  Code = "unchanged"   // the command ended well and the process is the old one
	Silent     Code = "silent"      // it does not answer since
	Cancelled  Code = "cancelled"   // what was begun may still be under way
)

// Codes lists every code, for those who hold words for each.
func Codes() []Code {
	return []Code{NotOurs, NotRunning, NoRights, NoAgent, Failed, Unchanged, Silent, Cancelled}
}

// Error is an engine that was not restarted.
type Error struct {
	Code    Code
	Name    string // of the engine
	Command string // with which a person can do it, "" for none
	Detail  string // what the command or the service said
}

func (e *Error) Error() string {
	s := fmt.Sprintf("restart %s: %s", e.Name, e.Code)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Problem names the sentences of the error.
func (e *Error) Problem() (key string, args map[string]any) {
	return "restart-" + string(e.Code), map[string]any{"name": e.Name, "command": e.Command, "detail": e.Detail}
}

// Unwrap makes missing rights and a refusal those of every other change.
func (e *Error) Unwrap() error {
	switch e.Code {
	case NoRights:
		return change.ErrNoRights
	case NoAgent:
		return change.ErrNoAgent
	case Cancelled:
		return change.ErrCancelled
	}
	return nil
}
