//go:build linux

package change

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"mooring.dev/mooring/trust"
)

func setAttrsAt(path, name, value string) error { return unix.Setxattr(path, name, []byte(value), 0) }

func TestApplyThenUndoIsToTheByte(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	r, err := l.e.Apply(t.Context(), l.plan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.State != trust.ReceiptApplied || len(r.Changes) != 15 {
		t.Fatalf("receipt %+v", r)
	}
	after := listing(t, l.root)
	if cmp.Equal(before, after) {
		t.Fatal("nothing changed")
	}
	for name, want := range map[string]string{
		"etc/certs.d/reg.example:5000/ca.crt": "new content", "etc/replaced": "replaced content",
		"anchors/mine": "mine", "store": "mine\nvendor",
	} {
		if b, err := os.ReadFile(filepath.Join(l.root, name)); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if got := l.state("etc/certs.d/reg.example:5000/ca.crt").Mode; got != 0o644 {
		t.Errorf("mode %v", got)
	}
	if got := r.Changes[0].MadeDir; !cmp.Equal(got, []string{"/etc/certs.d", "/etc/certs.d/reg.example:5000"}) {
		t.Errorf("made %v", got)
	}
	if found := openSecrets(t, l.e.Dir); found != nil {
		t.Errorf("in the journal: %q", found)
	}
	u, err := l.e.Undo(t.Context(), r.ID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if u.State != trust.ReceiptUndone || u.UndoneAt == nil {
		t.Errorf("receipt %+v", u)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Errorf("undo left something:\n%s", d)
	}
	if _, err := l.e.Undo(t.Context(), r.ID, nil); !errors.Is(err, ErrNotUndoable) {
		t.Errorf("second undo: %v", err)
	}
	if d := cmp.Diff([]string{"rebuild undo=false", "rebuild undo=true"}, l.cmds.ran); d != "" {
		t.Error(d)
	}
}

// TestLinksAreRefused in every place of a path, by kernels with and without
// openat2.
func TestLinksAreRefused(t *testing.T) {
	kernels := map[string]func(int, string, *unix.OpenHow) (int, error){
		"openat2": openat2,
		"before":  func(int, string, *unix.OpenHow) (int, error) { return -1, unix.ENOSYS },
		"sandbox": func(int, string, *unix.OpenHow) (int, error) { return -1, unix.EPERM },
	}
	for kernel, open := range kernels {
		for _, at := range []string{"etc", "etc/certs.d", "etc/certs.d/reg.example:5000", "etc/certs.d/reg.example:5000/ca.crt"} {
			for _, to := range []string{"/", "..", "real", "/nowhere"} {
				l := newLab(t)
				p := l.plan()
				p.Changes = p.Changes[:1]
				must(t, os.RemoveAll(filepath.Join(l.root, at)))
				must(t, os.MkdirAll(filepath.Dir(filepath.Join(l.root, at)), 0o755))
				must(t, os.MkdirAll(filepath.Join(filepath.Dir(filepath.Join(l.root, at)), "real"), 0o755))
				must(t, os.Symlink(to, filepath.Join(l.root, at)))
				before := listing(t, l.root)
				openat2 = open
				_, err := l.e.Apply(t.Context(), p, nil)
				openat2 = kernels["openat2"]
				if !errors.Is(err, ErrLinkInPath) || As(err).Path != "/"+at {
					t.Errorf("%s: %s to %s: %v", kernel, at, to, err)
				}
				if d := cmp.Diff(before, listing(t, l.root)); d != "" {
					t.Errorf("%s: %s to %s:\n%s", kernel, at, to, d)
				}
			}
		}
	}
}

// TestLastMomentChangeIsNotLost lets somebody change a file between the last look
// and the exchange: their version stays.
func TestLastMomentChangeIsNotLost(t *testing.T) {
	l := newLab(t)
	p := l.plan()
	p.Changes = p.Changes[2:3]
	l.e.Fault = func(point, _ string) error {
		if point == faultSwap {
			l.e.Fault = nil
			l.put("etc/replaced", "in the last moment", 0o640)
		}
		return nil
	}
	_, err := l.e.Apply(t.Context(), p, nil)
	if !errors.Is(err, ErrChangedSince) {
		t.Error(err)
	}
	if b, _ := os.ReadFile(filepath.Join(l.root, "etc/replaced")); string(b) != "in the last moment" {
		t.Errorf("their change was lost: %q", b)
	}
	if left, _ := filepath.Glob(filepath.Join(l.root, "etc/.mooring-*")); left != nil {
		t.Errorf("left: %v", left)
	}
}

// TestReadBack: what cannot be read back as it was written is no success, and is
// left to whoever changed it.
func TestReadBack(t *testing.T) {
	l := newLab(t)
	p := l.plan()
	p.Changes = p.Changes[:1]
	placed := false
	l.e.Fault = func(point, _ string) error {
		if placed && point == faultRead {
			placed = false
			l.put("etc/certs.d/reg.example:5000/ca.crt", "another's", 0o644)
		}
		placed = placed || point == faultPlace
		return nil
	}
	if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrIO) || !errors.Is(err, ErrChangedSince) {
		t.Error(err)
	}
	if b, _ := os.ReadFile(filepath.Join(l.root, "etc/certs.d/reg.example:5000/ca.crt")); string(b) != "another's" {
		t.Errorf("their file is %q", b)
	}
}

// TestEditedJournal: a receipt or before-image that was edited, cut or taken away
// leads to a refusal, and no file is changed.
func TestEditedJournal(t *testing.T) {
	record := func(edit func([]byte) []byte) func(*testing.T, *lab) {
		return func(t *testing.T, l *lab) {
			name := filepath.Join(l.e.Dir, crashID+".json")
			b, err := os.ReadFile(name)
			must(t, err)
			must(t, os.WriteFile(name, edit(b), 0o600))
		}
	}
	image := crashID + ".2.before"
	for name, edit := range map[string]func(*testing.T, *lab){
		"cut in the middle": record(func(b []byte) []byte { return b[:len(b)/2] }),
		"empty":             record(func([]byte) []byte { return nil }),
		"another path":      record(func(b []byte) []byte { return bytes.Replace(b, []byte("/etc/replaced"), []byte("/etc/others12"), 1) }),
		"another state":     record(func(b []byte) []byte { return bytes.Replace(b, []byte(`"done"`), []byte(`"undo"`), 1) }),
		"another's id":      record(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(crashID), []byte("20260101-000000-0000abce")) }),
		"another image": func(t *testing.T, l *lab) {
			must(t, os.WriteFile(filepath.Join(l.e.Dir, image), []byte("evil content"), 0o600))
		},
		"no image": func(t *testing.T, l *lab) { must(t, os.Remove(filepath.Join(l.e.Dir, image))) },
		"a link as image": func(t *testing.T, l *lab) {
			must(t, os.Remove(filepath.Join(l.e.Dir, image)))
			must(t, os.Symlink("/etc/passwd", filepath.Join(l.e.Dir, image)))
		},
		"open to others": func(t *testing.T, l *lab) { must(t, os.Chmod(l.e.Dir, 0o777)) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			must(t, l.do("apply"))
			edit(t, l)
			before := listing(t, l.root)
			err := l.do("undo")
			if !errors.Is(err, ErrJournalDamaged) && !errors.Is(err, ErrLinkInPath) {
				t.Error(err)
			}
			if d := cmp.Diff(before, listing(t, l.root)); d != "" {
				t.Error(d)
			}
			_, err = l.e.Recover(t.Context())
			if d := cmp.Diff(before, listing(t, l.root)); d != "" {
				t.Errorf("recover (%v):\n%s", err, d)
			}
		})
	}
}

// TestDirectoryMovedAway between opening and writing: what was written where
// nobody will look is no success.
func TestDirectoryMovedAway(t *testing.T) {
	l := newLab(t)
	p := l.plan()
	p.Changes = p.Changes[:1]
	dir := filepath.Join(l.root, "etc/certs.d/reg.example:5000")
	must(t, os.MkdirAll(dir, 0o755))
	l.e.Fault = func(point, _ string) error {
		if point == faultPlace {
			must(t, os.Rename(dir, dir+".moved"))
			must(t, os.Mkdir(dir, 0o755))
		}
		return nil
	}
	if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrLinkInPath) {
		t.Error(err)
	}
}

func TestHistoryListsNewestFirst(t *testing.T) {
	l := newLab(t)
	if h, err := l.e.History(); err != nil || h != nil {
		t.Fatalf("empty: %v, %v", h, err)
	}
	r, err := l.e.ApplyAs(t.Context(), "20260101-000000-00000001", l.plan(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := l.plan()
	p.Changes = p.Changes[:1]
	p.Changes[0].Path = "/etc/more"
	r2, err := l.e.ApplyAs(t.Context(), "20260102-000000-00000001", p, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := l.e.History()
	if err != nil || len(h) != 2 || h[0].ID != r2.ID || h[1].ID != r.ID {
		t.Fatalf("%v, %v", h, err)
	}
	if _, err := l.e.ApplyAs(t.Context(), r.ID, p, nil); !errors.Is(err, ErrBadPlan) {
		t.Errorf("an id was used twice: %v", err)
	}
}

func TestUndoRefusesWhatChangedSince(t *testing.T) {
	tamper := map[string]func(l *lab){
		"content": func(l *lab) { l.put("etc/replaced", "someone else", 0o600) },
		"mode":    func(l *lab) { must(t, os.Chmod(filepath.Join(l.root, "anchors/mine"), 0o600)) },
		"gone": func(l *lab) {
			must(t, os.Remove(filepath.Join(l.root, "etc/certs.d/reg.example:5000/ca.crt")))
		},
		"back again": func(l *lab) { l.put("etc/removed", "somebody restored it", 0o600) },
		"same size and time": func(l *lab) {
			p := filepath.Join(l.root, "anchors/mine")
			i, err := os.Stat(p)
			must(t, err)
			l.put("anchors/mine", "MINE", 0o644)
			must(t, os.Chtimes(p, i.ModTime(), i.ModTime()))
		},
		"a link instead": func(l *lab) {
			p := filepath.Join(l.root, "etc/replaced")
			must(t, os.Remove(p))
			must(t, os.Symlink("others", p))
		},
	}
	if os.Geteuid() == 0 {
		tamper["owner"] = func(l *lab) { must(t, os.Chown(filepath.Join(l.root, "anchors/mine"), 1, 1)) }
	}
	for name, change := range tamper {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			r, err := l.e.Apply(t.Context(), l.plan(), nil)
			must(t, err)
			change(l)
			before := listing(t, l.root)
			_, err = l.e.Undo(t.Context(), r.ID, nil)
			if !errors.Is(err, ErrChangedSince) && !errors.Is(err, ErrLinkInPath) {
				t.Errorf("undo: %v", err)
			}
			if As(err).Path == "" {
				t.Error("the refusal names no file")
			}
			if d := cmp.Diff(before, listing(t, l.root)); d != "" {
				t.Errorf("a refused undo changed something:\n%s", d)
			}
			if h, _ := l.e.Receipt(r.ID); h.State != trust.ReceiptApplied {
				t.Errorf("state %v", h.State)
			}
		})
	}
}

func TestUndoKeepsDirectoriesThatOthersUse(t *testing.T) {
	l := newLab(t)
	r, err := l.e.Apply(t.Context(), l.plan(), nil)
	must(t, err)
	l.put("etc/certs.d/reg.example:5000/theirs.crt", "theirs", 0o644)
	_, err = l.e.Undo(t.Context(), r.ID, nil)
	must(t, err)
	names, err := os.ReadDir(filepath.Join(l.root, "etc/certs.d/reg.example:5000"))
	must(t, err)
	if len(names) != 1 || names[0].Name() != "theirs.crt" {
		t.Errorf("left: %v", names)
	}
}

func TestApplyRefusesWhatIsNotAsPlanned(t *testing.T) {
	l := newLab(t)
	p := l.plan()
	for name, meddle := range map[string]func(){
		"replaced file": func() { l.put("etc/replaced", "newer", 0o640) },
		"new file":      func() { l.put("etc/certs.d/reg.example:5000/ca.crt", "theirs", 0o644) },
		"removed file":  func() { l.put("etc/removed", "newer", 0o600) },
	} {
		l.seed()
		meddle()
		before := listing(t, l.root)
		if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrChangedSince) {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(before, listing(t, l.root)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
		must(t, os.RemoveAll(l.root))
	}
}

func TestFailingCommandRollsBack(t *testing.T) {
	for name, broken := range map[string]func(*fakeCommands){
		"fails": func(c *fakeCommands) { c.fail = errors.New("exit status 1") },
		"blind": func(c *fakeCommands) { c.blind = true },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			before := listing(t, l.root)
			broken(l.cmds)
			r, err := l.e.Apply(t.Context(), l.plan(), nil)
			if name == "blind" {
				if !errors.Is(err, ErrNotTaken) || r.State != trust.ReceiptFailed {
					t.Errorf("%v, %v", err, r.State)
				}
			} else {
				// The command fails after the roll back too: that stays pending, and is
				// finished as soon as it works again.
				if !errors.Is(err, ErrPending) || !errors.Is(err, ErrCommandFailed) {
					t.Errorf("%v", err)
				}
				l.cmds.fail = nil
				rs, err := l.e.Recover(t.Context())
				if err != nil || len(rs) != 1 || rs[0].State != trust.ReceiptFailed {
					t.Errorf("%v, %v", rs, err)
				}
			}
			if d := cmp.Diff(before, listing(t, l.root)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCancelledApplyRollsBack(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := l.e.Apply(ctx, l.plan(), func(s Step) {
		if s.Done == 3 {
			cancel()
		}
	})
	if !errors.Is(err, ErrCancelled) {
		t.Errorf("%v", err)
	}
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

func TestTwoEnginesTakeTurns(t *testing.T) {
	l := newLab(t)
	plan, other := l.plan(), *l.e
	inside, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	l.e.Fault = func(p, _ string) error {
		if p == faultCommand {
			once.Do(func() { close(inside); <-release })
		}
		return nil
	}
	done := make(chan error)
	go func() { _, err := l.e.Apply(t.Context(), plan, nil); done <- err }()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := other.Apply(ctx, plan, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("second engine: %v", err)
	}
	close(release)
	must(t, <-done)
}

func TestSystemRefusalsHaveCodes(t *testing.T) {
	for errno, code := range map[error]Code{
		syscall.ENOSPC: ErrNoSpace, syscall.EDQUOT: ErrNoSpace, syscall.EACCES: ErrNoRights, syscall.EPERM: ErrNoRights,
		syscall.EROFS: ErrNoRights, syscall.ELOOP: ErrLinkInPath, syscall.EIO: ErrIO, context.Canceled: ErrCancelled,
	} {
		if err := failed("/x", errno); !errors.Is(err, code) || !errors.Is(err, errno) {
			t.Errorf("%v gives %v", errno, err)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
