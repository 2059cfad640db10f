package autostart

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Windows starts what stands under this key with the session ("Run and RunOnce
// Registry Keys", learn.microsoft.com). It is the person's own hive: no rights are
// needed.
const (
	runKey   = `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`
	runValue = "Mooring"
)

// The entries of the command table. Where there was a value, its kind and text
// follow, as in "autostart-set replacing REG_SZ C:\\other.exe": the journal keeps it
// for the undo, which brings it back.
const (
	commandSet   = "autostart-set"
	commandClear = "autostart-clear"
	replacing    = " replacing "
)

// runEntry is a value under the key: what it is, and its kind, which is REG_SZ or
// REG_EXPAND_SZ. The zero value is none.
type runEntry struct{ kind, text string }

// command is an entry of the table for a change made where there was e.
func (e runEntry) command(key string) string {
	if e == (runEntry{}) {
		return key
	}
	return key + replacing + e.kind + " " + e.text
}

// commandOf takes apart what command made; ok is false for another table's entry.
func commandOf(command string) (key string, former runEntry, ok bool) {
	key, rest, replaced := strings.Cut(command, replacing)
	if key != commandSet && key != commandClear {
		return "", runEntry{}, false
	}
	if replaced {
		former.kind, former.text, ok = strings.Cut(rest, " ")
		return key, former, ok && slices.Contains(runKinds, former.kind)
	}
	return key, former, true
}

// runKinds are the kinds of value that Windows starts.
var runKinds = []string{"REG_SZ", "REG_EXPAND_SZ"}

func regexe(w world.World) string {
	if root := w.Getenv("SystemRoot"); root != "" {
		return w.Join(root, "System32", "reg.exe")
	}
	return "reg.exe"
}

// queryRun returns the value that is there, if one is.
func queryRun(w world.World) (runEntry, error) {
	if !w.Live() {
		return runEntry{}, &Error{Key: "autostart-hive", Path: runKey}
	}
	res, err := w.Run.Run(context.Background(), world.Command{Argv: []string{regexe(w), "query", runKey, "/v", runValue}})
	if err != nil {
		return runEntry{}, err
	}
	if res.Code != 0 {
		return runEntry{}, nil // reg says 1 for a value that is not there
	}
	for line := range strings.Lines(string(res.Stdout)) {
		rest, named := strings.CutPrefix(strings.TrimSpace(line), runValue+" ")
		kind, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
		switch {
		case !named:
		case slices.Contains(runKinds, kind):
			return runEntry{kind, strings.TrimSpace(text)}, nil
		default: // a number or a list, which nothing starts and nobody could bring back
			return runEntry{}, &Error{Key: "autostart-no-text", Path: runKey + `\` + runValue}
		}
	}
	return runEntry{}, nil
}

// value is the command line that Windows runs. A path there holds no quote.
func (e Entry) value() runEntry { return runEntry{"REG_SZ", `"` + e.Program + `" tray`} }

func (e Entry) planValue(on bool) (trust.Change, error) {
	if strings.ContainsFunc(e.Program, func(r rune) bool { return r < ' ' || r == '"' }) || e.Program == "" {
		return trust.Change{}, &Error{Key: "autostart-program", Path: fmt.Sprintf("%q", e.Program)}
	}
	now, err := queryRun(e.World)
	switch {
	case err != nil:
		return trust.Change{}, err
	case !on && now == (runEntry{}):
		return trust.Change{}, nil
	case !on:
		return trust.Change{Kind: trust.RunCommand, Command: now.command(commandClear), Shown: shown(e.put(runEntry{})), Status: trust.StatusRemoved}, nil
	}
	c := trust.Change{Kind: trust.RunCommand, Command: now.command(commandSet), Shown: shown(e.put(e.value())), Status: trust.StatusNew}
	if now == e.value() {
		c.Status = trust.StatusUnchanged
	} else if now != (runEntry{}) {
		c.Status = trust.StatusReplaced
	}
	return c, nil
}

// put is the command that makes the value to be v.
func (e Entry) put(v runEntry) []string {
	if v == (runEntry{}) {
		return []string{regexe(e.World), "delete", runKey, "/v", runValue, "/f"}
	}
	return []string{regexe(e.World), "add", runKey, "/v", runValue, "/t", v.kind, "/d", v.text, "/f"}
}

// shown is a command line as a person reads it.
func shown(argv []string) string {
	out := []string{"reg"}
	for _, a := range argv[1:] {
		if strings.ContainsAny(a, ` "`) {
			a = `"` + strings.ReplaceAll(a, `"`, `\"`) + `"`
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}

// Commands is a command table as the change engine takes it.
type Commands interface {
	Run(ctx context.Context, key string, undo bool) (output string, ran bool, err error)
	Holds(key string, fingerprints []string) ([]string, error)
	Left(key string, fingerprints []string) ([]string, error)
}

// Table adds the two commands to another table.
type Table struct {
	Entry Entry
	Other Commands
}

// Run implements [Commands]. Another value than the one that was found, or written,
// is somebody else's by now and stays.
func (t Table) Run(ctx context.Context, command string, undo bool) (output string, ran bool, err error) {
	key, before, ok := commandOf(command)
	switch {
	case !ok:
		return t.Other.Run(ctx, command, undo)
	case !t.Entry.World.Live():
		return "", false, nil
	}
	after := runEntry{}
	if key == commandSet {
		after = t.Entry.value()
	}
	if undo {
		before, after = after, before
	}
	switch now, err := queryRun(t.Entry.World); {
	case err != nil || now == after:
		return "", true, err // it is so already
	case now != before:
		return "", true, fmt.Errorf(`%s\%s was changed since`, runKey, runValue)
	}
	argv := t.Entry.put(after)
	res, err := t.Entry.World.Run.Run(ctx, world.Command{Argv: argv})
	output = string(res.Stdout) + string(res.Stderr)
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("%s: exit status %d: %s", shown(argv), res.Code, strings.TrimSpace(output))
	}
	return output, true, err
}

// Holds implements [Commands]: these hold no certificates.
func (t Table) Holds(command string, fingerprints []string) ([]string, error) {
	if _, _, ok := commandOf(command); ok {
		return nil, nil
	}
	return t.Other.Holds(command, fingerprints)
}

// Left implements [Commands].
func (t Table) Left(command string, fingerprints []string) ([]string, error) {
	if _, _, ok := commandOf(command); ok {
		return nil, nil
	}
	return t.Other.Left(command, fingerprints)
}
