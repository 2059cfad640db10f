package enginectl

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"unicode"

	"mooring.dev/mooring/platform/world"
)

// noPermission is what systemctl ends with when systemd, or polkit for it, refuses
// (systemd src/systemctl/systemctl-util.c translate_bus_error_to_exit_status).
const noPermission = 4

// run runs one command of the table with the rights that its way needs.
func (c Control) run(ctx context.Context, y way, argv []string) error {
	program, err := c.program(y, argv[0])
	if err != nil {
		return err
	}
	argv = append([]string{program}, argv[1:]...)
	root := c.World.User.UID == 0
	if y.asRoot && !root {
		return c.asRoot(ctx, argv)
	}
	cmd := world.Command{Argv: argv, Terminal: c.Terminal && y.polkit && !root}
	if y.asRoot || y.polkit {
		cmd.Env = c.env()
	}
	err = c.result(c.World.Run.Run(ctx, cmd))
	var e *Error
	if y.polkit && c.Terminal && !root && errors.As(err, &e) && e.Code == NoAgent {
		return c.asRoot(ctx, argv)
	}
	return err
}

// program finds the program of a command: what root may run in the system's
// directories only.
func (c Control) program(y way, name string) (string, error) {
	if y.asRoot || y.polkit {
		if p := find(c.World, name); p != "" {
			return p, nil
		}
		if !y.polkit {
			return "", &Error{Code: Failed, Detail: name + " is not installed"}
		}
	}
	p, err := c.World.Run.Look(name)
	if err != nil {
		return "", &Error{Code: Failed, Detail: name + " is not installed"}
	}
	return p, nil
}

// asRoot runs a command through sudo in a terminal, where a password given for
// something else a minute ago is no answer (-k), and through polkit's pkexec in a
// window.
func (c Control) asRoot(ctx context.Context, argv []string) error {
	by, prefix := "pkexec", []string{"--disable-internal-agent"}
	if c.Terminal {
		by, prefix = "sudo", []string{"-k", "--"}
	}
	asker := find(c.World, by)
	if asker == "" {
		return &Error{Code: NoAgent, Detail: by + " is not installed"}
	}
	argv = append(append([]string{asker}, prefix...), argv...)
	return c.result(c.World.Run.Run(ctx, world.Command{Argv: argv, Env: c.env(), Terminal: c.Terminal}))
}

// env is the little that service managers and those who ask for rights need. Their
// words have to be English to be understood here.
func (c Control) env() []string {
	env := []string{"PATH=" + strings.Join(programDirs, ":"), "LC_ALL=C"}
	for _, name := range []string{"HOME", "TERM", "XDG_RUNTIME_DIR", "XDG_SESSION_ID", "DBUS_SESSION_BUS_ADDRESS"} {
		if v := c.World.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// result reads how a command ended.
func (c Control) result(res world.Result, err error) error {
	text := world.LastLine(string(res.Stderr) + "\n" + string(res.Stdout))
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(strings.ToLower(string(res.Stderr)), w) {
				return true
			}
		}
		return false
	}
	var start *exec.Error
	switch {
	case errors.As(err, &start), err != nil:
		return &Error{Code: Failed, Detail: err.Error()}
	case res.Code == 0:
		return nil
	// systemd's and pkexec's words for a session in which nobody can be asked.
	case has("interactive authentication required", "no authentication agent found", "a terminal is required"):
		return &Error{Code: NoAgent, Detail: text}
	case res.Code == noPermission, has("access denied", "permission denied", "not authorized", "request dismissed",
		"incorrect password", "not in the sudoers", "a password is required", "not allowed to execute"):
		return &Error{Code: NoRights, Detail: text}
	}
	return &Error{Code: Failed, Detail: text}
}

// lastWord is the last that a service of systemd's wrote to its journal, or how
// systemd says that it stands; "" where neither can be read.
func (c Control) lastWord(ctx context.Context, en entry) string {
	if c.World.OS != "linux" || en.service == "" || managerOf(c.World) != systemd {
		return ""
	}
	unit, session := []string{"--unit=" + en.service}, []string(nil)
	if en.user {
		unit, session = []string{"--user-unit=" + en.service}, []string{"--user"}
	}
	if word := c.output(ctx, "journalctl", append(unit, "--lines=1", "--output=cat", "--no-pager", "--quiet")...); word != "" {
		return world.LastLine(word)
	}
	show := append(session, "show", "--property=ActiveState", "--property=Result", en.service)
	return strings.Join(strings.Fields(c.output(ctx, string(systemd), show...)), " ")
}

// output is what a command that only looks writes, "" if it fails.
func (c Control) output(ctx context.Context, name string, args ...string) string {
	ctx, cancel := context.WithTimeout(ctx, maxLook)
	defer cancel()
	program := find(c.World, name)
	if program == "" {
		return ""
	}
	res, err := c.World.Run.Run(ctx, world.Command{Argv: append([]string{program}, args...), Env: c.env()})
	if err != nil || res.Code != 0 {
		return ""
	}
	return string(res.Stdout)
}

// maxDetail bounds what is shown of what others wrote, in characters.
const maxDetail = 300

func clip(s string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s))
	if len(runes) > maxDetail {
		return string(runes[:maxDetail]) + "…"
	}
	return string(runes)
}
