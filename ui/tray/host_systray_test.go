//go:build linux || windows || (darwin && cgo)

package tray

import "testing"

func TestPathsKeepTheirUnderscores(t *testing.T) {
	for system, want := range map[string]string{"linux": "writes /my__files", "windows": "writes /my_files", "darwin": "writes /my_files"} {
		if got := title("writes /my_files", system); got != want {
			t.Errorf("%s: %s", system, got)
		}
	}
}
