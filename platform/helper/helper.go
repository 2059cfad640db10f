// Package helper is the privileged side: a process that carries out one plan as
// root and is gone. Everything it is given comes from an enemy: the plan is
// re-parsed and re-validated, bounded, and held against the action that the
// person was asked for. It takes no environment, no path and no file name from
// its caller.
//
// It is started as
//
//	mooring-helper-registry apply HASH ID   < plan
//	mooring-helper-registry undo ID
//	mooring-helper-registry recover ID
//
// and as mooring-helper-computer: one program, installed under a name for each
// action. polkit and sudo tell the two apart by the path of what they start, and
// the program by the path of the file that it is, so what the person was asked is
// what is checked. (The first argument would not do: pkexec looks at it from
// polkit 0.107 on, and Debian 11 and Ubuntu 22.04 have 0.105.) HASH is the plan's
// SHA-256; ID names the receipt that both halves of a plan share.
//
// What UAC or osascript starts gets no input. There the same arguments follow
//
//	mooring-helper-registry over NAME PID apply HASH ID
//
// and plan and reply are handed over to the process PID at the place NAME (package
// handover). The helper begins with nothing before that process has told it to.
package helper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/handover"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Name is the helper's in the system's log, and how the names of its files begin.
const Name = "mooring-helper"

// Is reports whether a program started as argv0 is the helper.
func Is(argv0 string) bool { return actionOf(argv0) != "" }

// Action is what the person was asked for, by polkit or sudo.
type Action string

// The two actions.
const (
	TrustRegistry Action = "trust-registry"
	TrustComputer Action = "trust-computer"
)

// ActionFor is the action under which a plan of this reach runs.
func ActionFor(r trust.Reach) Action {
	if r == trust.ReachComputer {
		return TrustComputer
	}
	return TrustRegistry
}

// File is the name under which the helper is installed for a; on Windows ".exe"
// follows.
func (a Action) File() string { return Name + strings.TrimPrefix(string(a), "trust") }

// actionOf is the action for which the helper is installed at path; "" for what is
// no helper.
func actionOf(path string) Action {
	name := filepath.Base(path)
	if runtime.GOOS == "windows" {
		name = strings.TrimSuffix(strings.ToLower(name), ".exe")
	}
	for _, a := range []Action{TrustRegistry, TrustComputer} {
		if name == a.File() {
			return a
		}
	}
	return ""
}

// Reach is what an action permits; "" for what is no action.
func (a Action) Reach() trust.Reach {
	switch a {
	case TrustRegistry:
		return trust.ReachRegistry
	case TrustComputer:
		return trust.ReachComputer
	}
	return ""
}

// Reply is what the helper writes on its standard output, in any case.
type Reply struct {
	Schema  int            `json:"schema"`
	Receipt *trust.Receipt `json:"receipt,omitempty"`
	Error   *change.Error  `json:"error,omitempty"`
}

// ReplySchema is the version of [Reply].
const ReplySchema = 1

// The exit statuses. pkexec has 126 and 127 for itself.
const (
	exitDone     = 0
	exitRefused  = 1
	exitUsage    = 2
	exitStranger = 3 // nobody was there to hand anything over: nothing was begun
)

// limit bounds the whole run; rebuilding a store takes seconds.
const limit = 5 * time.Minute

// Main is the helper: arguments without the program's name, plan on in, one
// [Reply] on out. It returns the exit status.
func Main(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	self, err := harden()
	p, perr := systemPlaces(runtime.GOOS)
	s := server{
		world:  world.World{OS: runtime.GOOS, FS: world.Disk{}, Run: world.Exec{}, Now: time.Now},
		places: p, guard: guardHere,
	}
	log := openLog()
	defer log.close()
	run := func(args []string, in io.Reader, out io.Writer) int {
		args = append([]string{string(actionOf(self))}, args...)
		if err := errors.Join(err, perr); err != nil {
			return reply(out, errw, log, args, trust.Receipt{}, err)
		}
		r, err := s.serve(ctx, args, in)
		return reply(out, errw, log, args, r, err)
	}
	if len(args) > 2 && args[0] == HandedOver {
		return over(ctx, args[1], args[2], args[3:], errw, run)
	}
	return run(args, in, out)
}

// HandedOver is the verb in front of the others where plan and reply are handed over.
const HandedOver = "over"

// over takes plan and reply to the process that listens, and runs what is asked once
// that process has sent what it has to send: for want of a plan an empty message.
func over(ctx context.Context, name, pid string, args []string, errw io.Writer, run func([]string, io.Reader, io.Writer) int) int {
	wait, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	number, err := strconv.Atoi(pid)
	if err != nil {
		return exitUsage
	}
	c, err := handover.Dial(wait, name, number)
	if err != nil {
		fmt.Fprintln(errw, "mooring-helper:", err)
		return exitStranger
	}
	defer c.Close()
	plan, err := c.Receive(wait, MaxPlan+1) // what is longer than allowed is refused with a word
	if err != nil {
		fmt.Fprintln(errw, "mooring-helper:", err)
		return exitStranger
	}
	var answer bytes.Buffer
	status := run(args, bytes.NewReader(plan), &answer)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := c.Send(last, answer.Bytes()); err != nil {
		fmt.Fprintln(errw, "mooring-helper: reply:", err) // the caller will ask by the id
	}
	return status
}

func reply(out, errw io.Writer, log logger, args []string, r trust.Receipt, err error) int {
	answer, status := Reply{Schema: ReplySchema}, exitDone
	if r.ID != "" {
		answer.Receipt = &r
	}
	if err != nil {
		answer.Error, status = change.As(err), exitRefused
		if errors.Is(err, errUsage) {
			status = exitUsage
		}
	}
	log.note(args, r, answer.Error)
	if err := json.NewEncoder(out).Encode(answer); err != nil {
		fmt.Fprintln(errw, "mooring-helper: reply:", err) // the caller will ask by the id
	}
	return status
}
