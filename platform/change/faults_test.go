//go:build linux

package change

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// What the runs at fault points have in common: how a lab is stopped at one, what it
// must be like then and after the next start, and the count.

const crashID = "20260101-000000-0000abcd"

// The things that a lab does, each of which is stopped at each of its points.
const (
	applying  = "apply"
	undoing   = "undo"
	rolling   = "roll-back" // apply, and its command does not do what it is for
	finishing = "finish"    // recover, after all but the last word of a plan
	returning = "return"    // recover, after a plan that came half way
	resuming  = "resume"    // recover, after an undo that came half way
)

// doings are all of them, each with the states that it leads between.
var doings = []string{applying, undoing, rolling, finishing, returning, resuming}

// do does one of them in a lab that is prepared for it.
func (l *lab) do(what string) error {
	var err error
	ctx := context.Background()
	switch what {
	case applying:
		_, err = l.e.ApplyAs(ctx, crashID, l.plan(), nil)
	case rolling:
		l.cmds.blind = true
		defer func() { l.cmds.blind = false }()
		_, err = l.e.ApplyAs(ctx, crashID, l.plan(), nil)
		if errors.Is(err, ErrNotTaken) && !errors.Is(err, ErrPending) {
			err = nil
		}
	case undoing:
		_, err = l.e.Undo(ctx, crashID, nil)
	case finishing, returning, resuming:
		_, err = l.e.Recover(ctx)
	case "beside":
		_, err = l.e.Apply(ctx, l.plan(), nil)
	case "apply-renewed":
		_, err = l.e.ApplyAs(ctx, crashID, l.edits(), nil)
	}
	return err
}

// stopped is what ends a run as a kill would: after it nothing runs that touches a
// file. TestKillAtEachPoint shows that it leaves what a kill leaves.
type stopped struct{}

// stopAt does what and stops at its n-th point. ended is true if it had fewer.
func (l *lab) stopAt(what string, n int) (ended bool, err error) {
	return l.stopIn(n, func() error { return l.do(what) })
}

func (l *lab) stopIn(n int, do func() error) (ended bool, err error) {
	hook := l.e.Fault
	l.e.Fault = func(point, path string) error {
		if n--; n == 0 {
			panic(stopped{})
		}
		return fault(hook).at(point, path)
	}
	defer func() {
		l.e.Fault = hook
		if r := recover(); r != nil && r != any(stopped{}) {
			panic(r)
		}
	}()
	return true, do()
}

// points does what and lists the points that it passes.
func points(t *testing.T, l *lab, what string) []string {
	t.Helper()
	var out []string
	l.e.Fault = func(p, _ string) error { out = append(out, p); return nil }
	must(t, l.do(what))
	l.e.Fault = nil
	return out
}

// clock stands still, so that two runs write the same journal.
func clock() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// prepare makes a lab in which what can be done: below base.
func prepare(t *testing.T, base, what string) *lab {
	t.Helper()
	l := start(t, base, what)
	l.comeTo(what)
	return l
}

// start makes a lab, and applies the plan if what is about its undo.
func start(t *testing.T, base, what string) *lab {
	t.Helper()
	l := labAt(base)
	l.t, l.e.Now = t, clock
	l.seed()
	if what == undoing || what == resuming {
		must(t, l.do(applying))
	}
	return l
}

// comeTo brings a lab to the crash from which what starts.
func (l *lab) comeTo(what string) {
	l.t.Helper()
	switch what {
	case finishing: // from just before the last record
		l.stopBefore(applying, func(points []string) int { return lastIndex(points, journalPrefix+faultRename) })
	case returning: // from the exchange of a file, of which others follow
		l.stopBefore(applying, func(points []string) int { return lastIndex(points, faultSwap) + 1 })
	case resuming:
		l.stopBefore(undoing, func(points []string) int { return slices.Index(points, faultSwap) + 1 })
	}
}

func lastIndex(s []string, v string) int {
	for i, x := range slices.Backward(s) {
		if x == v {
			return i
		}
	}
	return -1
}

// stopBefore does what to the point that choose picks among all of it.
func (l *lab) stopBefore(what string, choose func(points []string) int) {
	l.t.Helper()
	at := choose(passed(l.t, what))
	if ended, err := l.stopAt(what, at+1); ended {
		l.t.Fatalf("%s ended before point %d: %v", what, at, err)
	}
}

// passed are the points of what, found once.
func passed(t *testing.T, what string) []string {
	t.Helper()
	if known, ok := allPoints.Load(what); ok {
		return known.([]string)
	}
	l := prepare(t, filepath.Join(tempDir(t), "lab"), what) // as deep as those of tally.in
	found := points(t, l, what)
	allPoints.Store(what, found)
	return found
}

var allPoints sync.Map

// ends are the trees before what is done and after it: at one of the two a run ends
// whatever happens.
func ends(t *testing.T) (before, after map[string]string) {
	t.Helper()
	l := prepare(t, tempDir(t), applying)
	before = listing(t, l.root)
	must(t, l.do(applying))
	return before, listing(t, l.root)
}

// tally counts what was tried.
type tally struct{ points, runs, violations atomic.Int64 }

// each calls try for each point of what, those of one name in one test. A roll-back
// begins where it is no longer like applying.
func (c *tally) each(t *testing.T, what string, try func(t *testing.T, n int, point string) error) {
	t.Helper()
	points, from := passed(t, what), 0
	if what == rolling {
		apply := passed(t, applying)
		for points[from] == apply[from] {
			from++
		}
	}
	byName := map[string][]int{}
	var names []string
	for i, p := range points[from:] {
		if byName[p] == nil {
			names = append(names, p)
		}
		byName[p] = append(byName[p], from+i+1)
	}
	c.points.Add(int64(len(points) - from))
	for _, name := range names {
		t.Run(what+"/"+name, func(t *testing.T) {
			t.Parallel()
			for _, n := range byName[name] {
				if err := try(t, n, name); err != nil {
					c.violations.Add(1)
					t.Errorf("at point %d of %d: %v", n, len(points), err)
				}
			}
		})
	}
}

// in calls do with an empty directory and counts it as a run.
func (c *tally) in(t *testing.T, do func(base string) error) error {
	t.Helper()
	c.runs.Add(1)
	base, err := os.MkdirTemp(scratch(), "mooring-change-")
	must(t, err)
	defer os.RemoveAll(base)
	return do(filepath.Join(base, "lab"))
}

// report says how many runs there were, in the log and in $ARTEFACTS/faults.txt.
func (c *tally) report(t *testing.T, failures string) {
	t.Helper()
	line := fmt.Sprintf("%s: %d fault points x %s = %d runs, %d violations",
		t.Name(), c.points.Load(), failures, c.runs.Load(), c.violations.Load())
	t.Log(line)
	if dir := os.Getenv("ARTEFACTS"); dir != "" {
		f, err := os.OpenFile(filepath.Join(dir, "faults.txt"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		must(t, err)
		_, err = fmt.Fprintln(f, line)
		must(t, errors.Join(err, f.Close()))
	}
}

// scratch is a directory in memory, if there is one.
func scratch() string {
	if i, err := os.Stat("/dev/shm"); err == nil && i.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// whole checks a tree that a run has just left: each file is as before or as after,
// but for temporary ones and the stores, which change in their own steps. A file that
// gets another name and another mode has the mode first: for a moment it is read by
// fewer under the old name.
func whole(now, before, after map[string]string) error {
	var errs []error
	for name, is := range now {
		if strings.HasPrefix(filepath.Base(name), ".mooring-") || strings.HasPrefix(name, "store") {
			continue
		}
		if aside := "etc/mixed.crt.aside"; name == "etc/mixed.crt" && (is == after[aside] || is == before[aside]) {
			continue
		}
		if is != before[name] && is != after[name] {
			errs = append(errs, fmt.Errorf("%s is neither as before nor as after: %s", name, is))
		}
	}
	for name := range before {
		_, isNow := now[name]
		_, isAfter := after[name]
		if !isNow && isAfter {
			errs = append(errs, fmt.Errorf("%s is gone", name))
		}
	}
	return errors.Join(errs...)
}

// settle is the next start: it checks what it finds and must come to before or after,
// as the receipt says; to undo must then lead back. With n > 0 it is stopped in the
// middle of its own work, somewhere, and starts once more.
func (l *lab) settle(n int, before, after map[string]string) error {
	if err := whole(listing(l.t, l.root), before, after); err != nil {
		return err
	}
	if found := openSecrets(l.t, l.e.Dir); found != nil {
		return fmt.Errorf("in the journal: %q", found)
	}
	if n > 0 {
		if ended, err := l.stopAt(returning, 1+n*17%97); ended && err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		if err := whole(listing(l.t, l.root), before, after); err != nil {
			return fmt.Errorf("after the second crash: %w", err)
		}
	}
	if _, err := l.e.Recover(context.Background()); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	return l.standsOrNot(before, after)
}

// standsOrNot checks that the tree is as the receipt says, and can be taken back.
func (l *lab) standsOrNot(before, after map[string]string) error {
	r, err := l.e.Receipt(crashID)
	want := before
	switch {
	case err != nil && !errors.Is(err, ErrNoReceipt):
		return err
	case r.State == trust.ReceiptPending:
		return errors.New("still pending")
	case r.State == trust.ReceiptApplied:
		want = after
	}
	if d := cmp.Diff(want, listing(l.t, l.root)); d != "" {
		return fmt.Errorf("the receipt says %q:\n%s", r.State, d)
	}
	if left, _ := filepath.Glob(filepath.Join(l.e.Dir, "*.new")); left != nil {
		return fmt.Errorf("left in the journal: %v", left)
	}
	if r.State != trust.ReceiptApplied {
		if left, _ := filepath.Glob(filepath.Join(l.e.Dir, "*.before")); left != nil {
			return fmt.Errorf("left in the journal: %v", left)
		}
		return nil
	}
	if err := l.do(undoing); err != nil {
		return fmt.Errorf("undo: %w", err)
	}
	if d := cmp.Diff(before, listing(l.t, l.root)); d != "" {
		return fmt.Errorf("after undo:\n%s", d)
	}
	return nil
}
