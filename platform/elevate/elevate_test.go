//go:build unix

package elevate

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func ask(programs has, terminal bool, res world.Result, err error) (*elevator, *world.Command) {
	var got world.Command
	return &elevator{
		world: world.World{OS: "linux", Run: programs, Env: func(n string) string {
			return map[string]string{"LANG": "ko_KR.UTF-8", "SHELL": "/bin/evil", "LD_PRELOAD": "/tmp/x.so"}[n]
		}},
		helperDir: "/usr/libexec/mooring", terminal: terminal,
		check: func(string) error { return nil },
		run:   func(_ context.Context, c world.Command) (world.Result, error) { got = c; return res, err },
	}, &got
}

func replied(t *testing.T, r helper.Reply) []byte {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsRun(t *testing.T) {
	plan := trust.Plan{Schema: 1, Reach: trust.ReachComputer}
	for _, c := range []struct {
		programs has
		terminal bool
		want     []string
	}{
		{has{"pkexec", "sudo"}, false, []string{"/usr/bin/pkexec", "--disable-internal-agent"}},
		{has{"pkexec", "sudo"}, true, []string{"/usr/bin/sudo", "-k", "--"}},
		{has{"pkexec"}, true, []string{"/usr/bin/pkexec", "--disable-internal-agent"}},
		{has{"pkexec", "pkttyagent"}, true, []string{"/usr/bin/pkexec", "--disable-internal-agent"}},
	} {
		agents := 0
		receipt := trust.Receipt{ID: "id", State: trust.ReceiptApplied, Plan: plan.Hash(), Reach: plan.Reach}
		e, got := ask(c.programs, c.terminal, world.Result{Stdout: replied(t, helper.Reply{Schema: 1, Receipt: &receipt})}, nil)
		e.agent = func(string) func() { agents++; return func() { agents-- } }
		r, err := by(e).Apply(t.Context(), "id", plan)
		if agents != 0 {
			t.Errorf("%d text agents were left", agents)
		}
		if err != nil || r.ID != "id" {
			t.Fatal(r, err)
		}
		want := append(c.want, "/usr/libexec/mooring/mooring-helper-computer", "apply", plan.Hash(), "id")
		if !slices.Equal(got.Argv, want) {
			t.Errorf("ran %q, want %q", got.Argv, want)
		}
		sent, _ := json.Marshal(plan)
		if string(got.Stdin) != string(sent) {
			t.Errorf("sent %q", got.Stdin)
		}
		if !slices.Equal(got.Env, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=ko_KR.UTF-8"}) {
			t.Errorf("environment %q", got.Env)
		}
	}
	e, _ := ask(has{"sudo"}, false, world.Result{}, nil)
	if _, err := by(e).Undo(t.Context(), "id", trust.ReachRegistry); !errors.Is(err, change.ErrNoElevation) {
		t.Errorf("without pkexec and terminal: %v", err)
	}
}

// TestRefusalsAreToldApart uses the texts that pkexec 122 and sudo 1.9 write.
func TestRefusalsAreToldApart(t *testing.T) {
	killed := exec.Command("sh", "-c", "kill -9 $$").Run()
	const pk = "Error executing command as another user: "
	for name, c := range map[string]struct {
		by        asker
		res       world.Result
		err       error
		cancelled bool
		want      change.Code
	}{
		"dismissed":       {by: byPkexec, res: world.Result{Code: 126, Stderr: []byte(pk + "Request dismissed\n")}, want: change.ErrRefusedByPerson},
		"not authorized":  {by: byPkexec, res: world.Result{Code: 127, Stderr: []byte(pk + "Not authorized\n\nThis incident has been reported.\n")}, want: change.ErrNoRights},
		"no agent":        {by: byPkexec, res: world.Result{Code: 127, Stderr: []byte(pk + "No authentication agent found.\n")}, want: change.ErrNoAgent},
		"no polkit":       {by: byPkexec, res: world.Result{Code: 127, Stderr: []byte("Error getting authority: Error initializing authority: Could not connect: No such file or directory\n")}, want: change.ErrNoElevation},
		"helper crashed":  {by: byPkexec, res: world.Result{Code: 2, Stderr: []byte("panic")}, want: change.ErrPending},
		"helper mumbled":  {by: byPkexec, res: world.Result{Stdout: []byte("{}")}, want: change.ErrPending},
		"cancelled":       {by: byPkexec, err: killed, cancelled: true, want: change.ErrCancelled},
		"killed by other": {by: byPkexec, err: killed, want: change.ErrPending},
		"sudo killed":     {by: bySudo, err: killed, cancelled: true, want: change.ErrPending},
		"gone":            {by: byPkexec, err: &exec.Error{Name: "pkexec", Err: exec.ErrNotFound}, want: change.ErrNoElevation},
		"sudo wrong":      {by: bySudo, res: world.Result{Code: 1, Stderr: []byte("sudo: 3 incorrect password attempts\n")}, want: change.ErrRefusedByPerson},
		"sudo not listed": {by: bySudo, res: world.Result{Code: 1, Stderr: []byte("bob is not in the sudoers file.\n")}, want: change.ErrNoRights},
	} {
		if _, err := c.by.interpret(c.res, c.err, c.cancelled); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHelpersWordCounts(t *testing.T) {
	refusal := &change.Error{Code: change.ErrTooBroad, Path: "/x"}
	e, _ := ask(has{"pkexec"}, false, world.Result{Code: 1, Stdout: replied(t, helper.Reply{Schema: 1, Error: refusal})}, nil)
	_, err := by(e).Undo(t.Context(), "id", trust.ReachRegistry)
	if !errors.Is(err, change.ErrTooBroad) || change.As(err).Path != "/x" {
		t.Error(err)
	}
}

func TestHelperIsCheckedBeforeItIsStarted(t *testing.T) {
	for _, code := range []change.Code{change.ErrHelperMissing, change.ErrHelperUnsafe} {
		e, got := ask(has{"pkexec"}, false, world.Result{}, nil)
		e.check = func(string) error { return change.Refuse(code, "", "") }
		if _, err := by(e).Undo(t.Context(), "id", trust.ReachRegistry); !errors.Is(err, code) || got.Argv != nil {
			t.Errorf("%v: %v, ran %q", code, err, got.Argv)
		}
	}
	e, _ := ask(has{"pkexec"}, false, world.Result{}, nil)
	e.check, e.helperDir = helper.CheckInstalled, t.TempDir()+"/none"
	_, err := by(e).Undo(t.Context(), "id", trust.ReachRegistry)
	if !errors.Is(err, change.ErrHelperMissing) || change.As(err).Detail != installHint {
		t.Error(err)
	}
}

func by(e *elevator) requests { return requests{e.ask} }
