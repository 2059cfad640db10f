//go:build linux

package change

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/need"
	"mooring.dev/mooring/trust"
)

// What others do beside us: a second Mooring with the same journal or with its own,
// and an administrator with an editor.

// TestTwoJournalsOneFile: root's engine and the person's have journals of their own,
// so that no lock keeps them apart; the content of the file does.
func TestTwoJournalsOneFile(t *testing.T) {
	l := newLab(t)
	plan := l.plan()
	plan.Changes = plan.Changes[2:3] // /etc/replaced
	theirs := plan
	theirs.Changes = slices.Clone(plan.Changes)
	theirs.Changes[0].Content = []byte("by the other one")
	other := *l.e
	other.Dir = filepath.Join(filepath.Dir(l.root), "other-journal")
	for _, point := range []string{faultCreate, faultSync, faultSwap} {
		l.put("etc/replaced", "old content", 0o640)
		must(t, setAttrsAt(filepath.Join(l.root, "etc/replaced"), "user.mooring", "kept"))
		before := listing(t, l.root)
		var made trust.Receipt
		l.e.Fault = func(at, _ string) error {
			if at == point && made.ID == "" {
				var err error
				made, err = other.Apply(t.Context(), theirs, nil)
				if err != nil {
					t.Fatalf("at %s: %v", point, err)
				}
			}
			return nil
		}
		r, err := l.e.Apply(t.Context(), plan, nil)
		l.e.Fault = nil
		if !errors.Is(err, ErrChangedSince) || r.State != trust.ReceiptFailed {
			t.Errorf("at %s: %v, %v", point, err, r.State)
		}
		if got := l.read("etc/replaced"); got != "by the other one" {
			t.Errorf("at %s: %q", point, got)
		}
		_, err = other.Undo(t.Context(), made.ID, nil)
		must(t, err)
		if d := cmp.Diff(before, listing(t, l.root)); d != "" {
			t.Errorf("at %s: the other one's undo:\n%s", point, d)
		}
	}
}

// TestTwoProcessesOneJournal: of two that apply the same plan at once one waits, sees
// that the file is there, and changes nothing.
func TestTwoProcessesOneJournal(t *testing.T) {
	base := filepath.Join(tempDir(t), "lab")
	l := start(t, base, applying)
	before := listing(t, l.root)
	const n = 4
	done := make(chan bool, n)
	for range n {
		go func() {
			cmd := exec.Command(os.Args[0], "-test.run=^$")
			cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "CHANGE_TEST_CHILD=beside 0 "+base)
			done <- cmd.Run() == nil
		}()
	}
	succeeded := 0
	for range n {
		if <-done {
			succeeded++
		}
	}
	all, err := l.e.History()
	must(t, err)
	if succeeded != 1 || len(all) != 1 || all[0].State != trust.ReceiptApplied {
		t.Fatalf("%d succeeded: %+v", succeeded, all)
	}
	_, err = l.e.Undo(t.Context(), all[0].ID, nil)
	must(t, err)
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

// TestTheSamePlanAgain: it expects what is no longer there, and leaves it alone.
func TestTheSamePlanAgain(t *testing.T) {
	l := newLab(t)
	p := l.plan()
	_, err := l.e.Apply(t.Context(), p, nil)
	must(t, err)
	after := listing(t, l.root)
	if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrChangedSince) {
		t.Error(err)
	}
	for i := range p.Changes { // as a planner sees it now
		p.Changes[i].Status = trust.StatusUnchanged
	}
	if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrNothingToDo) {
		t.Error(err)
	}
	if d := cmp.Diff(after, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

// TestUndoRestoresTheACL that an administrator gave the file which is replaced, and
// the one which is removed.
func TestUndoRestoresTheACL(t *testing.T) {
	setfacl := need.Tool(t, "setfacl", "package acl")
	l := newLab(t)
	for _, name := range []string{"etc/replaced", "etc/removed"} {
		if out, err := exec.Command(setfacl, "-m", "u:1234:r,g:4321:rw", filepath.Join(l.root, name)).CombinedOutput(); err != nil {
			need.Lacking(t, "access control lists on this file system: ", string(out))
		}
	}
	before := listing(t, l.root)
	p := l.plan()
	p.Changes = p.Changes[2:4]
	r, err := l.e.Apply(t.Context(), p, nil)
	must(t, err)
	if cmp.Equal(before, listing(t, l.root)) {
		t.Fatal("nothing changed")
	}
	_, err = l.e.Undo(t.Context(), r.ID, nil)
	must(t, err)
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}
