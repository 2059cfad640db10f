//go:build linux

package change

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"mooring.dev/mooring/trust"
)

// protecting is a plan that takes two keys from the sight of others: one where it
// lies, the other aside.
func protecting(l *lab) trust.Plan {
	return trust.Plan{Schema: trust.PlanSchema, Action: "protect-key", Reach: trust.ReachRegistry, Changes: []trust.Change{
		{Kind: trust.SetMode, Path: "/etc/open.key", Mode: 0o600, Before: l.state("etc/open.key"), Status: trust.StatusRights},
		{
			Kind: trust.MoveFile, Path: "/etc/mixed.crt", To: "/etc/mixed.crt.aside", Mode: 0o600,
			Before: l.state("etc/mixed.crt"), Status: trust.StatusRenamed,
		},
	}}
}

// TestModeIsNarrowed: the keys lie in one place each, for their owner alone, and are as
// before after undo.
func TestModeIsNarrowed(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	r, err := l.e.Apply(t.Context(), protecting(l), nil)
	must(t, err)
	for _, name := range []string{"etc/open.key", "etc/mixed.crt.aside"} {
		i, err := os.Stat(filepath.Join(l.root, name))
		if b := l.read(name); err != nil || i.Mode() != 0o600 || b != "PRIVATE" {
			t.Errorf("%s: %v, %q, %v", name, i, b, err)
		}
	}
	nowhere(t, l.e.Dir, "PRIVATE")
	must(t, l.e.Standing(t.Context(), r))
	_, err = l.e.Undo(t.Context(), r.ID, nil)
	must(t, err)
	if d := cmp.Diff(before, listing(t, l.root)); d != "" {
		t.Error(d)
	}
}

func TestModesThatAreRefused(t *testing.T) {
	mode := func(n int, m fs.FileMode) func(*lab, *trust.Plan) {
		return func(_ *lab, p *trust.Plan) { p.Changes[n].Mode = m }
	}
	instead := func(name string, make func(path string) error) func(*lab, *trust.Plan) {
		return func(l *lab, _ *trust.Plan) {
			must(l.t, os.Remove(filepath.Join(l.root, name)))
			must(l.t, make(filepath.Join(l.root, name)))
		}
	}
	link := func(p string) error { return os.Symlink("others", p) }
	directory := func(p string) error { return os.Mkdir(p, 0o755) }
	for name, c := range map[string]struct {
		edit func(*lab, *trust.Plan)
		code Code
	}{
		"wider":                     {mode(0, 0o664), ErrBadPlan},
		"another bit":               {mode(0, 0o700), ErrBadPlan},
		"a setuid bit":              {mode(0, 0o600|fs.ModeSetuid), ErrBadPlan},
		"a directory's mode":        {mode(0, 0o600|fs.ModeDir), ErrBadPlan},
		"none":                      {mode(0, 0), ErrBadPlan},
		"wider, with a move":        {mode(1, 0o644), ErrBadPlan},
		"a setgid bit, with a move": {mode(1, 0o600|fs.ModeSetgid), ErrBadPlan},
		"a file with a setuid bit": {func(l *lab, p *trust.Plan) {
			l.put("etc/open.key", "PRIVATE", 0o644|fs.ModeSetuid)
			p.Changes[0].Before = l.state("etc/open.key")
		}, ErrBadPlan},
		"another content by now":       {func(l *lab, _ *trust.Plan) { l.put("etc/open.key", "newer", 0o644) }, ErrChangedSince},
		"another mode by now":          {func(l *lab, _ *trust.Plan) { l.put("etc/open.key", "PRIVATE", 0o640) }, ErrChangedSince},
		"as the plan has no idea":      {func(_ *lab, p *trust.Plan) { p.Changes[0].Before = nil }, ErrChangedSince},
		"a file that was never there":  {func(_ *lab, p *trust.Plan) { p.Changes[0].Path, p.Changes[0].Before = "/etc/none", nil }, ErrChangedSince},
		"another name":                 {func(_ *lab, p *trust.Plan) { p.Changes[0].To = "/etc/x" }, ErrBadPlan},
		"a secret":                     {func(_ *lab, p *trust.Plan) { p.Changes[0].Secret = true }, ErrBadPlan},
		"the same file twice":          {func(_ *lab, p *trust.Plan) { p.Changes[1] = p.Changes[0] }, ErrBadPlan},
		"a link":                       {instead("etc/open.key", link), ErrLinkInPath},
		"a directory":                  {instead("etc/open.key", directory), ErrNotRegular},
		"gone":                         {instead("etc/open.key", func(string) error { return nil }), ErrChangedSince},
		"a link, with a move":          {instead("etc/mixed.crt", link), ErrLinkInPath},
		"a directory, with a move":     {instead("etc/mixed.crt", directory), ErrNotRegular},
		"the new name is another's":    {func(l *lab, _ *trust.Plan) { l.put("etc/mixed.crt.aside", "theirs", 0o600) }, ErrChangedSince},
		"a pipe that nobody writes to": {instead("etc/open.key", func(p string) error { return unix.Mkfifo(p, 0o644) }), ErrNotRegular},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := protecting(l)
			c.edit(l, &p)
			l.refuses(p, c.code)
		})
	}
}

// TestModeIsNotUndoneOverOthers: whatever changed since stays as it is.
func TestModeIsNotUndoneOverOthers(t *testing.T) {
	for name, meddle := range map[string]func(*lab){
		"another content":        func(l *lab) { l.put("etc/open.key", "theirs", 0o600) },
		"another mode":           func(l *lab) { l.put("etc/open.key", "PRIVATE", 0o400) },
		"the old mode":           func(l *lab) { l.put("etc/open.key", "PRIVATE", 0o644) },
		"gone":                   func(l *lab) { must(l.t, os.Remove(filepath.Join(l.root, "etc/open.key"))) },
		"another content, aside": func(l *lab) { l.put("etc/mixed.crt.aside", "theirs", 0o600) },
		"another mode, aside":    func(l *lab) { l.put("etc/mixed.crt.aside", "PRIVATE", 0o640) },
	} {
		l := newLab(t)
		r, err := l.e.Apply(t.Context(), protecting(l), nil)
		must(t, err)
		meddle(l)
		l.keeps(name, r.ID)
	}
}

// TestModeOfWhatWasOpened: a link that is planted at any step leads to no other file.
func TestModeOfWhatWasOpened(t *testing.T) {
	points := 0
	count := newLab(t)
	count.e.Fault = func(string, string) error { points++; return nil }
	_, err := count.e.Apply(t.Context(), protecting(count), nil)
	must(t, err)
	noticed := 0
	for n := 1; n <= points; n++ {
		l := newLab(t)
		victim := filepath.Join(l.root, "victim")
		l.put("victim", "PRIVATE", 0o644)
		p, seen := protecting(l), 0
		l.e.Fault = func(string, string) error {
			if seen++; seen == n {
				for _, name := range []string{"etc/open.key", "etc/mixed.crt"} {
					path := filepath.Join(l.root, name)
					if os.Remove(path) == nil {
						must(t, os.Symlink("/victim", path))
					}
				}
			}
			return nil
		}
		if _, err := l.e.Apply(t.Context(), p, nil); err != nil {
			noticed++
		}
		if i, err := os.Stat(victim); err != nil || i.Mode() != 0o644 {
			t.Errorf("planted at step %d: %v, %v", n, i, err)
		}
	}
	if noticed < points/2 {
		t.Errorf("of %d steps only %d noticed", points, noticed)
	}
}
