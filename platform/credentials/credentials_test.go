package credentials

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const (
	home      = "/home/alice"
	dockerCfg = home + "/.docker/config.json"
	runAuth   = "/run/user/1000/containers/auth.json"
	homeAuth  = home + "/.config/containers/auth.json"
	conf      = "/etc/containers/registries.conf"
)

// machine is alice's, with files below a directory.
func machine(t testing.TB, files, env map[string]string) world.World {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		full := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := world.Under(root, "linux")
	w.User = world.User{UID: 1000, GID: 1000, Name: "alice", Home: home}
	vars := map[string]string{"XDG_RUNTIME_DIR": "/run/user/1000"}
	for k, v := range env {
		vars[k] = v
	}
	w.Env = func(name string) string { return vars[name] }
	return w
}

// auth is an entry of "auths" with a password.
func auth(key, user, password string) string {
	return fmt.Sprintf(`%q:{"auth":%q}`, key, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func auths(entries ...string) string { return `{"auths":{` + strings.Join(entries, ",") + `}}` }

func registry(t testing.TB, name string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func line(p Place) string {
	what := "text of " + p.User
	if p.Token {
		what += " (token)"
	}
	if p.Helper != "" {
		what = "helper " + p.Helper
	}
	return fmt.Sprintf("%s | %s | %s | %s | %v", p.Registry, what, p.Path, p.Key, p.Readers)
}

func TestFind(t *testing.T) {
	token := `"acr.lab":{"auth":"MDA6","identitytoken":"ey"}`
	for name, tt := range map[string]struct {
		files, env map[string]string
		keeps      bool // Mooring's keyring, everything
		want       []string
		problems   []string
	}{
		"nothing": {},
		"plain text that both read": {
			files: map[string]string{dockerCfg: auths(auth("reg:5000", "alice", "pw"), token)},
			want: []string{
				"acr.lab | text of 00 (token) | " + dockerCfg + " | acr.lab | [docker podman]",
				"reg:5000 | text of alice | " + dockerCfg + " | reg:5000 | [docker podman]",
			},
		},
		"podman's own comes first for podman": {
			files: map[string]string{
				dockerCfg: auths(auth("reg:5000", "alice", "pw")),
				runAuth:   auths(auth("reg:5000", "bob", "pw")),
				homeAuth:  auths(auth("reg:5000", "carol", "pw")),
			},
			want: []string{
				"reg:5000 | text of alice | " + dockerCfg + " | reg:5000 | [docker]",
				"reg:5000 | text of bob | " + runAuth + " | reg:5000 | [podman]",
				"reg:5000 | text of carol | " + homeAuth + " | reg:5000 | []",
			},
		},
		"the file that a variable names is podman's only one": {
			files: map[string]string{
				dockerCfg: auths(auth("reg:5000", "alice", "pw")),
				runAuth:   auths(auth("reg:5000", "bob", "pw")),
				"/a.json": auths(auth("other", "dave", "pw")),
			},
			env: map[string]string{"REGISTRY_AUTH_FILE": "/a.json"},
			want: []string{
				"other | text of dave | /a.json | other | [podman]",
				"reg:5000 | text of alice | " + dockerCfg + " | reg:5000 | [docker]",
			},
		},
		"another directory of docker's": {
			files: map[string]string{dockerCfg: auths(auth("reg:5000", "alice", "pw")), "/d/config.json": auths(auth("b", "bob", "pw"))},
			env:   map[string]string{"DOCKER_CONFIG": "/d"},
			want:  []string{"b | text of bob | /d/config.json | b | [docker podman]"},
		},
		"docker's default helper leaves markers, which podman does not follow": {
			files: map[string]string{dockerCfg: `{"auths":{"reg:5000":{}},"credsStore":"secretservice"}`},
			want:  []string{"reg:5000 | helper secretservice | " + dockerCfg + " | reg:5000 | [docker]"},
		},
		"a password left behind when the default helper came": {
			files: map[string]string{dockerCfg: `{"credsStore":"pass",` + auths(auth("reg:5000", "alice", "pw"))[1:]},
			want: []string{
				"reg:5000 | helper pass | " + dockerCfg + " | reg:5000 | [docker]",
				"reg:5000 | text of alice | " + dockerCfg + " | reg:5000 | [podman]",
			},
		},
		"a helper of one registry, for both": {
			files: map[string]string{dockerCfg: `{"credHelpers":{"ecr.lab":"ecr-login"},"credsStore":"pass"}`},
			want:  []string{"ecr.lab | helper ecr-login | " + dockerCfg + " | ecr.lab | [docker podman]"},
		},
		"no helper for one registry": {
			files: map[string]string{dockerCfg: `{"credHelpers":{"reg:5000":""},"credsStore":"pass",` + auths(auth("reg:5000", "alice", "pw"))[1:]},
			want:  []string{"reg:5000 | text of alice | " + dockerCfg + " | reg:5000 | [docker]"},
		},
		"Mooring's helper that holds it": {
			files: map[string]string{dockerCfg: `{"credHelpers":{"reg:5000":"mooring"}}`},
			keeps: true,
			want:  []string{"reg:5000 | helper mooring | " + dockerCfg + " | reg:5000 | [docker podman]"},
		},
		"Mooring's helper that holds nothing": {
			files: map[string]string{
				runAuth:   `{"credHelpers":{"reg:5000":"mooring"}}`,
				homeAuth:  auths(auth("reg:5000", "carol", "pw")),
				dockerCfg: `{"credHelpers":{"reg:5000":"mooring.exe"}}`,
			},
			want: []string{"reg:5000 | text of carol | " + homeAuth + " | reg:5000 | [podman]"},
		},
		"Docker Hub under its names": {
			files: map[string]string{dockerCfg: auths(auth("https://index.docker.io/v1/", "alice", "pw"), `"https://index.docker.io/v1/access-token":{}`)},
			want:  []string{"docker.io | text of alice | " + dockerCfg + " | https://index.docker.io/v1/ | [docker podman]"},
		},
		"podman's name of it is nothing to docker": {
			files: map[string]string{dockerCfg: `{"credHelpers":{"docker.io":"pass"}}`},
			want:  []string{"docker.io | helper pass | " + dockerCfg + " | docker.io | [podman]"},
		},
		"an old file's address": {
			files: map[string]string{dockerCfg: auths(auth("https://reg.lab:5000/v2/", "alice", "pw"))},
			want:  []string{"reg.lab:5000 | text of alice | " + dockerCfg + " | https://reg.lab:5000/v2/ | [docker podman]"},
		},
		"an empty entry hides the old one": {
			files: map[string]string{dockerCfg: auths(auth("https://reg.lab/v2/", "alice", "pw"), `"reg.lab":{}`)},
			want:  []string{"reg.lab | text of alice | " + dockerCfg + " | https://reg.lab/v2/ | []"},
		},
		"a namespace of podman's": {
			files: map[string]string{homeAuth: auths(auth("reg.lab/team", "alice", "pw"))},
			want:  []string{"reg.lab | text of alice | " + homeAuth + " | reg.lab/team | []"},
		},
		"a file of before docker 1.7": {
			files: map[string]string{home + "/.dockercfg": "{" + auth("https://reg.lab/v1/", "alice", "pw") + "}"},
			want:  []string{"reg.lab | text of alice | " + home + "/.dockercfg | https://reg.lab/v1/ | [podman]"},
		},
		"the variable comes first, exactly": {
			files: map[string]string{dockerCfg: auths(auth("reg:5000", "alice", "pw"))},
			env:   map[string]string{Variable: auths(auth("reg:5000", "ci", "pw"), auth("https://other/v2/", "ci", "pw"))},
			want: []string{
				"other | text of ci | " + Variable + " | https://other/v2/ | []",
				"reg:5000 | text of ci | " + Variable + " | reg:5000 | [docker]",
				"reg:5000 | text of alice | " + dockerCfg + " | reg:5000 | [podman]",
			},
		},
		"podman's other helpers leave no sign": {
			files: map[string]string{
				conf:      `credential-helpers = ["containers-auth.json", "secretservice"]`,
				dockerCfg: auths(auth("reg:5000", "alice", "pw")),
			},
			want: []string{"reg:5000 | text of alice | " + dockerCfg + " | reg:5000 | [docker podman]"},
		},
		"podman without its files": {
			files: map[string]string{conf: `credential-helpers = ["secretservice"]`, runAuth: auths(auth("reg:5000", "alice", "pw"))},
			want:  []string{"reg:5000 | text of alice | " + runAuth + " | reg:5000 | []"},
		},
		"a file that podman does not get past": {
			files:    map[string]string{runAuth: `{"auths":`, homeAuth: auths(auth("reg:5000", "alice", "pw"))},
			want:     []string{"reg:5000 | text of alice | " + homeAuth + " | reg:5000 | []"},
			problems: []string{runAuth},
		},
		"nothing usable": {
			files: map[string]string{dockerCfg: auths(
				`"a":{"auth":"!!"}`, `"b":{"auth":"YWxpY2U="}`, `"c":{"auth":"OnB3"}`, `"d":{"registrytoken":"ey"}`, `"not a registry":{"auth":"YTpi"}`)},
		},
		"broken": {
			files:    map[string]string{dockerCfg: `{"auths":{"reg":{"auth":5}}}`},
			env:      map[string]string{Variable: "{"},
			problems: []string{Variable, dockerCfg},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tools := Load(machine(t, tt.files, tt.env))
			var got, problems []string
			for _, p := range tools.Find(func(trust.Registry) bool { return tt.keeps }) {
				got = append(got, line(p))
			}
			for _, p := range tools.Problems() {
				problems = append(problems, p.Path)
				if strings.Contains(p.Error(), "pw") {
					t.Errorf("quotes a secret: %v", p)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.problems, problems); d != "" {
				t.Errorf("problems (-want +got)\n%s", d)
			}
		})
	}
}

// What the tools would ask, whether or not a file shows that there is anything.
func TestUses(t *testing.T) {
	tools := Load(machine(t, map[string]string{
		dockerCfg: `{"credsStore":"pass","credHelpers":{"ecr.lab":"ecr-login"}}`,
		homeAuth:  auths(auth("reg", "carol", "pw")),
		conf:      `credential-helpers = ["first", "containers-auth.json", "last"]`,
	}, nil))
	for _, tt := range []struct {
		party trust.Party
		reg   string
		want  []string
	}{
		{trust.Docker, "reg", []string{"helper pass reg"}},
		{trust.Docker, "docker.io", []string{"helper pass https://index.docker.io/v1/"}},
		{trust.Docker, "ecr.lab", []string{"helper ecr-login ecr.lab"}},
		{trust.Podman, "reg", []string{"helper first reg", "text carol reg", "helper last reg"}},
		{trust.Podman, "ecr.lab", []string{"helper first ecr.lab", "helper ecr-login ecr.lab", "helper last ecr.lab"}},
		{trust.Podman, "docker.io", []string{"helper first docker.io", "helper last docker.io"}},
	} {
		var got []string
		for _, p := range tools.Uses(tt.party, registry(t, tt.reg)) {
			what := "text " + p.User
			if p.Helper != "" {
				what = "helper " + p.Helper
			}
			got = append(got, what+" "+p.Key)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s %s (-want +got)\n%s", tt.party, tt.reg, d)
		}
	}
}

func TestAuthPathsElsewhere(t *testing.T) {
	w := world.World{OS: "darwin", User: world.User{Home: "/Users/a"}}
	if d := cmp.Diff([]string{"/Users/a/.config/containers/auth.json"}, AuthPaths(w)); d != "" {
		t.Error(d)
	}
	w = world.World{OS: "linux", User: world.User{UID: 7, Home: "/h"}}
	if d := cmp.Diff([]string{"/run/containers/7/auth.json", "/h/.config/containers/auth.json"}, AuthPaths(w)); d != "" {
		t.Error(d)
	}
}
