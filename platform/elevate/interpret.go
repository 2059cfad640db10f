package elevate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// asker is the program that asks the person.
type asker string

const (
	byPkexec asker = "pkexec"
	bySudo   asker = "sudo"
)

// interpret tells what came of it. Where the helper replied, its word counts.
// Where it did not, the asker's status says that it was not started; everything
// else is pending, for nobody knows.
func (by asker) interpret(res world.Result, err error, cancelled bool) (trust.Receipt, error) {
	if r, ok := parseReply(res.Stdout); ok {
		if r.Error != nil {
			return receiptOf(r), r.Error
		}
		return receiptOf(r), nil
	}
	if err != nil {
		return trust.Receipt{}, by.broken(err, cancelled)
	}
	if by == bySudo {
		return trust.Receipt{}, refusedBySudo(res)
	}
	return trust.Receipt{}, refusedByPkexec(res)
}

func parseReply(stdout []byte) (helper.Reply, bool) {
	var r helper.Reply
	err := json.NewDecoder(bytes.NewReader(stdout)).Decode(&r)
	return r, err == nil && r.Schema == helper.ReplySchema && (r.Receipt != nil || r.Error != nil)
}

func receiptOf(r helper.Reply) trust.Receipt {
	if r.Receipt == nil {
		return trust.Receipt{}
	}
	return *r.Receipt
}

// broken: the asker could not be started, or was stopped. An ordinary user's
// signal reaches pkexec only as long as it has not become root: one that we could
// kill has started nothing.
func (by asker) broken(err error, cancelled bool) error {
	var start *exec.Error
	var killed *exec.ExitError
	switch {
	case errors.As(err, &start):
		return change.Refuse(change.ErrNoElevation, "", "%v", err)
	case cancelled && by == byPkexec && errors.As(err, &killed), errors.Is(err, context.Canceled):
		return change.Refuse(change.ErrCancelled, "", "")
	}
	return change.Refuse(change.ErrPending, "", "%v", err)
}

// refusedByPkexec reads pkexec's exit status (its manual: 126 for a dismissed
// prompt, 127 for no authorization and for its own errors) and its English text,
// which is not translated.
func refusedByPkexec(res world.Result) error {
	text := oneLine(res.Stderr)
	has := func(s string) bool { return strings.Contains(text, s) }
	switch {
	case res.Code == 126 && (has("dismissed") || text == ""):
		return change.Refuse(change.ErrRefusedByPerson, "", "")
	case res.Code != 126 && res.Code != 127:
		return change.Refuse(change.ErrPending, "", "exit status %d: %s", res.Code, text)
	case has("No authentication agent found"), has("textual authentication agent"):
		return change.Refuse(change.ErrNoAgent, "", "%s", text)
	case has("Not authorized"):
		return change.Refuse(change.ErrNoRights, "", "%s", text)
	case has("Error getting authority"), has("Could not connect"), has("must be setuid root"):
		return change.Refuse(change.ErrNoElevation, "", "%s", text)
	}
	return change.Refuse(change.ErrNoRights, "", "%s", text)
}

// refusedBySudo: sudo exits 1 when it does not start the command, and the helper
// never exits 1 without a reply.
func refusedBySudo(res world.Result) error {
	text := oneLine(res.Stderr)
	switch {
	case res.Code == 1 && strings.Contains(text, "password"):
		return change.Refuse(change.ErrRefusedByPerson, "", "%s", text)
	case res.Code == 1:
		return change.Refuse(change.ErrNoRights, "", "%s", text)
	}
	return change.Refuse(change.ErrPending, "", "exit status %d: %s", res.Code, text)
}

// oneLine joins a program's lines: it is shown within a sentence.
func oneLine(b []byte) string { return strings.Join(strings.Fields(string(b)), " ") }
