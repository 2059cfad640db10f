package world

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// owned is a machine's files as far as their owners go.
type owned struct {
	FS
	files map[string]Info
	links map[string]string
}

func (o owned) Lstat(path string) (Info, error) {
	i, ok := o.files[path]
	if !ok {
		return Info{}, &fs.PathError{Op: "lstat", Path: path, Err: fs.ErrNotExist}
	}
	return i, nil
}

func (o owned) Readlink(path string) (string, error) { return o.links[path], nil }

func machine() owned {
	const me = 1000
	dir, link := fs.ModeDir|0o755, fs.ModeSymlink|0o777
	return owned{
		files: map[string]Info{
			"/": {Mode: dir}, "/usr": {Mode: dir}, "/usr/bin": {Mode: dir}, "/home": {Mode: dir}, "/root": {Mode: fs.ModeDir | 0o700},
			"/usr/bin/dockerd": {Mode: 0o755},
			"/usr/bin/editor":  {Mode: link}, // to a program of a person's
			"/usr/bin/staff":   {Mode: 0o775, GID: 50},
			"/usr/bin/wheel":   {Mode: 0o775},
			"/usr/bin/loop":    {Mode: link},
			"/bin":             {Mode: link}, // to usr/bin
			"/open":            {Mode: fs.ModeDir | 0o777},
			"/open/file":       {Mode: 0o755},
			"/tmp":             {Mode: fs.ModeDir | fs.ModeSticky | 0o777},
			"/tmp/mine":        {Mode: fs.ModeDir | 0o700},
			"/tmp/theirs":      {Mode: fs.ModeDir | 0o700, UID: me},
			"/home/me":         {Mode: dir, UID: me},
			"/home/me/bin":     {Mode: dir, UID: me},
			"/home/me/dockerd": {Mode: 0o755},         // root's file in a directory that is not
			"/home/me/link":    {Mode: link, UID: me}, // to /usr/bin
		},
		links: map[string]string{
			"/usr/bin/editor": "../../home/me/dockerd", "/bin": "usr/bin", "/usr/bin/loop": "loop", "/home/me/link": "/usr/bin",
		},
	}
}

func TestOnlyRoot(t *testing.T) {
	for path, want := range map[string]bool{
		"/":                            true,
		"/usr/bin/dockerd":             true,
		"/bin/dockerd":                 true,
		"/usr/bin/none":                true, // only root could make it
		"/root/.local/state/mooring/x": true,
		"/tmp/mine":                    true,
		"/tmp/mine/new":                true,
		"/usr/bin/wheel":               true,
		"/usr/bin/staff":               false,
		"/usr/bin/editor":              false,
		"/usr/bin/loop":                false,
		"/open/file":                   false,
		"/open":                        false,
		"/tmp":                         false,
		"/tmp/none":                    false, // anybody could make it
		"/tmp/theirs":                  false,
		"/home/me":                     false,
		"/home/me/dockerd":             false,
		"/home/me/link/dockerd":        false,
		"/home/me/../../usr/bin":       false,
		"usr/bin":                      false,
		"":                             false,
	} {
		if err := OnlyRoot(machine(), path); (err == nil) != want {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestOnlyRootInAUserNamespace: there "/" belongs to the overflow user.
func TestOnlyRootInAUserNamespace(t *testing.T) {
	m := machine()
	for path, i := range m.files {
		switch i.UID {
		case 0:
			i.UID = 65534
		case 1000:
			i.UID = 0
		}
		m.files[path] = i
	}
	for _, path := range []string{"/usr/bin/dockerd", "/home/me/bin"} {
		if err := OnlyRoot(m, path); err != nil {
			t.Error(err)
		}
	}
}

func TestSessionOfRoot(t *testing.T) {
	hostile := []string{
		"HOME=/home/me", "PATH=/home/me/bin:.::/tmp:/usr/bin:/bin:/home/me/link", "DOCKER_HOST=unix:///home/me/d.sock",
		"DOCKER_CONFIG=/home/me/.docker", "DOCKER_CONTEXT=x", "XDG_STATE_HOME=/home/me/state", "XDG_CONFIG_HOME=/home/me/config",
		"XDG_RUNTIME_DIR=/run/user/1000", "REGISTRY_AUTH_FILE=/home/me/auth.json", "CONTAINERS_REGISTRIES_CONF=/home/me/r.conf",
		"SSL_CERT_FILE=/home/me/ca.pem", "SSL_CERT_DIR=/home/me/certs", "NERDCTL_TOML=/home/me/n.toml", "LIBGL_DRIVERS_PATH=/home/me",
		"LANG=ko_KR.UTF-8", "LC_ALL=C", "HTTPS_PROXY=http://proxy:3128", "DISPLAY=:0",
	}
	harmless := []string{"PATH=/usr/bin:/bin", "LANG=ko_KR.UTF-8", "LC_ALL=C", "HTTPS_PROXY=http://proxy:3128", "DISPLAY=:0", "HOME=/root"}
	if got := session(machine(), hostile, "/root"); !slices.Equal(got, harmless) {
		t.Errorf("of a person: %q", got)
	}
	for _, home := range []string{"/root", "/root/", "/tmp/mine"} {
		own := []string{"HOME=" + home, "PATH=/usr/bin", "DOCKER_HOST=tcp://127.0.0.1:2375", "XDG_STATE_HOME=/root/x"}
		if got := session(machine(), own, "/root"); !slices.Equal(got, own) {
			t.Errorf("its own: %q", got)
		}
	}
	if got := session(machine(), []string{"DOCKER_HOST=x", "PATH=/home/me/bin"}, "/root"); !slices.Equal(got, []string{"DOCKER_HOST=x", "PATH=" + safePath, "HOME=/root"}) {
		t.Errorf("without a home: %q", got)
	}
}

// TestRootRunsNoProgramOfOthers needs root, to give a file away.
func TestRootRunsNoProgramOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: the files of another user cannot be made")
	}
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh")
	}
	dir := t.TempDir()
	marker, program := filepath.Join(dir, "ran"), filepath.Join(dir, "bin", "dockerd")
	if err := os.Mkdir(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!"+sh+"\n: >"+marker+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(program))
	run := func() error {
		_, err := Exec{}.Run(t.Context(), Command{Argv: []string{program}})
		return err
	}
	if path, err := (Exec{}).Look("dockerd"); path != program || run() != nil || !Exists(Disk{}, marker) {
		t.Fatalf("root's own was not run: %q, %v", path, err)
	}
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Dir(program), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if path, err := (Exec{}).Look("dockerd"); path != "" || err == nil {
		t.Errorf("found %q", path)
	}
	if err := run(); err == nil || !strings.Contains(err.Error(), "does not belong to root") || Exists(Disk{}, marker) {
		t.Errorf("ran what another user can change: %v", err)
	}
}
