//go:build unix

package elevate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// mac is a strict osascript: it takes one script of the one form, and runs its command
// by a shell, as root would run it.
type mac struct {
	t         *testing.T
	helper    string // how the helper that is started behaves
	refuse    string // what osascript says instead of running anything
	prompts   []string
	commands  []string
	forgotten bool // the person leaves the panel open
}

// form is AppleScript's: strings in double quotes with \" and \\ in them.
var form = regexp.MustCompile(`^do shell script ("(?:[^"\\]|\\["\\])*")(?: with prompt ("(?:[^"\\]|\\["\\])*"))? with administrator privileges without altering line endings$`)

func literal(s string) string {
	if s == "" {
		return ""
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s[1 : len(s)-1])
}

func (m *mac) run(ctx context.Context, c world.Command) (world.Result, error) {
	said := func(s string) (world.Result, error) { return world.Result{Code: 1, Stderr: []byte(s + "\n")}, nil }
	if len(c.Argv) != 3 || c.Argv[0] != "/usr/bin/osascript" || c.Argv[1] != "-e" || c.Stdin == nil {
		return said(fmt.Sprintf("usage: %q", c.Argv))
	}
	parts := form.FindStringSubmatch(c.Argv[2])
	if parts == nil {
		return said("0:0: syntax error: A identifier can’t go after this “\"”. (-2740)")
	}
	m.prompts, m.commands = append(m.prompts, literal(parts[2])), append(m.commands, literal(parts[1]))
	switch {
	case m.refuse != "":
		return said(m.refuse)
	case m.forgotten:
		<-ctx.Done()
		return world.Result{}, ctx.Err()
	}
	cmd := exec.Command("/bin/sh", "-c", literal(parts[1]))
	cmd.Env = []string{standIn + "=" + m.helper}
	res, err := world.RunCmd(cmd, nil)
	if res.Code != 0 {
		return said(fmt.Sprintf("0:120: execution error: The command exited with a non-zero status. (%d)", res.Code))
	}
	return res, err
}

// handed is a way to the helper over m's osascript.
func (m *mac) handed() requests {
	self, err := os.Executable()
	if err != nil {
		m.t.Fatal(err)
	}
	// The helper goes by its name: this binary has both.
	dir := m.t.TempDir()
	for _, name := range []string{"mooring-helper-registry", "mooring-helper-computer"} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			m.t.Fatal(err)
		}
	}
	was := rootUID
	rootUID = os.Geteuid()
	m.t.Cleanup(func() { rootUID = was })
	script := osascript{run: m.run, prompt: func(r trust.Reach) string { return `For "` + string(r) + `": \ done` }}
	return requests{handing{dir: dir, check: func(string) error { return nil }, start: script.start}.ask}
}

const id = "20260101-000000-0000abcd"

func TestByOsascript(t *testing.T) {
	m := &mac{t: t, helper: "good"}
	plan := planFor(trusttest.NewCA(t, "Lab Root"))
	q := m.handed()
	r, err := q.Apply(t.Context(), id, plan)
	if err != nil || r.ID != id {
		t.Fatalf("%+v, %v", r, err)
	}
	command := regexp.MustCompile(`^/[^ ]*/mooring-helper-computer over [0-9a-f]{32} [0-9]+ apply ` + plan.Hash() + ` ` + id + `$`)
	if len(m.commands) != 1 || !command.MatchString(m.commands[0]) || m.prompts[0] != `For "computer": \ done` {
		t.Errorf("ran %q, said %q", m.commands, m.prompts)
	}
	if left, _ := filepath.Glob("/tmp/mooring-" + strings.Fields(m.commands[0])[2]); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

// TestHandedOverBadly: before the helper has the plan nothing can have been done;
// after that nobody knows.
func TestHandedOverBadly(t *testing.T) {
	plan := planFor(trusttest.NewCA(t, "Lab Root"))
	for how, want := range map[string]change.Code{
		"absent": change.ErrNoRights, "crashing": change.ErrPending, "mumbling": change.ErrPending,
	} {
		if _, err := (&mac{t: t, helper: how}).handed().Apply(t.Context(), id, plan); !errors.Is(err, want) {
			t.Errorf("%s: %v", how, err)
		}
	}
	q := (&mac{t: t, helper: "good"}).handed()
	rootUID = os.Geteuid() + 1 // what connects is not root
	if _, err := q.Apply(t.Context(), id, plan); !errors.Is(err, change.ErrNoRights) {
		t.Errorf("another user: %v", err)
	}
}

func TestMacsRefusals(t *testing.T) {
	for said, want := range map[string]change.Code{
		"0:197: execution error: User canceled. (-128)":                                             change.ErrRefusedByPerson,
		"0:197: execution error: 사용자에 의해 취소되었습니다. (-128)":                                           change.ErrRefusedByPerson,
		"0:197: execution error: The administrator user name or password was incorrect. (-60005)":   change.ErrNoRights,
		"0:197: execution error: The administrator user name or password was incorrect. (-60007)":   change.ErrNoAgent,
		"0:197: execution error: No user interaction allowed. (-1713)":                              change.ErrNoAgent,
		"0:197: execution error: An error of type -10810 has occurred. (-10810)":                    change.ErrNoAgent,
		"0:197: execution error: something about (-128) and then something else that we know not":   change.ErrNoRights,
		"0:197: execution error: sh: /Library/…/mooring-helper-registry: No such file or directory": change.ErrNoRights,
	} {
		m := &mac{t: t, refuse: said}
		if _, err := m.handed().Undo(t.Context(), id, trust.ReachRegistry); !errors.Is(err, want) || len(m.commands) != 1 {
			t.Errorf("%s: %v", said, err)
		}
	}
	if err := refusedByMac(world.Result{}, &exec.Error{Name: "osascript", Err: exec.ErrNotFound}); !errors.Is(err, change.ErrNoElevation) {
		t.Error(err)
	}
}

func TestPanelLeftOpen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m := &mac{t: t, forgotten: true}
	q := m.handed()
	done := make(chan error, 1)
	go func() {
		_, err := q.Undo(ctx, id, trust.ReachRegistry)
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, change.ErrCancelled) {
		t.Error(err)
	}
}

// TestNothingNeedsQuoting: what a shell or AppleScript would read as more than a word
// is refused, wherever it comes from.
func TestNothingNeedsQuoting(t *testing.T) {
	for _, bad := range []string{
		"", " ", "a b", `a"b`, `a\b`, "a'b", "$(id)", "`id`", "a;b", "a&b", "a|b", "a>b", "a*b", "a?b", "~", "a\nb", "-e", "a\x00b", "é", "#a", "!a", "a=b", "{a,b}",
	} {
		if s, err := script("", []string{"/usr/libexec/helper", bad}); err == nil {
			t.Errorf("%q came into %s", bad, s)
		}
	}
	for _, prompt := range []string{`"`, `\`, `\"`, `" & (do shell script "id") & "`, "줄\n바꿈"} {
		s, err := script(prompt, []string{"/usr/libexec/helper", "undo", id})
		parts := form.FindStringSubmatch(s)
		if err != nil || parts == nil || literal(parts[2]) != prompt || literal(parts[1]) != "/usr/libexec/helper undo "+id {
			t.Errorf("%q: %s, %v", prompt, s, err)
		}
	}
}
