//go:build integration

package privilege

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

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
// there is a terminal, or with "dismiss" a desktop whose prompt the person closes.
// It writes what came of it into the file "said".
func person(args []string) int {
	home, _ := os.UserHomeDir()
	a := elevate.New(world.Here(), filepath.Join(home, ".local/state/mooring/journal"), elevate.Options{Terminal: len(args) > 2 && args[2] == "terminal"})
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

// who is a user of the lab.
type who struct {
	t    *testing.T
	name string
	home string
	cred *syscall.Credential
}

func login(t *testing.T, name string) who {
	t.Helper()
	u, err := user.Lookup(name)
	must(t, err)
	groups, err := u.GroupIds()
	must(t, err)
	cred := &syscall.Credential{Uid: number(t, u.Uid), Gid: number(t, u.Gid)}
	for _, g := range groups {
		cred.Groups = append(cred.Groups, number(t, g))
	}
	return who{t, name, u.HomeDir, cred}
}

func number(t *testing.T, s string) uint32 {
	n, err := strconv.ParseUint(s, 10, 32)
	must(t, err)
	return uint32(n)
}

// command is a command of this user in a fresh session without a terminal.
func (w who) command(argv ...string) *exec.Cmd {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Dir = w.home
	cmd.Env = []string{"PATH=" + searchPath, "HOME=" + w.home, "USER=" + w.name, "LANG=C.UTF-8", "SHELL=/bin/evil", "LD_PRELOAD=/home/evil.so"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: w.cred, Setsid: true}
	return cmd
}

// mooring runs the person's Mooring and returns what it said.
func (w who) mooring(args ...string) said {
	w.t.Helper()
	out, err := w.command(append([]string{personPath}, args...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return w.said()
}

func (w who) said() said {
	w.t.Helper()
	var s said
	b, err := os.ReadFile(filepath.Join(w.home, "said"))
	must(w.t, err)
	must(w.t, json.Unmarshal(b, &s))
	must(w.t, os.Remove(filepath.Join(w.home, "said")))
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

// snapshot lists kind, mode, owner and content of everything below paths.
func snapshot(t *testing.T, paths ...string) string {
	t.Helper()
	cmd := exec.Command("find", append(paths, "-printf", "%p %M %U:%G %l ", "-type", "f", "-exec", "sha256sum", "{}", ";", "-o", "-printf", "\n")...)
	out, err := cmd.Output()
	if err != nil && !strings.Contains(fmt.Sprint(err), "exit status 1") { // a path that is not there yet
		t.Fatal(err)
	}
	return string(out)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
