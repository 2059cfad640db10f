package assets

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

const entry = "desktop/dev.mooring.Mooring.desktop"

// The desktop's own tool has the last word on the entry.
func TestDesktopEntryIsValid(t *testing.T) {
	tool, err := exec.LookPath("desktop-file-validate")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("desktop-file-validate is missing (package desktop-file-utils)")
		}
		t.Skip("desktop-file-validate is missing (package desktop-file-utils)")
	}
	if out, err := exec.Command(tool, "--warn-kde", entry).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// A link reaches Mooring as one argument, which begins with the scheme: %u is one
// URL, and nothing that a page chose stands before it.
func TestDesktopEntryTakesLinks(t *testing.T) {
	b, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Exec=mooring %u", "MimeType=x-scheme-handler/mooring;", "Terminal=false"} {
		if !strings.Contains("\n"+string(b), "\n"+line+"\n") {
			t.Errorf("the entry lacks %q", line)
		}
	}
}
