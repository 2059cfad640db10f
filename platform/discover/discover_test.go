package discover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/world"
)

// tree is a machine's files below a directory: a path ending in "/" is a
// directory.
func tree(t testing.TB, files map[string]string) world.World {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		full := filepath.Join(root, name)
		dir := filepath.Dir(full)
		if strings.HasSuffix(name, "/") {
			dir = full
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if dir == full {
			continue
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w := world.Under(root, "linux")
	w.User = world.User{UID: 1000, GID: 1000, Name: "alice", Home: "/home/alice"}
	return w
}

// lines writes what was found, one origin a line.
func lines(found []Found) []string {
	var out []string
	for _, f := range found {
		for _, o := range f.Origins {
			line := fmt.Sprintf("%s | %s | %s", f.Registry, o.Kind, o.Path)
			if o.Note != "" {
				line += " | " + o.Note
			}
			out = append(out, line)
		}
		for _, p := range f.Plaintext {
			out = append(out, fmt.Sprintf("%s | plaintext | %s", f.Registry, p))
		}
	}
	return out
}

func TestFind(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		env   map[string]string
		want  []string
	}{
		"nothing": {},
		"docker's config.json": {
			files: map[string]string{"/home/alice/.docker/config.json": `{
				"auths": {
					"https://index.docker.io/v1/": {},
					"https://index.docker.io/v1/access-token": {},
					"https://legacy.lab:5000/v1/": {"auth": "eDp5"},
					"reg": {},
					"not a registry": {}
				},
				"credHelpers": {"ecr.lab": "ecr-login"}
			}`},
			want: []string{
				"docker.io | docker-config | /home/alice/.docker/config.json | auths",
				"legacy.lab:5000 | docker-config | /home/alice/.docker/config.json | auths",
				"legacy.lab:5000 | plaintext | /home/alice/.docker/config.json",
				"reg | docker-config | /home/alice/.docker/config.json | auths",
				"ecr.lab | docker-config | /home/alice/.docker/config.json | credHelpers",
			},
		},
		"auth.json in all its places": {
			env: map[string]string{"DOCKER_CONFIG": "/dc", "REGISTRY_AUTH_FILE": "/own.json", "XDG_CONFIG_HOME": "/xdg"},
			files: map[string]string{
				"/dc/config.json":                          `{"auths": {"a.lab": {}}}`,
				"/home/alice/.docker/config.json":          `{"auths": {"unused.lab": {}}}`,
				"/own.json":                                `{"auths": {"b.lab/team/app": {"auth": "eDp5"}}}`,
				"/run/user/1000/containers/auth.json":      `{"auths": {"c.lab:5000": {}}}`,
				"/run/containers/1000/auth.json":           `{"auths": {"d.lab": {}}}`,
				"/xdg/containers/auth.json":                `{"credHelpers": {"e.lab": "x"}}`,
				"/home/alice/.config/containers/auth.json": `{"auths": {"f.lab": {}}}`,
				"/home/alice/.dockercfg":                   `{"https://g.lab/v1/": {"auth": "eDp5"}}`,
			},
			want: []string{
				"a.lab | docker-config | /dc/config.json | auths",
				"b.lab | containers-auth | /own.json | auths",
				"b.lab | plaintext | /own.json",
				"c.lab:5000 | containers-auth | /run/user/1000/containers/auth.json | auths",
				"d.lab | containers-auth | /run/containers/1000/auth.json | auths",
				"e.lab | containers-auth | /xdg/containers/auth.json | credHelpers",
				"f.lab | containers-auth | /home/alice/.config/containers/auth.json | auths",
				"g.lab | docker-config | /home/alice/.dockercfg | auths",
				"g.lab | plaintext | /home/alice/.dockercfg",
			},
		},
		"certs.d": {
			files: map[string]string{
				"/etc/docker/certs.d/reg.lab:5000/":                     "",
				"/etc/docker/certs.d/reg.lab/":                          "",
				"/etc/docker/certs.d/_default/":                         "",
				"/etc/docker/certs.d/stray.crt":                         "a file",
				"/etc/containerd/certs.d/reg.lab_5000_/hosts.toml":      "",
				"/etc/containerd/certs.d/[fd00::1]_5000_/":              "",
				"/etc/containers/certs.d/Other.lab:5000/":               "",
				"/home/alice/.config/containers/certs.d/mine.lab/":      "",
				"/home/alice/.config/docker/certs.d/rootless.lab:443/":  "",
				"/var/snap/docker/current/etc/docker/certs.d/snap.lab/": "",
				"/home/alice/.docker/certs.d/desktop.lab/":              "",
			},
			want: []string{
				"reg.lab | certs.d | /etc/docker/certs.d/reg.lab",
				"reg.lab:5000 | certs.d | /etc/docker/certs.d/reg.lab:5000",
				"reg.lab:5000 | certs.d | /etc/containerd/certs.d/reg.lab_5000_",
				"rootless.lab:443 | certs.d | /home/alice/.config/docker/certs.d/rootless.lab:443",
				"snap.lab | certs.d | /var/snap/docker/current/etc/docker/certs.d/snap.lab",
				"desktop.lab | certs.d | /home/alice/.docker/certs.d/desktop.lab",
				"mine.lab | certs.d | /home/alice/.config/containers/certs.d/mine.lab",
				"Other.lab:5000 | certs.d | /etc/containers/certs.d/Other.lab:5000",
				"[fd00::1]:5000 | certs.d | /etc/containerd/certs.d/[fd00::1]_5000_",
			},
		},
		"daemon.json": {
			files: map[string]string{
				"/etc/docker/daemon.json": `{
					"insecure-registries": ["reg.lab:5000", "http://stripped.lab", "10.0.0.0/8", "127.0.0.0/8", "10.1.2.3:5000"],
					"registry-mirrors": ["https://mirror.lab/", "http://plain.lab:5000"]
				}`,
				"/home/alice/.config/docker/daemon.json":      `{"insecure-registries": ["rootless.lab"]}`,
				"/var/snap/docker/current/config/daemon.json": `{"insecure-registries": ["snap.lab"]}`,
			},
			want: []string{
				"reg.lab:5000 | daemon.json | /etc/docker/daemon.json | insecure-registries",
				"stripped.lab | daemon.json | /etc/docker/daemon.json | insecure-registries",
				"10.1.2.3:5000 | daemon.json | /etc/docker/daemon.json | insecure-registries",
				"mirror.lab | daemon.json | /etc/docker/daemon.json | mirror of docker.io",
				"plain.lab:5000 | daemon.json | /etc/docker/daemon.json | mirror of docker.io",
				"rootless.lab | daemon.json | /home/alice/.config/docker/daemon.json | insecure-registries",
				"snap.lab | daemon.json | /var/snap/docker/current/config/daemon.json | insecure-registries",
			},
		},
		"registries.conf": {
			files: map[string]string{
				"/etc/containers/registries.conf": `
unqualified-search-registries = ["search.lab"]
[[registry]]
prefix = "docker.io"
location = "mirror.lab:5000/hub"
[[registry.mirror]]
location = "near.lab/hub"
[[registry]]
prefix = "*.wild.lab"
[[registry]]
location = "reg.lab:5000/team"
insecure = true
`,
				"/etc/containers/registries.conf.d/10-x.conf": "[[registry]]\nlocation = \"dropin.lab\"\nblocked = true\n",
			},
			want: []string{
				"docker.io | registries.conf | /etc/containers/registries.conf",
				"mirror.lab:5000 | registries.conf | /etc/containers/registries.conf | location of docker.io",
				"near.lab | registries.conf | /etc/containers/registries.conf | mirror of docker.io",
				"reg.lab:5000 | registries.conf | /etc/containers/registries.conf | insecure",
				"search.lab | registries.conf | /etc/containers/registries.conf | unqualified-search-registries",
				"dropin.lab | registries.conf | /etc/containers/registries.conf.d/10-x.conf | blocked",
			},
		},
		"one registry, many places": {
			files: map[string]string{
				"/home/alice/.docker/config.json":   `{"auths": {"reg.lab:5000": {}}, "credHelpers": {"reg.lab:5000": "pass"}}`,
				"/etc/docker/certs.d/reg.lab:5000/": "",
				"/etc/docker/daemon.json":           `{"insecure-registries": ["reg.lab:5000", "reg.lab:5000"]}`,
			},
			want: []string{
				"reg.lab:5000 | docker-config | /home/alice/.docker/config.json | auths",
				"reg.lab:5000 | docker-config | /home/alice/.docker/config.json | credHelpers",
				"reg.lab:5000 | certs.d | /etc/docker/certs.d/reg.lab:5000",
				"reg.lab:5000 | daemon.json | /etc/docker/daemon.json | insecure-registries",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := tree(t, c.files)
			w.Env = func(n string) string { return c.env[n] }
			found, problems := Find(t.Context(), w, Options{})
			if diff := cmp.Diff(c.want, lines(found)); diff != "" {
				t.Error(diff)
			}
			if len(problems) != 0 {
				t.Errorf("problems: %v", problems)
			}
		})
	}
}

func TestImagesAreAskedForOnlyIfWanted(t *testing.T) {
	w := tree(t, nil)
	w.FS, w.Root, w.Run = world.Disk{Root: w.Root}, "", podman{}
	if found, _ := Find(t.Context(), w, Options{}); len(found) != 0 {
		t.Errorf("unasked: %v", lines(found))
	}
	found, problems := Find(t.Context(), w, Options{AskEngines: true})
	want := []string{"reg.lab:5000 | image | podman | podman"}
	if diff := cmp.Diff(want, lines(found)); diff != "" || len(problems) != 0 {
		t.Errorf("problems %v, diff:\n%s", problems, diff)
	}
}

// podman is a machine with no other program.
type podman struct{}

func (podman) Look(name string) (string, error) {
	if name == "podman" {
		return "/usr/bin/podman", nil
	}
	return "", errors.New("not on PATH")
}

func (podman) Run(_ context.Context, c world.Command) (world.Result, error) {
	if len(c.Argv) > 1 && c.Argv[1] == "images" {
		return world.Result{Stdout: []byte("reg.lab:5000/team/app\nlocalhost/built\n")}, nil
	}
	return world.Result{}, errors.New("unexpected command")
}

func TestFindOnWindows(t *testing.T) {
	w := tree(t, map[string]string{
		"/ProgramData/docker/certs.d/reg.lab5000/":       "",
		"/ProgramData/docker/config/daemon.json":         `{"insecure-registries": ["plain.lab"]}`,
		"/Users/alice/.docker/config.json":               `{"auths": {"reg.lab:5000": {}}}`,
		"/ProgramData/containerd/certs.d/reg.lab_5000_/": "",
	})
	w.OS, w.User.Home = "windows", `C:\Users\alice`
	found, problems := Find(t.Context(), w, Options{})
	want := []string{
		`reg.lab:5000 | docker-config | C:\Users\alice\.docker\config.json | auths`,
		`reg.lab:5000 | certs.d | C:\ProgramData\docker\certs.d\reg.lab5000`,
		`reg.lab:5000 | certs.d | C:\ProgramData\containerd\certs.d\reg.lab_5000_`,
		`plain.lab | daemon.json | C:\ProgramData\docker\config\daemon.json | insecure-registries`,
	}
	if diff := cmp.Diff(want, lines(found)); diff != "" || len(problems) != 0 {
		t.Errorf("problems %v, diff:\n%s", problems, diff)
	}
}

func TestBadFilesStopNothing(t *testing.T) {
	w := tree(t, map[string]string{
		"/home/alice/.docker/config.json":             "{\n\"auths\": {\"x\": {\"auth\": s3cret}}}",
		"/run/user/1000/containers/auth.json":         "not JSON",
		"/etc/docker/daemon.json":                     `{"insecure-registries": "reg.lab"}`,
		"/etc/containers/registries.conf":             "[[registry]]\nlocation = \n",
		"/etc/containers/registries.conf.d/20-b.conf": strings.Repeat("#", 300<<10),
		"/etc/containers/registries.conf.d/30-c.conf": "[[registry]]\nlocation = \"good.lab\"\n",
		"/etc/docker/certs.d":                         "a file where a directory should be",
		"/home/alice/.dockercfg/":                     "",
	})
	found, problems := Find(t.Context(), w, Options{})
	want := []string{"good.lab | registries.conf | /etc/containers/registries.conf.d/30-c.conf"}
	if diff := cmp.Diff(want, lines(found)); diff != "" {
		t.Error(diff)
	}
	var paths []string
	for _, p := range problems {
		paths = append(paths, p.Path)
		if strings.Contains(p.Error(), "s3cret") || strings.Contains(p.Error(), w.Root) {
			t.Errorf("says too much: %v", p)
		}
	}
	wantPaths := []string{
		"/home/alice/.docker/config.json", "/run/user/1000/containers/auth.json", "/home/alice/.dockercfg",
		"/etc/docker/certs.d", "/etc/docker/daemon.json",
		"/etc/containers/registries.conf", "/etc/containers/registries.conf.d/20-b.conf",
	}
	if diff := cmp.Diff(wantPaths, paths); diff != "" {
		t.Errorf("%s\n%v", diff, problems)
	}
	if len(problems) > 0 && !errors.Is(problems[len(problems)-1], world.ErrTooLarge) {
		t.Errorf("%v", problems[len(problems)-1])
	}
}

func TestLinksStayInTheTree(t *testing.T) {
	w := tree(t, map[string]string{"/etc/docker/": "", "/real/reg.lab:5000/": ""})
	outside := t.TempDir()
	if err := os.Mkdir(filepath.Join(outside, "outside.lab"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, link := range [][2]string{{"/real", "etc/docker/certs.d"}, {outside, "etc/containers"}} {
		if err := os.Symlink(link[0], filepath.Join(w.Root, link[1])); err != nil {
			t.Fatal(err)
		}
	}
	found, _ := Find(t.Context(), w, Options{})
	want := []string{"reg.lab:5000 | certs.d | /etc/docker/certs.d/reg.lab:5000"}
	if diff := cmp.Diff(want, lines(found)); diff != "" {
		t.Error(diff)
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name    string
		windows bool
		want    string
	}{
		{"reg.lab:5000", false, "reg.lab:5000"},
		{"reg.lab", false, "reg.lab"},
		{"reg.lab_5000_", false, "reg.lab:5000"},
		{"[::1]_5000_", false, "[::1]:5000"},
		{"fd00::1_5000_", false, "[fd00::1]:5000"},
		{"[:_1]_", false, ""}, // containerd's spelling of a bare [::1], which says no port
		{"_default", false, ""},
		{"a_b", false, ""},
		{"reg.lab5000", true, "reg.lab:5000"},
		{"reg.lab443", true, "reg.lab:443"},
		{"reg.lab", true, "reg.lab"},
		{"localhost5000", true, "localhost:5000"},
		{"node1", true, "node1"},
		{"10.0.0.1", true, "10.0.0.1"},
		{"10.0.0.2005000", true, "10.0.0.200:5000"},
		{"10.0.0.75000", true, "10.0.0.7:5000"},
		{"10.0.0.15000", true, "10.0.0.1:5000"},
		{"10.0.0.18080", true, ""}, // .1:8080 or .180:80
		{"[1]5000", true, ""},
	} {
		got, ok := decode(c.name, c.windows)
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("decode(%q, %v) = %q, want %q", c.name, c.windows, got, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"reg.lab_5000_", "10.0.0.15000", "_default", "[::1]_1_", "a5000"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, name string, windows bool) {
		host, ok := decode(name, windows)
		if r, valid := RegistryOf(host); ok && valid && strings.ContainsAny(r.String(), "/\\ _") {
			t.Errorf("%q -> %q", name, r)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	files := map[string]string{}
	for i := range 1000 {
		files[fmt.Sprintf("/etc/docker/certs.d/reg%d.lab:5000/", i)] = ""
	}
	w := tree(b, files)
	for b.Loop() {
		if found, _ := Find(b.Context(), w, Options{}); len(found) != 1000 {
			b.Fatal(len(found))
		}
	}
}
