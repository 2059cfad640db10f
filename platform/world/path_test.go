package world

import (
	"os"
	"path/filepath"
	"testing"
)

func TestJoinWritesAsTheTargetDoes(t *testing.T) {
	linux, windows := World{OS: "linux"}, World{OS: "windows"}
	for _, c := range []struct {
		w    World
		elem []string
		want string
	}{
		{linux, []string{"/etc", "docker", "certs.d"}, "/etc/docker/certs.d"},
		{linux, []string{"/", "etc"}, "/etc"},
		{linux, []string{"/etc", "", "docker"}, "/etc/docker"},
		{windows, []string{`C:\ProgramData`, "docker"}, `C:\ProgramData\docker`},
		{windows, []string{`C:\`, "Users"}, `C:\Users`},
	} {
		if got := c.w.Join(c.elem...); got != c.want {
			t.Errorf("%s: Join(%q) = %q, want %q", c.w.OS, c.elem, got, c.want)
		}
	}
}

func TestWindowsTreeUnderRoot(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "ProgramData", "docker")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "daemon.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := Under(root, "windows")
	if b, err := w.FS.ReadFile(`C:\ProgramData\docker\daemon.json`); err != nil || string(b) != "{}" {
		t.Errorf("ReadFile = %q, %v", b, err)
	}
	if _, err := w.FS.ReadFile(`C:\ProgramData\..\..\etc\passwd`); err == nil {
		t.Error("a path led out of the root")
	}
}
