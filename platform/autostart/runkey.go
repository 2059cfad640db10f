package autostart

import (
	"context"
	"fmt"
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

// The entries of the command table. Each is undone by the other's work.
const (
	commandSet   = "autostart-set"
	commandClear = "autostart-clear"
)

func regexe(w world.World) string {
	if root := w.Getenv("SystemRoot"); root != "" {
		return w.Join(root, "System32", "reg.exe")
	}
	return "reg.exe"
}

// queryRun returns the value, "" when there is none.
func queryRun(w world.World) (string, error) {
	if !w.Live() {
		return "", &Error{Key: "autostart-hive", Path: runKey}
	}
	res, err := w.Run.Run(context.Background(), world.Command{Argv: []string{regexe(w), "query", runKey, "/v", runValue}})
	if err != nil {
		return "", err
	}
	if res.Code != 0 {
		return "", nil // reg says 1 for a value that is not there
	}
	for line := range strings.Lines(string(res.Stdout)) {
		if _, value, ok := strings.Cut(line, "REG_SZ"); ok {
			return strings.TrimSpace(value), nil
		}
	}
	return "", nil
}

// value is the command line that Windows runs. A path there holds no quote.
func (e Entry) value() string { return `"` + e.Program + `" tray` }

func (e Entry) planValue(on bool) (trust.Change, error) {
	if strings.ContainsFunc(e.Program, func(r rune) bool { return r < ' ' || r == '"' }) || e.Program == "" {
		return trust.Change{}, &Error{Key: "autostart-program", Path: fmt.Sprintf("%q", e.Program)}
	}
	now, err := queryRun(e.World)
	switch {
	case err != nil:
		return trust.Change{}, err
	case !on && now == "":
		return trust.Change{}, nil
	case !on:
		return trust.Change{Kind: trust.RunCommand, Command: commandClear, Shown: shown(e.clear()), Status: trust.StatusRemoved}, nil
	}
	c := trust.Change{Kind: trust.RunCommand, Command: commandSet, Shown: shown(e.set()), Status: trust.StatusNew}
	if now == e.value() {
		c.Status = trust.StatusUnchanged
	} else if now != "" {
		c.Status = trust.StatusReplaced
	}
	return c, nil
}

func (e Entry) set() []string {
	return []string{regexe(e.World), "add", runKey, "/v", runValue, "/t", "REG_SZ", "/d", e.value(), "/f"}
}

func (e Entry) clear() []string {
	return []string{regexe(e.World), "delete", runKey, "/v", runValue, "/f"}
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
}

// Table adds the two commands to another table.
type Table struct {
	Entry Entry
	Other Commands
}

// Run implements [Commands].
func (t Table) Run(ctx context.Context, key string, undo bool) (output string, ran bool, err error) {
	switch {
	case key != commandSet && key != commandClear:
		return t.Other.Run(ctx, key, undo)
	case !t.Entry.World.Live():
		return "", false, nil
	}
	argv := t.Entry.clear()
	if (key == commandSet) != undo {
		argv = t.Entry.set()
	} else if value, err := queryRun(t.Entry.World); err != nil || value == "" {
		return "", true, err // it is not there already
	}
	res, err := t.Entry.World.Run.Run(ctx, world.Command{Argv: argv})
	output = string(res.Stdout) + string(res.Stderr)
	if err == nil && res.Code != 0 {
		err = fmt.Errorf("%s: exit status %d: %s", shown(argv), res.Code, strings.TrimSpace(output))
	}
	return output, true, err
}

// Holds implements [Commands]: these hold no certificates.
func (t Table) Holds(key string, fingerprints []string) ([]string, error) {
	if key == commandSet || key == commandClear {
		return nil, nil
	}
	return t.Other.Holds(key, fingerprints)
}
