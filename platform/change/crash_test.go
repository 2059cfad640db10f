//go:build linux

package change

import (
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

// child does one thing in the lab and dies at its n-th fault point.
func child(spec string) int {
	what, rest, _ := strings.Cut(spec, " ")
	n, base, _ := strings.Cut(rest, " ")
	left, _ := strconv.Atoi(n)
	l := labAt(base)
	l.t, l.e.Now = &testing.T{}, clock
	begun := what != "apply-renewed"
	l.e.Fault = func(point, _ string) error {
		if !begun {
			if point != faultSwap {
				return nil // its steps count from the exchange on, just before which another tool writes
			}
			begun = true
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

// dieAt does what in a child that kills itself at its n-th fault point.
func (l *lab) dieAt(what string, n int) error {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	// Else the race detector lets each child that ends by itself sleep for a second.
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", fmt.Sprintf("CHANGE_TEST_CHILD=%s %d %s", what, n, filepath.Dir(l.root)))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if ws := exit.Sys().(syscall.WaitStatus); ws.Signaled() && ws.Signal() == syscall.SIGKILL {
			return nil
		}
	}
	return fmt.Errorf("child %s %d: %w\n%s", what, n, err, out)
}

// TestKillAtEachPoint kills a process at every single call of applying, undoing,
// rolling back and recovering: each file is then as before or as after, and the next
// start, stopped once in its own work, makes the whole as before or as after. At every
// tenth point it is shown that stopAt, by which the other tests save a process, leaves
// the very same.
func TestKillAtEachPoint(t *testing.T) {
	before, after := ends(t)
	var count tally
	seen := map[string]bool{}
	t.Run("at", func(t *testing.T) {
		for _, what := range doings {
			for _, p := range passed(t, what) {
				seen[p] = true
			}
			count.each(t, what, func(t *testing.T, n int, _ string) error {
				return count.in(t, func(base string) error { return killAt(t, base, what, n, before, after) })
			})
		}
	})
	for _, p := range FaultPoints() {
		elsewhere := slices.Contains(plainPoints, p) || p == faultOwner || p == faultRemoveAttr
		if !seen[p] && !elsewhere {
			t.Errorf("no kill at %q was tried", p)
		}
	}
	count.report(t, "SIGKILL and a second crash")
}

func killAt(t *testing.T, base, what string, n int, before, after map[string]string) error {
	l := prepare(t, base, what)
	if err := l.dieAt(what, n); err != nil {
		return err
	}
	if n%10 == 0 {
		twin := prepare(t, base+"-stopped", what)
		if ended, err := twin.stopAt(what, n); ended {
			return fmt.Errorf("ended: %w", err)
		}
		if d := cmp.Diff(listing(t, base), listing(t, base+"-stopped")); d != "" {
			return fmt.Errorf("a kill leaves something else than a stop:\n%s", d)
		}
	}
	return l.settle(n, before, after)
}

// TestFailAtEachPoint lets the system refuse each call in turn, for each reason, and
// lets the disk be full from each call on: nothing is left then, at the latest after
// the next start. What a signal interrupts is simply done again.
//
// Each call that changes something has each failure when applying and undoing; those
// that look, of which there are many of a kind, and the roads back, which are the
// same calls in other orders, have one in turn.
func TestFailAtEachPoint(t *testing.T) {
	before, after := ends(t)
	var count tally
	t.Run("at", func(t *testing.T) {
		for _, what := range doings {
			count.each(t, what, func(t *testing.T, n int, point string) error {
				tried := failures
				if what != applying && what != undoing || slices.Contains(looks, strings.TrimPrefix(point, journalPrefix)) {
					tried = failures[n%len(failures) : n%len(failures)+1]
				}
				var errs []error
				for _, f := range tried {
					errs = append(errs, count.in(t, func(base string) error {
						l := prepare(t, base, what)
						err := l.failing(f.from(n), func() error { return l.do(what) })
						return errors.Join(l.noticed(what, point, f, err), l.settle(0, before, after))
					}))
				}
				return errors.Join(errs...)
			})
		}
	})
	count.report(t, fmt.Sprintf("%d failures (ENOSPC, EACCES, EROFS, EIO, EINTR, a full disk)", len(failures)))
}

// failure is one way in which the system refuses calls.
type failure struct {
	errno syscall.Errno
	stays bool // for every call that takes space from then on
}

var failures = []failure{
	{errno: syscall.ENOSPC},
	{errno: syscall.EACCES},
	{errno: syscall.EROFS},
	{errno: syscall.EIO},
	{errno: syscall.EINTR},
	{errno: syscall.ENOSPC, stays: true},
}

// looks are the calls that change nothing.
var looks = []string{
	faultWalk, faultRead, faultStat, faultContent, faultListAttrs, faultGetAttr, faultList, faultLock, faultHolds, faultKept, faultStoreGet,
}

// takesSpace are the calls that a full disk refuses.
var takesSpace = []string{faultMkdir, faultCreate, faultWrite, faultHalf, faultSetAttr, faultSync, faultLockOpen}

// from is a fault that fails so at the n-th point.
func (f failure) from(n int) fault {
	return func(point, _ string) error {
		n--
		if n == 0 && !f.stays || n <= 0 && f.stays && slices.Contains(takesSpace, strings.TrimPrefix(point, journalPrefix)) {
			return f.errno
		}
		return nil
	}
}

// failing does something under a fault.
func (l *lab) failing(f fault, do func() error) error {
	l.e.Fault = f
	defer func() { l.e.Fault = nil }()
	return do()
}

// noticed checks what a run says of a failure: a plan that is not applied, or a
// receipt that stands, is not reported as done, and an interrupted call no failure.
func (l *lab) noticed(what, point string, f failure, err error) error {
	if f.errno == syscall.EINTR && err != nil && point != faultStoreHalf && !slices.Contains(otherPoints, point) {
		return fmt.Errorf("an interrupted call was not made again: %w", err)
	}
	r, rerr := l.e.Receipt(crashID)
	done := rerr == nil && (what == applying && r.State == trust.ReceiptApplied || what == undoing && r.State == trust.ReceiptUndone)
	if err == nil && (what == applying || what == undoing) && !done {
		return errors.New("the failure went unnoticed")
	}
	return nil
}
