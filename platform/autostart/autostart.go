// Package autostart has the watcher start with the person's session, in the way of
// each system: an XDG autostart entry, a value under Windows' Run key, a launch
// agent on macOS. It only says what is to be written; the change engine writes it,
// keeps what was there and takes it back.
package autostart

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Action is what the plan of an autostart is called in plans and receipts.
const Action = "autostart"

// Entry is the autostart of one user.
type Entry struct {
	World world.World
	// Program is the absolute path of Mooring, as the target OS writes it.
	Program string
}

// Error is why nothing can be said of an autostart, or nothing planned.
type Error struct {
	Key  string // its sentences: "error.<Key>.what"
	Path string
}

func (e *Error) Error() string { return e.Key + ": " + e.Path }

// Problem names the error's sentences.
func (e *Error) Problem() (key string, args map[string]any) {
	return e.Key, map[string]any{"path": e.Path}
}

// Path is the file that makes it start, "" on Windows, where it is no file.
func (e Entry) Path() string {
	w := e.World
	switch w.OS {
	case "windows":
		return ""
	case "darwin":
		return w.Join(w.User.Home, "Library", "LaunchAgents", label+".plist")
	default: // Desktop Application Autostart Specification 0.5
		return w.Join(strings.TrimSuffix(state.Dirs(w).Config, "/mooring"), "autostart", "mooring.desktop")
	}
}

// Where is what is written, for people: a file or a value of the registry.
func (e Entry) Where() string {
	if e.World.OS == "windows" {
		return runKey + `\` + runValue
	}
	return e.Path()
}

// On reports whether the watcher starts with the session.
func (e Entry) On() (bool, error) {
	if e.World.OS == "windows" {
		value, err := queryRun(e.World)
		return value != (runEntry{}), err
	}
	data, _, err := e.read()
	return data != nil && e.enabled(data), err
}

// enabled reports whether the entry counts. Desktops switch one off by a line in
// it.
func (e Entry) enabled(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.ToLower(strings.TrimSpace(value))
		switch strings.TrimSpace(key) {
		case "Hidden":
			if value == "true" {
				return false
			}
		case "X-GNOME-Autostart-enabled":
			if value == "false" {
				return false
			}
		}
	}
	return true
}

// Plan plans to have it start with the session, or no longer.
func (e Entry) Plan(on bool) (trust.Plan, error) {
	p := trust.Plan{Schema: trust.PlanSchema, Action: Action, Reach: trust.ReachRegistry}
	var c trust.Change
	var err error
	if e.World.OS == "windows" {
		c, err = e.planValue(on)
	} else {
		c, err = e.planFile(on)
	}
	if err == nil && c.Kind != "" {
		p.Changes = append(p.Changes, c)
	}
	return p, err
}

// planFile is the change to the entry's file; none when there is nothing to
// remove.
func (e Entry) planFile(on bool) (trust.Change, error) {
	now, before, err := e.read()
	if err != nil {
		return trust.Change{}, err
	}
	if !on {
		if before == nil {
			return trust.Change{}, nil
		}
		return trust.Change{Kind: trust.RemoveFile, Path: e.Path(), Before: before, Status: trust.StatusRemoved}, nil
	}
	content, err := e.content()
	if err != nil {
		return trust.Change{}, err
	}
	c := trust.Change{Kind: trust.WriteFile, Path: e.Path(), Content: content, Mode: 0o644, Before: before, Status: trust.StatusNew}
	switch {
	case before == nil:
	case bytes.Equal(now, content):
		c.Status = trust.StatusUnchanged
	default:
		c.Status = trust.StatusReplaced
	}
	return c, nil
}

func (e Entry) read() ([]byte, *trust.FileState, error) {
	info, err := e.World.FS.Lstat(e.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode.IsRegular() {
		return nil, nil, &Error{Key: "autostart-no-file", Path: e.Path()}
	}
	data, err := e.World.FS.ReadFile(e.Path())
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(data)
	return data, &trust.FileState{SHA256: hex.EncodeToString(sum[:]), Mode: info.Mode.Perm(), UID: info.UID, GID: info.GID}, nil
}

func (e Entry) content() ([]byte, error) {
	if strings.ContainsFunc(e.Program, func(r rune) bool { return r < ' ' || r == 0x7f }) || e.Program == "" {
		return nil, &Error{Key: "autostart-program", Path: fmt.Sprintf("%q", e.Program)}
	}
	if e.World.OS == "darwin" {
		return agent(e.Program), nil
	}
	return desktop(e.Program), nil
}

// desktop is the XDG entry. Its keys are those of the Desktop Entry Specification
// 1.5; GNOME's own shows it as switched on in its settings.
func desktop(program string) []byte {
	return fmt.Appendf(nil, `[Desktop Entry]
Type=Application
Name=Mooring
Exec=%s tray
TryExec=%s
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
`, execArgument(program), escapeString(program))
}

// execArgument quotes an argument of an Exec line: first by the rules of that line,
// then as any string of the file ("The Exec key" and "Possible value types").
func execArgument(arg string) string {
	quoted := `"` + strings.NewReplacer(`"`, `\"`, "`", "\\`", `$`, `\$`, `\`, `\\`).Replace(arg) + `"`
	return escapeString(strings.ReplaceAll(quoted, "%", "%%"))
}

func escapeString(s string) string { return strings.ReplaceAll(s, `\`, `\\`) }

// label names the launch agent.
const label = "dev.mooring.tray"

// agent is the launch agent (launchd.plist(5)): it counts from the next login on.
func agent(program string) []byte {
	var path bytes.Buffer
	_ = xml.EscapeText(&path, []byte(program)) // a buffer takes everything
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>%s</string>
	<key>ProgramArguments</key>
	<array>
		<string>%s</string>
		<string>tray</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>ProcessType</key>
	<string>Background</string>
</dict>
</plist>
`, label, path.String())
}
