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

func TestParent(t *testing.T) {
	for name, want := range map[string][2]string{
		"/a/b":           {"/a", "b"},
		"/a":             {"/", "a"},
		"/":              {"/", ""},
		`/a/b\c`:         {"/a", `b\c`}, // a name on Linux may hold the other's separator
		`C:\a\b`:         {`C:\a`, "b"},
		`C:\a/b`:         {`C:\a`, "b"},
		`C:\a`:           {`C:\`, "a"},
		`C:\`:            {`C:\`, ""},
		`\\host\share\a`: {`\\host\share`, "a"},
	} {
		if dir, base := parent(name); dir != want[0] || base != want[1] {
			t.Errorf("parent(%q) = %q, %q, want %q", name, dir, base, want)
		}
	}
}

// What a plan would put into a directory of Windows is seen there, with all its
// directories.
func TestOverlayOfWindows(t *testing.T) {
	root := t.TempDir()
	w := Under(root, "windows")
	o := NewOverlay(w.FS, w.Now())
	const dir = `C:\ProgramData\docker\certs.d\reg.example5000`
	o.Put(dir+`\ca.crt`, []byte("x"))
	for _, d := range []string{`C:\ProgramData`, `C:\ProgramData\docker`, `C:\ProgramData\docker\certs.d`, dir} {
		if !IsDir(o, d) {
			t.Errorf("%s is no directory", d)
		}
	}
	for d, want := range map[string]string{`C:\ProgramData\docker\certs.d`: "reg.example5000", dir: "ca.crt"} {
		entries, err := o.ReadDir(d)
		if err != nil || len(entries) != 1 || entries[0].Name() != want || entries[0].IsDir() != (want != "ca.crt") {
			t.Errorf("%s holds %v (%v)", d, entries, err)
		}
	}
	o.Remove(dir + `\ca.crt`)
	if entries, err := o.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("after removing %v (%v)", entries, err)
	}
}
