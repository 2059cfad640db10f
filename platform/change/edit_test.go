//go:build linux

package change

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/trust"
)

const config = "home/config.json"

// edits is the part of the lab's plan that moves a secret out of a file.
func (l *lab) edits() trust.Plan {
	p := l.plan()
	p.Anchors, p.Changes = nil, p.Changes[8:11]
	return p
}

func (l *lab) read(name string) string {
	l.t.Helper()
	b, err := os.ReadFile(filepath.Join(l.root, name))
	must(l.t, err)
	return string(b)
}

func TestEditKeepsWhatItDoesNotName(t *testing.T) {
	l := newLab(t)
	must(t, setAttrsAt(filepath.Join(l.root, config), "user.mooring", "kept"))
	before := listing(t, l.root)
	r, err := l.e.Apply(t.Context(), l.edits(), nil)
	must(t, err)
	want := strings.Replace(configText, "{\n\t\t\t\"auth\": \""+ownSecret+"\"\n\t\t}", "{}", 1)
	want = strings.TrimSuffix(want, "\n}\n") + ",\n\t\"credHelpers\": {\n\t\t\"reg.example\": \"mooring\"\n\t}\n}\n"
	if diff := cmp.Diff(want, l.read(config)); diff != "" {
		t.Error(diff)
	}
	if is := listing(t, l.root)[config]; !strings.Contains(is, "-rw-r-----") || !strings.Contains(is, "user.mooring") {
		t.Error(is)
	}
	for name, mode := range map[string]os.FileMode{"home/containers/auth.json": 0o600, "home/containers": 0o700} {
		if i, err := os.Stat(filepath.Join(l.root, name)); err != nil || i.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, i.Mode(), err)
		}
	}
	if e := r.Changes[1].Edits; len(e) != 2 || !e[0].Secret || *e[1].Value != "mooring" {
		t.Errorf("%+v", e)
	}
	_, err = l.e.Undo(t.Context(), r.ID, nil)
	must(t, err)
	if diff := cmp.Diff(before, listing(t, l.root)); diff != "" {
		t.Error(diff)
	}
	if l.ring.asked != 1 {
		t.Errorf("the keyring was asked %d times", l.ring.asked)
	}
}

// docker login elsewhere writes the whole file anew, in its own form.
const rewritten = `{"credHelpers":{"reg.example":"mooring"},"auths":{"other.lab":{"auth":"` + othersSecret + `"},"third.lab":{}}}`

func TestUndoInAFileThatDockerRewrote(t *testing.T) {
	l := newLab(t)
	r, err := l.e.Apply(t.Context(), l.edits(), nil)
	must(t, err)
	l.put(config, rewritten, 0o600)
	u, err := l.e.Undo(t.Context(), r.ID, nil)
	must(t, err)
	want := `{"auths":{"other.lab":{"auth":"` + othersSecret + `"},"third.lab":{},"reg.example":{"auth":"` + ownSecret + `"}}}`
	if diff := cmp.Diff(want, l.read(config)); diff != "" || u.State != trust.ReceiptUndone {
		t.Errorf("%v\n%s", u.State, diff)
	}
	if got := l.read("keyring"); got != "" {
		t.Errorf("the keyring still holds %q", got)
	}
	if found := openSecrets(t, l.e.Dir); found != nil {
		t.Errorf("in the journal: %q", found)
	}
}

// TestStopWhileTakingBackRewritten stops at every step of undoing in a file that
// was rewritten, and twice.
func TestStopWhileTakingBackRewritten(t *testing.T) {
	prepare := func(t *testing.T) *lab {
		l := newLab(t)
		must(t, l.do("apply"))
		l.put(config, rewritten, 0o600)
		return l
	}
	l := prepare(t)
	done := listing(t, l.root)
	steps := points(t, l, "undo")
	undone := listing(t, l.root)
	for i, point := range steps {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			l := prepare(t)
			if ended, err := l.stopAt("undo", i+1); ended {
				t.Fatal(err)
			}
			must(t, whole(listing(t, l.root), done, undone))
			_, _ = l.stopAt(returning, 1+i%37)
			must(t, whole(listing(t, l.root), done, undone))
			_, err := l.e.Recover(t.Context())
			must(t, err)
			want := undone
			if r, err := l.e.Receipt(crashID); err == nil && r.State == trust.ReceiptApplied {
				want = done
			}
			if diff := cmp.Diff(want, listing(t, l.root)); diff != "" {
				t.Error(diff)
			}
			if found := openSecrets(t, l.e.Dir); found != nil {
				t.Errorf("in the journal: %q", found)
			}
		})
	}
}

// TestUndoStops: nothing changes when what was set is another's by now, the
// secret is gone, or the file cannot be read any more.
func TestUndoStops(t *testing.T) {
	for name, c := range map[string]struct {
		meddle func(*lab)
		code   Code
	}{
		"another helper": {func(l *lab) { l.put(config, strings.Replace(rewritten, "mooring", "pass", 1), 0o600) }, ErrChangedSince},
		"signed in again": {func(l *lab) {
			l.put(config, strings.Replace(rewritten, `"third.lab":{}`, `"reg.example":{"auth":"eDp5"}`, 1), 0o600)
		}, ErrChangedSince},
		"no JSON":    {func(l *lab) { l.put(config, rewritten[1:], 0o600) }, ErrChangedSince},
		"gone":       {func(l *lab) { must(l.t, os.Remove(filepath.Join(l.root, config))) }, ErrChangedSince},
		"signed out": {func(l *lab) { l.put("keyring", "", 0o600) }, ErrSecret},
		"no keyring": {func(l *lab) { l.e.Secrets = nil }, ErrSecret},
		"no editor":  {func(l *lab) { l.e.Editor = nil }, ErrChangedSince},
		"made anew":  {func(l *lab) { l.put("home/containers/auth.json", "{}", 0o600) }, ErrChangedSince},
		"now a link ": {func(l *lab) {
			p := filepath.Join(l.root, config)
			must(l.t, os.Rename(p, p+"2"))
			must(l.t, os.Symlink("config.json2", p))
		}, ErrLinkInPath},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			r, err := l.e.Apply(t.Context(), l.edits(), nil)
			must(t, err)
			c.meddle(l)
			before := listing(t, l.root)
			if _, err := l.e.Undo(t.Context(), r.ID, nil); !errors.Is(err, c.code) {
				t.Error(err)
			}
			if diff := cmp.Diff(before, listing(t, l.root)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTamperedReverse: what lies in the journal can make undo less exact, never
// write anything but the values that the receipt names.
func TestTamperedReverse(t *testing.T) {
	l := newLab(t)
	must(t, l.do("apply"))
	image := filepath.Join(l.e.Dir, crashID+".7.before")
	must(t, os.WriteFile(image, []byte(`[{"at":0,"cut":1,"put":"ZXZpbA=="},{"at":-5,"cut":9}]`), 0o600))
	must(t, l.do("undo"))
	got := l.read(config)
	if !strings.Contains(got, `"`+ownSecret+`"`) || strings.Contains(got, "evil") || strings.Contains(got, "mooring") {
		t.Error(got)
	}
}

func TestKeepingFails(t *testing.T) {
	l := newLab(t)
	before := listing(t, l.root)
	locked := errors.New("keyring: locked")
	l.ring.fail = locked
	r, err := l.e.Apply(t.Context(), l.edits(), nil)
	if !errors.Is(err, ErrSecret) || !errors.Is(err, locked) || r.State != trust.ReceiptFailed {
		t.Errorf("%v, %v", r.State, err)
	}
	if diff := cmp.Diff(before, listing(t, l.root)); diff != "" {
		t.Error(diff)
	}
}

// TestSecretIsNotLost: the file was changed in the last moment and holds the secret
// no more. What the keyring was given is the last of it, and stays.
func TestSecretIsNotLost(t *testing.T) {
	l := newLab(t)
	p := l.edits()
	l.e.Fault = func(point, _ string) error {
		if point == faultSwap {
			l.e.Fault = nil
			l.put(config, "{}", 0o640)
		}
		return nil
	}
	if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrChangedSince) {
		t.Error(err)
	}
	if got := l.read(config); got != "{}" {
		t.Errorf("their change was lost: %q", got)
	}
	// The secret is in no file any more: the keyring's is the last.
	if got := l.read("keyring"); got != "reg.example" {
		t.Errorf("the keyring holds %q", got)
	}
}

func TestSecretThatWasKeptStays(t *testing.T) {
	l := newLab(t)
	l.put("keyring", "reg.example", 0o600)
	r, err := l.e.Apply(t.Context(), l.edits(), nil)
	must(t, err)
	_, err = l.e.Undo(t.Context(), r.ID, nil)
	must(t, err)
	if got := l.read("keyring"); got != "reg.example" {
		t.Errorf("the keyring holds %q", got)
	}
}

func TestEditsThatAreRefused(t *testing.T) {
	for name, meddle := range map[string]func(*lab, *trust.Plan){
		"no editor":     func(l *lab, _ *trust.Plan) { l.e.Editor = nil },
		"no keyring":    func(l *lab, _ *trust.Plan) { l.e.Secrets = nil },
		"no difference": func(_ *lab, p *trust.Plan) { p.Changes[1].Edits = []trust.Edit{trust.RemoveValue("nothing")} },
		"no edits":      func(_ *lab, p *trust.Plan) { p.Changes[1].Edits = nil },
		"nothing but a secret": func(_ *lab, p *trust.Plan) {
			p.Changes[1].Edits = []trust.Edit{trust.SetValue("x", "HttpHeaders", "X-Token")}
		},
		"the same file twice": func(_ *lab, p *trust.Plan) { p.Changes = append(p.Changes, p.Changes[1]) },
		"no file to keep from": func(_ *lab, p *trust.Plan) {
			p.Changes[0].Path, p.Changes[0].Before = "/home/none.json", nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			p := l.edits()
			meddle(l, &p)
			before := listing(t, l.root)
			if _, err := l.e.Apply(t.Context(), p, nil); !errors.Is(err, ErrBadPlan) {
				t.Error(err)
			}
			if diff := cmp.Diff(before, listing(t, l.root)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
