//go:build linux

package change

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

const crashID = "20260101-000000-0000abcd"

// child applies or undoes the lab's plan and dies at the n-th fault point.
func child(spec string) int {
	what, rest, _ := strings.Cut(spec, " ")
	n, base, _ := strings.Cut(rest, " ")
	total, _ := strconv.Atoi(n)
	left := total
	l := labAt(base)
	l.t = &testing.T{}
	l.e.Fault = func(point string) error {
		if what == "apply-renewed" && left == total && point != faultSwap {
			return nil // its steps count from the exchange on, just before which another tool writes
		}
		if what == "apply-renewed" && left == total {
			l.renew()
		}
		if left--; left == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
	if err := l.do(what); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func (l *lab) do(what string) error {
	var err error
	switch what {
	case "apply":
		_, err = l.e.ApplyAs(context.Background(), crashID, l.plan(), nil)
	case "apply-renewed":
		_, err = l.e.ApplyAs(context.Background(), crashID, l.edits(), nil)
	case "undo":
		_, err = l.e.Undo(context.Background(), crashID, nil)
	case "recover":
		_, err = l.e.Recover(context.Background())
	}
	return err
}

// points runs what and lists the fault points that it passes.
func points(t *testing.T, l *lab, what string) []string {
	t.Helper()
	var out []string
	l.e.Fault = func(p string) error { out = append(out, p); return nil }
	must(t, l.do(what))
	l.e.Fault = nil
	return out
}

// TestKillAtEachPoint kills a process at every single step of applying, undoing
// and recovering: each file is as before or as after, and the next start makes
// the whole as before or as after.
func TestKillAtEachPoint(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	applying := points(t, l, "apply")
	after := listing(t, l.root)
	undoing := points(t, l, "undo")
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Fatal(d)
	}
	seen := map[string]bool{}
	for _, p := range slices.Concat(applying, undoing) {
		seen[p] = true
	}
	for _, p := range FaultPoints() {
		if !seen[p] {
			t.Errorf("no kill at %q was tried", p)
		}
	}
	t.Logf("%d points when applying, %d when undoing", len(applying), len(undoing))
	for _, c := range []struct {
		what   string
		points []string
	}{{"apply", applying}, {"undo", undoing}} {
		for i, point := range c.points {
			t.Run(fmt.Sprintf("%s/%d-%s", c.what, i+1, point), func(t *testing.T) {
				t.Parallel()
				killAt(t, c.what, i+1, before, after)
			})
		}
	}
}

func killAt(t *testing.T, what string, n int, before, after map[string]string) {
	l := newLab(t)
	if what == "undo" {
		must(t, l.do("apply"))
	}
	l.dieAt(what, n)
	checkEachFile(t, listing(t, l.root), before, after)
	if found := openSecrets(t, l.e.Dir); found != nil {
		t.Errorf("in the journal: %q", found)
	}
	// A second crash while recovering must not hurt either.
	l.dieAt("recover", 1+n%7)
	checkEachFile(t, listing(t, l.root), before, after)
	if _, err := l.e.Recover(t.Context()); err != nil {
		t.Fatalf("recover: %v", err)
	}
	now := listing(t, l.root)
	r, err := l.e.Receipt(crashID)
	switch {
	case errors.Is(err, ErrNoReceipt):
		if what == "undo" {
			t.Fatal("the receipt is lost")
		}
	case err != nil:
		t.Fatal(err)
	case r.State == trust.ReceiptPending:
		t.Fatal("still pending")
	}
	want := before
	if r.State == trust.ReceiptApplied {
		want = after
	}
	if d := cmp.Diff(want, now); d != "" {
		t.Errorf("state %q:\n%s", r.State, d)
	}
	if names, _ := filepath.Glob(filepath.Join(l.e.Dir, "*.new")); names != nil {
		t.Errorf("left in the journal: %v", names)
	}
	if r.State == trust.ReceiptApplied {
		if _, err := l.e.Undo(t.Context(), crashID, nil); err != nil {
			t.Fatalf("undo: %v", err)
		}
		if d := cmp.Diff(before, listing(t, l.root)); d != "" {
			t.Errorf("after undo:\n%s", d)
		}
	}
}

// dieAt runs what in a child that kills itself at its n-th fault point. A run with
// fewer points ends by itself.
func (l *lab) dieAt(what string, n int) {
	l.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	// Else the race detector lets each child that ends by itself sleep for a second.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", fmt.Sprintf("CHANGE_TEST_CHILD=%s %d %s", what, n, filepath.Dir(l.root)))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if ws := exit.Sys().(syscall.WaitStatus); ws.Signaled() && ws.Signal() == syscall.SIGKILL {
			return
		}
	}
	if err != nil || what != "recover" {
		l.t.Fatalf("child %s %d: %v\n%s", what, n, err, out)
	}
}

// checkEachFile: every file is as before or as after, but for temporary ones and the
// stores, which change in their own steps. A file that gets another name and another
// mode has the mode first: for a moment it is read by fewer under the old name.
func checkEachFile(t *testing.T, now, before, after map[string]string) {
	t.Helper()
	for name, is := range now {
		if strings.HasPrefix(filepath.Base(name), ".mooring-") || strings.HasPrefix(name, "store") {
			continue
		}
		if aside := "etc/mixed.crt.aside"; name == "etc/mixed.crt" && (is == after[aside] || is == before[aside]) {
			continue
		}
		if is != before[name] && is != after[name] {
			t.Errorf("%s is neither as before nor as after: %s", name, is)
		}
	}
	for name := range before {
		_, isNow := now[name]
		_, isAfter := after[name]
		if !isNow && isAfter {
			t.Errorf("%s is gone", name)
		}
	}
}

// TestEachStepMayFail lets the system refuse each step: nothing is left then,
// at the latest after the next start.
func TestEachStepMayFail(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	applying := points(t, l, "apply")
	undoing := points(t, l, "undo")
	for _, c := range []struct {
		what   string
		points []string
	}{{"apply", applying}, {"undo", undoing}} {
		for i, point := range c.points {
			errno := []syscall.Errno{syscall.ENOSPC, syscall.EACCES}[i%2]
			t.Run(fmt.Sprintf("%s/%d-%s-%d", c.what, i+1, point, errno), func(t *testing.T) {
				t.Parallel()
				failAt(t, c.what, i, errno, before)
			})
		}
	}
}

func failAt(t *testing.T, what string, i int, errno syscall.Errno, before map[string]string) {
	l := newLab(t)
	if what == "undo" {
		must(t, l.do("apply"))
	}
	done := listing(t, l.root)
	n := 0
	l.e.Fault = func(string) error {
		if n++; n == i+1 {
			return errno
		}
		return nil
	}
	err := l.do(what)
	l.e.Fault = nil
	want := before
	if what == "undo" && err != nil {
		if r, rerr := l.e.Receipt(crashID); rerr == nil && r.State == trust.ReceiptApplied {
			want = done
		}
	}
	if _, rerr := l.e.Recover(t.Context()); rerr != nil {
		t.Fatalf("recover: %v", rerr)
	}
	if r, rerr := l.e.Receipt(crashID); rerr == nil && r.State == trust.ReceiptApplied && what == "apply" {
		// Either the step was not needed, or only the last word was missing.
		if err != nil && !errors.Is(err, ErrPending) {
			t.Errorf("applied in spite of %v", err)
		}
		must(t, l.do("undo"))
		if d := cmp.Diff(before, listing(t, l.root)); d != "" {
			t.Errorf("after undo:\n%s", d)
		}
		return
	}
	if err == nil && what == "apply" {
		t.Error("the failure went unnoticed")
	}
	if d := cmp.Diff(want, listing(t, l.root)); d != "" {
		t.Errorf("%v left something:\n%s", err, d)
	}
}
