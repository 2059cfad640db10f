//go:build linux

package elevate

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// TestNothingLeavesTheRoot: below --root every link, also on the way to the
// journal, resolves inside the tree.
func TestNothingLeavesTheRoot(t *testing.T) {
	base := t.TempDir()
	root, outside := filepath.Join(base, "root"), filepath.Join(base, "outside")
	for _, dir := range []string{root, outside, filepath.Join(root, "etc")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"root": outside, "etc/docker": "../../outside", "etc/absolute": "/etc/real"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "etc/real"), 0o755); err != nil {
		t.Fatal(err)
	}
	a := New(world.Under(root, "linux"), filepath.Join(root, "root/.local/state/mooring/journal"), Options{})
	plan := trust.Plan{Schema: 1, Action: "trust", Reach: trust.ReachRegistry, Changes: []trust.Change{
		{Kind: trust.WriteFile, Path: "/etc/absolute/ca.crt", Content: []byte("x"), Mode: 0o644, Status: trust.StatusNew, Privileged: true},
	}}
	// Links that lead to what is not in the tree make nothing anywhere.
	if _, err := a.Apply(t.Context(), plan, nil); err == nil {
		t.Error("a journal was kept behind a link that leads nowhere in the tree")
	}
	if err := os.MkdirAll(filepath.Join(root, outside), 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := a.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "etc/real/ca.crt")); err != nil {
		t.Error(err)
	}
	if _, err := a.Undo(t.Context(), r.ID, nil); err != nil {
		t.Error(err)
	}
	plan.Changes[0].Path = "/etc/docker/ca.crt"
	_, _ = a.Apply(t.Context(), plan, nil)
	_ = filepath.WalkDir(outside, func(p string, e fs.DirEntry, _ error) error {
		if p != outside {
			t.Errorf("%s was made outside the root", p)
		}
		return nil
	})
}
