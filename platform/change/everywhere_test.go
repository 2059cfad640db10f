package change

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/trust"
)

// everywhere is a directory with an engine over it, made of nothing that only one
// system has: what is shown of Linux by the other tests is shown by these of Windows
// and macOS, where the system calls are others.
type everywhere struct {
	t    *testing.T
	dir  string
	e    *Engine
	plan trust.Plan
}

func newEverywhere(t *testing.T) everywhere {
	t.Helper()
	// Not t.TempDir, which wine 8 cannot remove: it lacks the call behind os.RemoveAll.
	dir, err := os.MkdirTemp("", "mooring-change-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	v := everywhere{t: t, dir: filepath.Join(dir, "tree"), e: &Engine{Dir: filepath.Join(dir, "journal")}}
	for name, content := range map[string]string{"replaced.crt": "old", "removed.crt": "old, too", "others": "not ours"} {
		v.ok(os.MkdirAll(v.dir, 0o755))
		v.ok(os.WriteFile(v.at(name), []byte(content), 0o644))
	}
	// A file in directories that are missing, one in another's place, and one less.
	v.plan = trust.Plan{Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachRegistry, Changes: []trust.Change{
		{Kind: trust.WriteFile, Path: v.at("certs.d", "reg.example5000", "ca.crt"), Content: []byte("new"), Mode: 0o644, Status: trust.StatusNew},
		{Kind: trust.WriteFile, Path: v.at("replaced.crt"), Content: []byte("newer"), Mode: 0o644, Before: v.state("replaced.crt"), Status: trust.StatusReplaced},
		{Kind: trust.RemoveFile, Path: v.at("removed.crt"), Before: v.state("removed.crt"), Status: trust.StatusRemoved},
	}}
	return v
}

func (v everywhere) at(names ...string) string {
	return filepath.Join(append([]string{v.dir}, names...)...)
}

func (v everywhere) ok(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v everywhere) state(name string) *trust.FileState {
	v.t.Helper()
	found, _, err := v.e.look(v.at(name))
	v.ok(err)
	return found.state()
}

const everywhereID = "20260101-000000-0000abcd"

func (v everywhere) run(what string) error {
	var err error
	switch what {
	case "apply":
		_, err = v.e.ApplyAs(v.t.Context(), everywhereID, v.plan, nil)
	case "undo":
		_, err = v.e.Undo(v.t.Context(), everywhereID, nil)
	}
	return err
}

// listing is every file with its content, and every directory.
func (v everywhere) listing() map[string]string {
	v.t.Helper()
	out := map[string]string{}
	v.ok(filepath.WalkDir(v.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			out[path[len(v.dir):]] = "directory"
			return err
		}
		data, err := os.ReadFile(path)
		out[path[len(v.dir):]] = string(data)
		return err
	}))
	return out
}

// steps runs what and counts the points at which it could be stopped.
func (v everywhere) steps(what string) int {
	n := 0
	v.e.Fault = func(string, string) error { n++; return nil }
	v.ok(v.run(what))
	v.e.Fault = nil
	return n
}

// On every system a plan is carried out and taken back to the byte; and when a step
// fails, or the process ends there, all is as before or as after, at the latest after
// the next start.
func TestEverywhere(t *testing.T) {
	v := newEverywhere(t)
	before := v.listing()
	applying := v.steps("apply")
	after := v.listing()
	if after[string(filepath.Separator)+"replaced.crt"] != "newer" || len(after) != len(before)+2 { // two directories and a file more, one file less
		t.Fatalf("applied, and there is %v", after)
	}
	undoing := v.steps("undo")
	if now := v.listing(); !maps.Equal(now, before) {
		t.Fatalf("undone, and there is %v", now)
	}
	t.Logf("%d points when applying, %d when undoing", applying, undoing)
	for what, n := range map[string]int{"apply": applying, "undo": undoing} {
		for i := range n {
			for _, how := range []string{"fails", "ends"} {
				t.Run(fmt.Sprintf("%s/%d-%s", what, i+1, how), func(t *testing.T) {
					t.Parallel()
					v := newEverywhere(t)
					if what == "undo" {
						v.ok(v.run("apply"))
					}
					v.stopAt(what, i, how == "ends")
					v.settle(before, after)
				})
			}
		}
	}
}

var errStop = errors.New("stopped by the test")

// stopAt runs what and lets one of its steps fail; or that one and all that follow, so
// that nothing is done any more, as when the process ends there.
func (v everywhere) stopAt(what string, at int, forGood bool) {
	n := 0
	v.e.Fault = func(string, string) error {
		n++
		if n == at+1 || n > at && forGood {
			return errStop
		}
		return nil
	}
	_ = v.run(what)
	v.e.Fault = nil
}

// settle is the next start, and what has to hold after it.
func (v everywhere) settle(before, after map[string]string) {
	v.t.Helper()
	_, err := v.e.Recover(v.t.Context())
	v.ok(err)
	now := v.listing()
	want := before
	if r, err := v.e.Receipt(everywhereID); err == nil && r.State == trust.ReceiptApplied {
		want = after
	}
	if !maps.Equal(now, want) {
		v.t.Errorf("there is %v, want %v", now, want)
	}
}
