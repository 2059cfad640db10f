//go:build integration

package privilege

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/elevate"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// said is what a person's Mooring ended with.
type said struct {
	Receipt trust.Receipt `json:"receipt"`
	Error   *change.Error `json:"error"`
	Asked   *prompt       `json:"asked,omitempty"`
}

// person is Mooring in a user's session: "apply" with a plan in the file that the
// second argument names, or "undo" with a receipt's id. A third argument says that
// there is a terminal, or with "dismiss" a desktop whose prompt the person closes, or
// with "mac" that osascript is how the helper is reached.
// It writes what came of it into the file "said".
func person(args []string) int {
	home, _ := os.UserHomeDir()
	dir := filepath.Join(home, ".local/state/mooring/journal")
	a := elevate.New(world.Here(), dir, elevate.Options{Terminal: len(args) > 2 && args[2] == "terminal"})
	if len(args) > 2 && args[2] == "mac" {
		a.Root = elevate.ByOsascript(osascript, desk.HelperDir)
	}
	var s said
	var err error
	if len(args) > 2 && args[2] == "dismiss" {
		if s.Asked, err = desktop("ko_KR.UTF-8"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
	}
	switch args[0] {
	case "apply":
		var p trust.Plan
		b, rerr := os.ReadFile(args[1])
		if rerr != nil || json.Unmarshal(b, &p) != nil {
			return 2
		}
		s.Receipt, err = a.Apply(context.Background(), p, nil)
	case "undo":
		s.Receipt, err = a.Undo(context.Background(), args[1], nil)
	}
	s.Error = change.As(err)
	b, err := json.Marshal(s)
	if err != nil || os.WriteFile(filepath.Join(home, "said"), b, 0o600) != nil {
		return 2
	}
	return 0
}

// who is a user of the desk, in a test.
type who struct {
	desk.User
	t *testing.T
}

func login(t *testing.T, name string) who {
	t.Helper()
	return who{desk.Login(t, name), t}
}

// command is a command of this user, in an environment that wishes root ill.
func (w who) command(argv ...string) *exec.Cmd {
	cmd := w.Command(argv...)
	cmd.Env = append(cmd.Env, "SHELL=/bin/evil", "LD_PRELOAD=/home/evil.so")
	return cmd
}

// mooring runs the person's Mooring and returns what it said.
func (w who) mooring(args ...string) said {
	w.t.Helper()
	out, err := w.command(append([]string{desk.PersonPath}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return w.said()
}

func (w who) said() said {
	w.t.Helper()
	var s said
	b, err := os.ReadFile(filepath.Join(w.Home, "said"))
	must(w.t, err)
	must(w.t, json.Unmarshal(b, &s))
	must(w.t, os.Remove(filepath.Join(w.Home, "said")))
	return s
}

// hand leaves a plan where the person's Mooring can read it.
func (w who) hand(p trust.Plan) string {
	w.t.Helper()
	b, err := json.Marshal(p)
	must(w.t, err)
	must(w.t, os.WriteFile("/run/lab/plan", b, 0o644))
	return "/run/lab/plan"
}

// expect checks the code of what was said, "" for success.
func (s said) expect(t *testing.T, code change.Code) {
	t.Helper()
	switch {
	case s.Error == nil && code == "":
	case s.Error == nil || s.Error.Code != code:
		t.Fatalf("want %q, got %v (receipt %q)", code, s.Error, s.Receipt.State)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
