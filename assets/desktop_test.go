package assets

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/need"
)

const (
	entry    = "desktop/dev.mooring.Mooring.desktop"
	metainfo = "desktop/dev.mooring.Mooring.metainfo.xml"
)

// tool is a program of the desktop's, with what it is to be called with.
func tool(t *testing.T, pkg, name string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.Command(need.Tool(t, name, "package "+pkg), args...)
}

// The desktop's own tools have the last word on the entry, and on what a software
// centre shows.
func TestDesktopEntryIsValid(t *testing.T) {
	if out, err := tool(t, "desktop-file-utils", "desktop-file-validate", "--warn-kde", entry).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestMetainfoIsValid(t *testing.T) {
	if out, err := tool(t, "appstream", "appstreamcli", "validate", "--no-net", metainfo).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A link or a file reaches Mooring as one argument: %u is one URL, and nothing that a
// page chose stands before it.
func TestDesktopEntryTakesLinksAndCertificates(t *testing.T) {
	b, err := os.ReadFile(entry)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"Exec=mooring %u", "Terminal=false",
		"MimeType=x-scheme-handler/mooring;application/x-x509-ca-cert;application/pkix-cert;application/x-pem-file;" +
			"application/x-pkcs7-certificates;application/pkcs7-mime;",
	} {
		if !strings.Contains("\n"+string(b), "\n"+line+"\n") {
			t.Errorf("the entry lacks %q", line)
		}
	}
}
