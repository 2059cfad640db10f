package world_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mooring.dev/mooring/platform/world"
)

// TestOverlayNarrows: a file has its other mode, and who may no longer read it does not.
func TestOverlayNarrows(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"own", "hidden", "other"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("key"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o := world.NewOverlay(world.Under(root, "linux").FS, time.Now())
	o.Narrow("/own", 0o600, false)
	o.Narrow("/hidden", 0o600, true)
	for name, want := range map[string]struct {
		mode   fs.FileMode
		hidden bool
	}{"/own": {0o600, false}, "/hidden": {0o600, true}, "/other": {0o644, false}} {
		i, err := o.Lstat(name)
		s, serr := o.Stat(name)
		if err != nil || serr != nil || i.Mode != want.mode || s.Mode != want.mode {
			t.Errorf("%s: %v, %v, %v, %v", name, i.Mode, s.Mode, err, serr)
		}
		if _, err := o.ReadFile(name); errors.Is(err, fs.ErrPermission) != want.hidden || err != nil && !want.hidden {
			t.Errorf("%s: %v", name, err)
		}
	}
}
