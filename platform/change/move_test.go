//go:build linux

package change

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

// aside is a plan that moves one file.
func aside(before *trust.FileState) trust.Plan {
	return trust.Plan{Schema: trust.PlanSchema, Action: "client-cert", Reach: trust.ReachRegistry, Changes: []trust.Change{
		{Kind: trust.MoveFile, Path: "/etc/moved.key", To: "/etc/moved.key.aside", Before: before, Status: trust.StatusRenamed},
	}}
}

// TestMovingKeepsNoCopy: a key that is set aside lies in one place, and comes back
// from there; who plans need not have read it.
func TestMovingKeepsNoCopy(t *testing.T) {
	for name, before := range map[string]func(*lab) *trust.FileState{
		"read beforehand": func(l *lab) *trust.FileState { return l.state("etc/moved.key") },
		"unreadable":      func(*lab) *trust.FileState { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			listed := listing(t, l.root)
			r, err := l.e.Apply(t.Context(), aside(before(l)), nil)
			must(t, err)
			if b, err := os.ReadFile(filepath.Join(l.root, "etc/moved.key.aside")); string(b) != "PRIVATE" || err != nil {
				t.Errorf("%q, %v", b, err)
			}
			if _, err := os.Stat(filepath.Join(l.root, "etc/moved.key")); !errors.Is(err, fs.ErrNotExist) {
				t.Error("it is still there")
			}
			nowhere(t, l.e.Dir, "PRIVATE")
			_, err = l.e.Undo(t.Context(), r.ID, nil)
			must(t, err)
			if d := cmp.Diff(listed, listing(t, l.root)); d != "" {
				t.Error(d)
			}
		})
	}
}

// nowhere fails if a file below dir holds the secret.
func nowhere(t *testing.T, dir, secret string) {
	t.Helper()
	files := 0
	must(t, filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(p)
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s holds the key", p)
		}
		return err
	}))
	if files == 0 {
		t.Errorf("%s is empty", dir)
	}
}

func TestMovesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*lab, *trust.Plan)
		code Code
	}{
		"another file by now": {func(l *lab, _ *trust.Plan) { l.put("etc/moved.key", "newer", 0o600) }, ErrChangedSince},
		"gone": {func(l *lab, p *trust.Plan) {
			p.Changes[0].Before = nil
			must(l.t, os.Remove(filepath.Join(l.root, "etc/moved.key")))
		}, ErrChangedSince},
		"the new name is taken": {func(l *lab, _ *trust.Plan) { l.put("etc/moved.key.aside", "theirs", 0o600) }, ErrChangedSince},
		"a link there": {func(l *lab, _ *trust.Plan) {
			must(l.t, os.Symlink("others", filepath.Join(l.root, "etc/moved.key.aside")))
		}, ErrLinkInPath},
		"a link instead": {func(l *lab, p *trust.Plan) {
			p.Changes[0].Before = nil
			must(l.t, os.Remove(filepath.Join(l.root, "etc/moved.key")))
			must(l.t, os.Symlink("others", filepath.Join(l.root, "etc/moved.key")))
		}, ErrLinkInPath},
		"another directory": {func(_ *lab, p *trust.Plan) { p.Changes[0].To = "/anchors/moved.key" }, ErrBadPlan},
		"dots":              {func(_ *lab, p *trust.Plan) { p.Changes[0].To = "/etc/../etc/x" }, ErrBadPlan},
		"onto itself":       {func(_ *lab, p *trust.Plan) { p.Changes[0].To = p.Changes[0].Path }, ErrBadPlan},
		"no new name":       {func(_ *lab, p *trust.Plan) { p.Changes[0].To = "" }, ErrBadPlan},
		"a write with a new name": {func(_ *lab, p *trust.Plan) {
			p.Changes[0].Kind, p.Changes[0].Path, p.Changes[0].Before = trust.WriteFile, "/etc/x", nil
		}, ErrBadPlan},
		"a key that replaces": {func(l *lab, p *trust.Plan) {
			p.Changes[0] = trust.Change{
				Kind: trust.WriteFile, Path: "/etc/moved.key", Content: []byte("x"), Secret: true, Mode: 0o600,
				Before: l.state("etc/moved.key"), Status: trust.StatusReplaced,
			}
		}, ErrBadPlan},
		"a key that is removed": {func(l *lab, p *trust.Plan) {
			p.Changes[0] = trust.Change{
				Kind: trust.RemoveFile, Path: "/etc/moved.key", Secret: true, Before: l.state("etc/moved.key"), Status: trust.StatusRemoved,
			}
		}, ErrBadPlan},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := aside(l.state("etc/moved.key"))
			c.edit(l, &p)
			l.refuses(p, c.code)
		})
	}
}

// refuses applies a plan that is to be refused for a reason, with nothing changed.
func (l *lab) refuses(p trust.Plan, why Code) {
	l.t.Helper()
	before := listing(l.t, l.root)
	if _, err := l.e.Apply(l.t.Context(), p, nil); !errors.Is(err, why) {
		l.t.Errorf("%v, want %v", err, why)
	}
	if d := cmp.Diff(before, listing(l.t, l.root)); d != "" {
		l.t.Errorf("a refusal changed something:\n%s", d)
	}
}

// keeps undoes a receipt over what others changed, which is to stay as it is.
func (l *lab) keeps(what, receipt string) {
	l.t.Helper()
	before := listing(l.t, l.root)
	if _, err := l.e.Undo(l.t.Context(), receipt, nil); !errors.Is(err, ErrChangedSince) {
		l.t.Errorf("%s: %v", what, err)
	}
	if d := cmp.Diff(before, listing(l.t, l.root)); d != "" {
		l.t.Errorf("%s:\n%s", what, d)
	}
}

// TestMoveIsNotUndoneOverOthers: whatever changed since stays as it is.
func TestMoveIsNotUndoneOverOthers(t *testing.T) {
	for name, meddle := range map[string]func(*lab){
		"a new file under the old name": func(l *lab) { l.put("etc/moved.key", "theirs", 0o600) },
		"changed aside":                 func(l *lab) { l.put("etc/moved.key.aside", "theirs", 0o600) },
		"gone":                          func(l *lab) { must(l.t, os.Remove(filepath.Join(l.root, "etc/moved.key.aside"))) },
	} {
		l := newLab(t)
		r, err := l.e.Apply(t.Context(), aside(nil), nil)
		must(t, err)
		meddle(l)
		l.keeps(name, r.ID)
	}
}

// TestKeyIsNeverReadableByOthers: at no step of making it has a key, or the
// temporary file that becomes it, a wider mode than its last.
func TestKeyIsNeverReadableByOthers(t *testing.T) {
	l := newLab(t)
	seen := false
	l.e.Fault = func(string, string) error {
		return filepath.WalkDir(l.root, func(p string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, rerr := os.ReadFile(p)
			i, ierr := e.Info()
			if rerr != nil || ierr != nil || !bytes.HasPrefix(b, []byte("SEC")) {
				return errors.Join(rerr, ierr)
			}
			seen = true
			if i.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", p, i.Mode())
			}
			return nil
		})
	}
	must(t, l.do("apply"))
	if !seen {
		t.Error("the key was never seen")
	}
	nowhere(t, l.e.Dir, "SECRET")
}
