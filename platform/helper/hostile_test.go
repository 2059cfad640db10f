//go:build linux

package helper

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

// hostile is what an enemy makes of a good plan, and the code of the refusal.
type hostile struct {
	edit func(*lab, *trust.Plan)
	code change.Code
}

// TestHostilePlans: on every system each ends in a clear refusal, no file changed.
func TestHostilePlans(t *testing.T) {
	tried := 0
	try := func(s system, action Action, cases map[string]hostile) {
		fresh := newLab(t)
		fresh.on(s)
		before := fresh.listing()
		for name, c := range cases {
			tried++
			t.Run(s.name+"/"+string(action)+"/"+name, func(t *testing.T) {
				l := *fresh // whose tree stays as it is
				l.t = t
				p := l.plan()
				if action == TrustComputer {
					p = l.computer()
				}
				c.edit(&l, &p)
				_, err := l.apply(action, p)
				l.refused(before, err, c.code)
			})
		}
	}
	for _, s := range systems {
		try(s, TrustRegistry, hostilePlans(s))
		try(s, TrustRegistry, hostilePaths(s))
		try(s, TrustComputer, hostileStores(s))
	}
	try(linux, TrustRegistry, hostileFiles())
	try(linux, TrustComputer, hostileCommands())
	t.Logf("%d hostile plans were refused", tried)
	if tried < 150 {
		t.Errorf("only %d", tried)
	}
}

// TestGoodPlans: what the hostile ones are made from is accepted.
func TestGoodPlans(t *testing.T) {
	for _, s := range systems {
		l := newLab(t)
		l.on(s)
		r := rules{world: l.s.world, site: siteOf(s.name, s.programData)}
		for _, p := range []trust.Plan{l.plan(), l.computer()} {
			if err := r.check(p, p.Reach); err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
		p := l.plan()
		p.Changes[0].Path = s.dir + "mooring-" + l.short() + ".crt"
		if err := r.check(p, p.Reach); err != nil {
			t.Errorf("%s, beside: %v", s.name, err)
		}
		p.Changes[0] = trust.Change{Kind: trust.RemoveFile, Path: p.Changes[0].Path, Before: &trust.FileState{}, Status: trust.StatusRemoved}
		if err := r.check(p, p.Reach); err != nil {
			t.Errorf("%s, removed: %v", s.name, err)
		}
	}
}

// TestPlanEditedInFlight: what arrives must be what was announced, and must have
// one reading only.
func TestPlanEditedInFlight(t *testing.T) {
	l := newLab(t)
	before := l.listing()
	good, err := json.Marshal(l.plan())
	must(t, err)
	edited := bytes.Replace(good, []byte("reg.example"), []byte("bad.example"), -1)
	_, err = l.send(TrustRegistry, edited, hashOf(good))
	l.refused(before, err, change.ErrHash)
	for name, b := range map[string][]byte{
		"cut off":         good[:len(good)-1],
		"something after": append(bytes.Clone(good), "{}"...),
		"white space":     append(bytes.Clone(good), '\n'),
		"a field twice":   bytes.Replace(good, []byte(`{"schema":1,`), []byte(`{"schema":1,"schema":1,`), 1),
		"other letters":   bytes.Replace(good, []byte(`"schema"`), []byte(`"SCHEMA"`), 1),
		"unknown field":   bytes.Replace(good, []byte(`{"schema":1,`), []byte(`{"schema":1,"root":"/",`), 1),
		"null":            []byte("null"),
		"an array":        []byte("[]"),
		"nothing":         nil,
		"deep":            []byte(strings.Repeat("[", 1<<20)),
	} {
		_, err = l.send(TrustRegistry, b, hashOf(b))
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
		l.refused(before, err, change.ErrBadPlan)
	}
	for _, hash := range []string{"", "0", strings.ToUpper(hashOf(good)), hashOf(good) + " "} {
		_, err = l.send(TrustRegistry, good, hash)
		l.refused(before, err, change.ErrHash)
	}
}

// TestLinksOnTheWay: a link at any step of the way is refused, wherever it leads.
func TestLinksOnTheWay(t *testing.T) {
	for _, link := range []struct{ at, to string }{
		{"etc/docker/certs.d/reg.example:5000", "../../../etc"},
		{"etc/docker/certs.d/reg.example:5000", "/etc"},
		{"etc/docker/certs.d/reg.example:5000", "other.example"},
		{"etc/docker/certs.d/reg.example:5000", "nowhere"},
		{"etc/docker/certs.d/reg.example:5000/ca.crt", "/etc/shadow"},
		{"etc/docker/certs.d/reg.example:5000/ca.crt", "nowhere"},
		{"etc/docker/certs.d", "../containers"},
		{"etc/docker", "/etc"},
		{"etc", "usr"},
	} {
		t.Run(link.at+" to "+link.to, func(t *testing.T) {
			l := newLab(t)
			p := filepath.Join(l.root, link.at)
			must(t, os.RemoveAll(p))
			must(t, os.MkdirAll(filepath.Dir(p), 0o755))
			must(t, os.Symlink(link.to, p))
			before := l.listing()
			_, err := l.apply(TrustRegistry, l.plan())
			l.refused(before, err, change.ErrLinkInPath)
			if !strings.HasPrefix("/"+link.at, change.As(err).Path) || change.As(err).Path == "" {
				t.Errorf("the refusal names %q", change.As(err).Path)
			}
		})
	}
}

// TestLinkPlantedBetweenCheckAndWrite plants links at every step after the first
// look: nothing is ever written through one, and what cannot be finished is
// rolled back.
func TestLinkPlantedBetweenCheckAndWrite(t *testing.T) {
	dir := "etc/docker/certs.d/reg.example:5000"
	plants := map[string]func(l *lab) error{
		"the file": func(l *lab) error {
			if err := os.MkdirAll(filepath.Join(l.root, dir), 0o755); err != nil {
				return err
			}
			return os.Symlink("/etc/shadow", filepath.Join(l.root, dir, "ca.crt"))
		},
		"the directory": func(l *lab) error {
			p := filepath.Join(l.root, dir)
			_ = os.Rename(p, p+".moved")
			return os.Symlink("/etc", p)
		},
		"certs.d": func(l *lab) error {
			p := filepath.Join(l.root, "etc/docker/certs.d")
			if err := os.Rename(p, p+".moved"); err != nil {
				return err
			}
			return os.Symlink("/etc", p)
		},
	}
	points := 0
	l := newLab(t)
	l.s.fault = func(string, string) error { points++; return nil }
	_, err := l.apply(TrustRegistry, l.plan())
	must(t, err)
	for name, plant := range plants {
		refused := 0
		for n := 1; n <= points; n++ {
			l := newLab(t)
			seen, planted := 0, false
			l.s.fault = func(string, string) error {
				if seen++; seen == n {
					planted = plant(l) == nil
				}
				return nil
			}
			_, err := l.apply(TrustRegistry, l.plan())
			if !planted {
				continue // the name was taken by then
			}
			for _, victim := range []string{"etc/ca.crt", "etc/reg.example:5000"} {
				if _, serr := os.Lstat(filepath.Join(l.root, victim)); serr == nil {
					t.Errorf("%s planted at step %d: wrote %s", name, n, victim)
				}
			}
			if b, _ := os.ReadFile(filepath.Join(l.root, "etc/shadow")); string(b) != "secret" {
				t.Errorf("%s planted at step %d: shadow is %q", name, n, b)
			}
			if err != nil {
				refused++
			}
		}
		if refused < points/2 {
			t.Errorf("%s: of %d steps only %d noticed", name, points, refused)
		}
	}
}

// TestUserJournalMeansNothing: whatever a user's journal says, root undoes only
// what root's own journal holds.
func TestUserJournalMeansNothing(t *testing.T) {
	l := newLab(t)
	before := l.listing()
	user := &change.Engine{Dir: filepath.Join(t.TempDir(), "user"), Root: l.root}
	forged := trust.Plan{Schema: 1, Action: "trust", Reach: trust.ReachRegistry, Changes: []trust.Change{
		{Kind: trust.WriteFile, Path: "/etc/made-by-user", Content: []byte("x"), Mode: 0o644, Status: trust.StatusNew},
	}}
	r, err := user.ApplyAs(t.Context(), testID, forged, nil)
	must(t, err)
	_, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", r.ID}, nil)
	if change.As(err).Code != change.ErrNoReceipt {
		t.Errorf("root took the user's journal for its own: %v", err)
	}
	_, err = user.Undo(t.Context(), r.ID, nil)
	must(t, err)
	if d := cmp.Diff(before, l.listing()); d != "" {
		t.Error(d)
	}
}

// TestRootsJournalDamaged: a journal cut anywhere, or with another before-image,
// leads to no change.
func TestRootsJournalDamaged(t *testing.T) {
	l := newLab(t)
	_, err := l.apply(TrustRegistry, l.plan())
	must(t, err)
	file := filepath.Join(l.s.journal, testID+".json")
	whole, err := os.ReadFile(file)
	must(t, err)
	before := l.listing()
	for n := 0; n < len(whole); n += 1 + len(whole)/97 {
		must(t, os.WriteFile(file, whole[:n], 0o600))
		_, err := l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
		l.refused(before, err, change.ErrJournalDamaged)
	}
	for i := 0; i < len(whole); i += 1 + len(whole)/97 {
		b := bytes.Clone(whole)
		b[i] ^= 0x20
		must(t, os.WriteFile(file, b, 0o600))
		_, err := l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
		l.refused(before, err, change.ErrJournalDamaged)
	}
	must(t, os.WriteFile(file, whole, 0o600))
	must(t, os.Chmod(l.s.journal, 0o777))
	_, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil)
	l.refused(before, err, change.ErrJournalDamaged)
	must(t, os.Chmod(l.s.journal, 0o700))
	if _, err = l.s.serve(t.Context(), []string{"trust-registry", "undo", testID}, nil); err != nil {
		t.Error(err)
	}
}
