package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/world"
)

// tree is a machine's files below a directory: a path ending in "/" is a
// directory.
func tree(t *testing.T, files map[string]string) world.World {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		full := filepath.Join(root, name)
		if name[len(name)-1] == '/' {
			if err := os.MkdirAll(full, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := world.Under(root, "linux")
	w.User = world.User{UID: 1000, GID: 1000, Name: "alice", Home: "/home/alice"}
	return w
}

func contextFile(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "/home/alice/.docker/contexts/meta/" + hex.EncodeToString(sum[:]) + "/meta.json"
}

func contextMeta(name, host string) string {
	return `{"Name":"` + name + `","Endpoints":{"docker":{"Host":"` + host + `"}}}`
}

func TestHosts(t *testing.T) {
	lab := map[string]string{
		"/usr/bin/dockerd":                              "",
		"/home/alice/.docker/config.json":               `{"currentContext":"lab"}`,
		contextFile("lab"):                              contextMeta("lab", "ssh://build.lab"),
		contextFile("rootless"):                         contextMeta("rootless", "unix:///run/user/1000/docker.sock"),
		"/run/user/1000/docker.sock":                    "",
		"/home/alice/.docker/contexts/meta/x/meta.json": "broken",
	}
	for name, c := range map[string]struct {
		files map[string]string
		env   map[string]string
		os    string
		want  []Docker
	}{
		"nothing installed": {},
		"installed, not running": {
			files: map[string]string{"/usr/sbin/dockerd": ""},
			want:  []Docker{{Host: "unix:///run/docker.sock", Current: true}},
		},
		"snap": {
			files: map[string]string{"/snap/bin/docker.dockerd": "", "/run/docker.sock": ""},
			want:  []Docker{{Host: "unix:///run/docker.sock", Current: true, Snap: true}},
		},
		"rootless beside root's": {
			files: map[string]string{"/run/docker.sock": "", "/run/user/1000/docker.sock": ""},
			want: []Docker{
				{Host: "unix:///run/docker.sock", Current: true},
				{Host: "unix:///run/user/1000/docker.sock", Rootless: true},
			},
		},
		"rootless, stopped": {
			files: map[string]string{"/home/alice/.config/systemd/user/docker.service": ""},
			want: []Docker{
				{Host: "unix:///run/user/1000/docker.sock", Rootless: true},
				{Host: "unix:///home/alice/.docker/run/docker.sock", Rootless: true},
			},
		},
		"Desktop on Linux": {
			files: map[string]string{"/home/alice/.docker/desktop/docker.sock": ""},
			want:  []Docker{{Host: "unix:///home/alice/.docker/desktop/docker.sock", Desktop: true}},
		},
		"contexts": {
			files: lab,
			want: []Docker{
				{Host: "ssh://build.lab", Context: "lab", Current: true, Remote: true},
				{Host: "unix:///run/docker.sock"},
				{Host: "unix:///run/user/1000/docker.sock", Context: "rootless", Rootless: true},
			},
		},
		"DOCKER_HOST wins over contexts, by its one spelling": {
			files: lab, env: map[string]string{"DOCKER_HOST": "unix:///var/run/docker.sock"},
			want: []Docker{
				{Host: "unix:///run/docker.sock", Current: true},
				{Host: "unix:///run/user/1000/docker.sock", Context: "rootless", Rootless: true},
				{Host: "ssh://build.lab", Context: "lab", Remote: true},
			},
		},
		"DOCKER_CONTEXT default": {
			files: lab, env: map[string]string{"DOCKER_CONTEXT": "default"},
			want: []Docker{
				{Host: "unix:///run/docker.sock", Current: true},
				{Host: "unix:///run/user/1000/docker.sock", Context: "rootless", Rootless: true},
				{Host: "ssh://build.lab", Context: "lab", Remote: true},
			},
		},
		"a context that is gone": {
			env: map[string]string{"DOCKER_CONTEXT": "gone"},
			want: []Docker{{
				Host: "context:gone", Context: "gone", Current: true, Remote: true,
				Why: "this docker context cannot be read",
			}},
		},
		"another machine, password dropped": {
			env:  map[string]string{"DOCKER_HOST": "tcp://alice:hunter2@10.0.0.7:2376"},
			want: []Docker{{Host: "tcp://alice@10.0.0.7:2376", Current: true, Remote: true}},
		},
		"loopback": {
			env:  map[string]string{"DOCKER_HOST": "localhost:2375"},
			want: []Docker{{Host: "tcp://localhost:2375", Current: true}},
		},
		"macOS": {
			os: "darwin", files: map[string]string{"/home/alice/.docker/run/docker.sock": "", "/var/run/docker.sock": ""},
			want: []Docker{
				{Host: "unix:///var/run/docker.sock", Current: true},
				{Host: "unix:///home/alice/.docker/run/docker.sock", Desktop: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := tree(t, c.files)
			if c.os != "" {
				w.OS = c.os
			}
			if err := os.MkdirAll(filepath.Join(w.Root, "var"), 0o755); err != nil {
				t.Fatal(err)
			}
			if w.OS == "linux" {
				if err := os.Symlink("/run", filepath.Join(w.Root, "var/run")); err != nil {
					t.Fatal(err)
				}
			}
			w.Env = env(c.env)
			if diff := cmp.Diff(c.want, hosts(w)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWindowsHosts(t *testing.T) {
	pipe := []Docker{{Host: "npipe:////./pipe/docker_engine", Current: true}}
	for dir, want := range map[string][]Docker{
		"/Program Files/Docker/":             pipe,
		"/ProgramData/docker/windowsfilter/": pipe,
		"/ProgramData/docker/certs.d/":       nil, // which Mooring makes for a Docker to come
	} {
		w := tree(t, map[string]string{dir: ""})
		w.OS, w.User.Home = "windows", `C:\Users\alice`
		if diff := cmp.Diff(want, hosts(w)); diff != "" {
			t.Errorf("%s: %s", dir, diff)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"unix:///var/run/docker.sock", "tcp://u:p@h:1", "h:1", "ssh://[::1]:x", "npipe:////./pipe/p", "://", "//://"} {
		f.Add(s)
	}
	w := world.World{OS: "linux", FS: world.Disk{Root: f.TempDir()}}
	f.Fuzz(func(t *testing.T, s string) {
		once := canonical(w, s)
		if once != "" && canonical(w, once) != once {
			t.Errorf("%q -> %q -> %q", s, once, canonical(w, once))
		}
		isLocal(once)
		address(once)
	})
}
