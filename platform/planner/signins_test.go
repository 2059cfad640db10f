package planner

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

const (
	home      = "/home/alice"
	dockerCfg = home + "/.docker/config.json"
	runAuth   = "/run/user/1000/containers/auth.json"
	homeAuth  = home + "/.config/containers/auth.json"

	// alice:hunter2-alice and bob:hunter2-bob
	alice = `{"auth":"YWxpY2U6aHVudGVyMi1hbGljZQ=="}`
	bob   = `{"auth":"Ym9iOmh1bnRlcjItYm9i"}`
)

var both = []trust.Party{trust.Docker, trust.Podman}

// person is alice with her files below a directory. A content that begins with
// "->" is a link.
type person struct {
	t    *testing.T
	w    world.World
	look []string
	kept bool
}

func newPerson(t *testing.T, files, env map[string]string, look ...string) *person {
	t.Helper()
	w := world.Under(t.TempDir(), "linux")
	w.User = world.User{UID: 1000, GID: 1000, Name: "alice", Home: home}
	w.Env = func(name string) string {
		if v, ok := env[name]; ok {
			return v
		}
		return map[string]string{"XDG_RUNTIME_DIR": "/run/user/1000"}[name]
	}
	for name, content := range files {
		full := filepath.Join(w.Root, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		err := os.WriteFile(full, []byte(content), 0o600)
		if to, ok := strings.CutPrefix(content, "->"); ok {
			_ = os.Remove(full)
			err = os.Symlink(to, full)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return &person{t: t, w: w, look: append(look, "docker-credential-mooring"), kept: true}
}

func (p *person) planner() SignIns {
	return SignIns{
		World: p.w, Writable: func(string) bool { return true },
		Kept: func(trust.Registry) bool { return p.kept },
		Look: func(name string) bool { return slices.Contains(p.look, name) },
	}
}

// told is a plan in lines, with what the files will hold.
func (p *person) told(plan trust.Plan) []string {
	var out []string
	for _, c := range plan.Changes {
		line := fmt.Sprintf("%s %s %s %v", c.Status, c.Kind, c.Path, c.Parties)
		if c.Via != "" {
			line += " via " + c.Via
		}
		out = append(out, line)
		if c.Kind != trust.EditFile {
			continue
		}
		before, _ := p.w.FS.ReadFile(c.Path)
		after, _, done, err := configfile.AuthFile{}.Edit(before, c.Edits)
		if err != nil {
			p.t.Error(err)
		}
		if diff := cmp.Diff(c.Edits, done); diff != "" {
			p.t.Errorf("the plan's edits are not as the editor completes them:\n%s", diff)
		}
		compact, err := json.Marshal(json.RawMessage(after))
		if err != nil && len(after) > 0 {
			p.t.Error(err)
		}
		out = append(out, "  "+string(compact))
	}
	for _, c := range plan.Consequences {
		out = append(out, strings.TrimRight(fmt.Sprintf("! %s %s %s", c.Code, c.Path, c.Name), " "))
	}
	return out
}

func TestUse(t *testing.T) {
	const (
		reg   = "reg.lab:5000"
		login = "! podman-login " + runAuth
	)
	served := "! docker-serves " + dockerCfg
	for name, c := range map[string]struct {
		files, env map[string]string
		look       []string
		reg        string
		tools      []trust.Party
		want       []string
	}{
		"nothing there, and no store": {
			tools: both,
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg, served, login,
			},
		},
		"nothing there, and a store": {
			tools: []trust.Party{trust.Docker}, look: []string{"docker-credential-secretservice"},
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"},"credsStore":"secretservice"}`,
				"! default-store " + dockerCfg + " secretservice",
			},
		},
		"pass goes before the secret service": {
			tools: []trust.Party{trust.Docker}, look: []string{"docker-credential-secretservice", "docker-credential-pass", "pass"},
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"},"credsStore":"pass"}`,
				"! default-store " + dockerCfg + " pass",
			},
		},
		"pass without its helper is none": {
			tools: []trust.Party{trust.Docker}, look: []string{"docker-credential-secretservice", "pass"},
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg,
			},
		},
		"passwords of others keep docker from a store": {
			files: map[string]string{dockerCfg: `{"auths":{"other.lab":` + alice + `}}`}, look: []string{"docker-credential-secretservice"},
			tools: []trust.Party{trust.Docker},
			want: []string{
				"edited edit-file " + dockerCfg + " [docker]", `  {"auths":{"other.lab":` + alice + `},"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg,
			},
		},
		"its own store stays": {
			files: map[string]string{dockerCfg: `{"credsStore":"desktop"}`}, tools: both,
			want: []string{
				"edited edit-file " + dockerCfg + " [docker]", `  {"credsStore":"desktop","credHelpers":{"reg.lab:5000":"mooring"}}`, served, login,
			},
		},
		"another's helper is replaced, visibly": {
			files: map[string]string{dockerCfg: `{"credsStore":"pass","credHelpers":{"reg.lab:5000":"ecr-login"}}`},
			tools: []trust.Party{trust.Docker},
			want:  []string{"replaced edit-file " + dockerCfg + " [docker]", `  {"credsStore":"pass","credHelpers":{"reg.lab:5000":"mooring"}}`},
		},
		"in place already": {
			files: map[string]string{dockerCfg: `{"credsStore":"pass","credHelpers":{"reg.lab:5000":"mooring"}}`}, tools: both,
			want: []string{
				"unchanged edit-file " + dockerCfg + " [docker]",
				`  {"credsStore":"pass","credHelpers":{"reg.lab:5000":"mooring"}}`, served, login,
			},
		},
		"a store is written although the helper is there": {
			files: map[string]string{dockerCfg: `{"credHelpers":{"reg.lab:5000":"mooring"}}`},
			tools: []trust.Party{trust.Docker}, look: []string{"docker-credential-secretservice"},
			want: []string{
				"edited edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"},"credsStore":"secretservice"}`,
				"! default-store " + dockerCfg + " secretservice",
			},
		},
		"a password of its own stays readable": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab:5000":` + alice + `}}`}, look: []string{"docker-credential-secretservice"},
			tools: []trust.Party{trust.Docker},
			want: []string{
				"edited edit-file " + dockerCfg + " [docker]",
				`  {"auths":{"reg.lab:5000":` + alice + `},"credHelpers":{"reg.lab:5000":"mooring"},"credsStore":"secretservice"}`,
				"! default-store " + dockerCfg + " secretservice", "! password-stays " + dockerCfg,
			},
		},
		"podman alone": {
			tools: []trust.Party{trust.Podman},
			want:  []string{"new edit-file " + homeAuth + " [podman]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`, login},
		},
		"docker's file serves podman already": {
			files: map[string]string{dockerCfg: `{"credHelpers":{"reg.lab:5000":"mooring"}}`}, tools: []trust.Party{trust.Podman},
			want: []string{served, login},
		},
		"podman's runtime file wins over docker's, and over its own": {
			files: map[string]string{runAuth: `{"auths":{"reg.lab:5000":` + bob + `}}`}, tools: both,
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"new edit-file " + homeAuth + " [podman]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg, "! earlier-file " + runAuth, login, "! password-stays " + runAuth,
			},
		},
		"podman's own file goes before docker's": {
			files: map[string]string{homeAuth: `{"credHelpers":{"reg.lab:5000":"pass"}}`}, tools: both,
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"replaced edit-file " + homeAuth + " [podman]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg, login,
			},
		},
		"the one file that a variable names": {
			env: map[string]string{"REGISTRY_AUTH_FILE": "/a.json"}, tools: both,
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"new edit-file /a.json [podman]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg,
			},
		},
		"docker's other directory": {
			env: map[string]string{"DOCKER_CONFIG": "/d"}, tools: []trust.Party{trust.Docker},
			want: []string{"new edit-file /d/config.json [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`, "! plaintext-stays /d/config.json"},
		},
		"docker's variable goes first": {
			env:   map[string]string{"DOCKER_AUTH_CONFIG": `{"auths":{"reg.lab:5000":` + bob + `}}`},
			tools: []trust.Party{trust.Docker},
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg, "! variable-wins DOCKER_AUTH_CONFIG",
			},
		},
		"Docker Hub has two names": {
			reg: "docker.io", tools: both,
			want: []string{
				"new edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"https://index.docker.io/v1/":"mooring"}}`,
				"new edit-file " + homeAuth + " [podman]", `  {"credHelpers":{"docker.io":"mooring"}}`,
				"! plaintext-stays " + dockerCfg, "! podman-login " + runAuth,
			},
		},
		"a link is followed and stays": {
			files: map[string]string{dockerCfg: "->../dotfiles/docker.json", home + "/dotfiles/docker.json": "->/srv/dot/docker.json", "/srv/dot/docker.json": `{"credsStore":"pass"}`},
			tools: both,
			want: []string{
				"edited edit-file /srv/dot/docker.json [docker] via " + dockerCfg,
				`  {"credsStore":"pass","credHelpers":{"reg.lab:5000":"mooring"}}`, served, login,
			},
		},
		"a link that leads nowhere yet": {
			files: map[string]string{dockerCfg: "->../dotfiles/docker.json"}, tools: []trust.Party{trust.Docker},
			want: []string{
				"new edit-file " + home + "/dotfiles/docker.json [docker] via " + dockerCfg, `  {"credHelpers":{"reg.lab:5000":"mooring"}}`,
				"! plaintext-stays " + dockerCfg,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, c.files, c.env, c.look...)
			if c.reg == "" {
				c.reg = reg
			}
			plan, err := p.planner().Use(parse(t, c.reg), c.tools, true)
			if diff := cmp.Diff(c.want, p.told(plan)); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if plan.Action != "use" || plan.Privileged() {
				t.Errorf("%+v", plan)
			}
		})
	}
}

func parse(t *testing.T, name string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestUseWithoutASignIn(t *testing.T) {
	p := newPerson(t, map[string]string{dockerCfg: `{"credsStore":"pass"}`}, nil)
	p.kept = false
	plan, err := p.planner().Use(parse(t, "reg.lab"), []trust.Party{trust.Docker}, true)
	if err != nil || len(plan.Consequences) != 1 || plan.Consequences[0].Code != trust.NothingKept {
		t.Errorf("%+v, %v", plan.Consequences, err)
	}
}

func TestUseRefuses(t *testing.T) {
	var missing *HelperMissingError
	p := newPerson(t, nil, nil)
	p.look = nil
	if _, err := p.planner().Use(parse(t, "reg.lab"), both, true); !errors.As(err, &missing) {
		t.Errorf("without the helper: %v", err)
	}
	for content, want := range map[string]string{
		"{":                 "signins-file-syntax",
		"{// x\n}":          "signins-file-comment",
		`{"a":1,"a":2}`:     "signins-file-duplicate",
		`{"credHelpers":7}`: "signins-file-type",
		"\xef\xbb\xbf{}":    "signins-file-bom",
		"->" + dockerCfg:    "signins-file-other",
	} {
		p := newPerson(t, map[string]string{dockerCfg: content}, nil)
		_, err := p.planner().Use(parse(t, "reg.lab"), both, true)
		var file *FileError
		if !errors.As(err, &file) || file.Path != dockerCfg {
			t.Errorf("%q: %v", content, err)
			continue
		}
		if key, _ := file.Problem(); key != want {
			t.Errorf("%q: %s, want %s", content, key, want)
		}
	}
	p = newPerson(t, nil, nil)
	s := p.planner()
	s.Writable = func(string) bool { return false }
	_, err := s.Use(parse(t, "reg.lab"), both, true)
	var file *FileError
	if !errors.As(err, &file) {
		t.Fatal(err)
	}
	if key, _ := file.Problem(); key != "signins-file-rights" {
		t.Error(key)
	}
}

func TestLeave(t *testing.T) {
	p := newPerson(t, map[string]string{
		dockerCfg: `{"credHelpers":{"https://index.docker.io/v1/":"mooring","reg.lab":"mooring","gcr.io":"gcloud"},"credsStore":"pass"}`,
		homeAuth:  `{"credHelpers":{"reg.lab":"mooring"},"auths":{}}`,
	}, nil)
	for _, c := range []struct {
		reg   string
		tools []trust.Party
		want  []string
	}{
		{"reg.lab", both, []string{
			"edited edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"https://index.docker.io/v1/":"mooring","gcr.io":"gcloud"},"credsStore":"pass"}`,
			"edited edit-file " + homeAuth + " [podman]", `  {"auths":{}}`,
		}},
		{"reg.lab", []trust.Party{trust.Podman}, []string{
			"edited edit-file " + homeAuth + " [podman]", `  {"auths":{}}`, "! docker-serves " + dockerCfg,
		}},
		{"docker.io", both, []string{
			"edited edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"reg.lab":"mooring","gcr.io":"gcloud"},"credsStore":"pass"}`,
		}},
		{"gcr.io", both, nil},
	} {
		plan, err := p.planner().Use(parse(t, c.reg), c.tools, false)
		if diff := cmp.Diff(c.want, p.told(plan)); err != nil || diff != "" || plan.Action != "unuse" {
			t.Errorf("%s %v: %v\n%s", c.reg, c.tools, err, diff)
		}
	}
}

func TestUnregister(t *testing.T) {
	p := newPerson(t, map[string]string{
		dockerCfg: `{"credHelpers":{"https://index.docker.io/v1/":"mooring","gcr.io":"gcloud"},"credsStore":"mooring"}`,
		homeAuth:  `{"credHelpers":{"reg.lab":"mooring.exe"}}`,
		runAuth:   `{"auths":`,
	}, nil)
	p.look = nil // it is gone already
	plan, err := p.planner().Unregister()
	want := []string{
		"edited edit-file " + dockerCfg + " [docker]", `  {"credHelpers":{"gcr.io":"gcloud"}}`,
		"edited edit-file " + homeAuth + " [podman]", `  {}`,
	}
	if diff := cmp.Diff(want, p.told(plan)); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"docker.io", "reg.lab"}, plan.Registries); diff != "" {
		t.Error(diff)
	}
	if plan, err := newPerson(t, nil, nil).planner().Unregister(); err != nil || len(plan.Changes) != 0 {
		t.Errorf("%+v, %v", plan, err)
	}
}

func TestMove(t *testing.T) {
	kept := func(path string) string { return "new keep-secret " + path + " [docker podman]" }
	for name, c := range map[string]struct {
		files map[string]string
		look  []string
		want  []string
	}{
		"docker's, which podman reads, too": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab":` + alice + `,"other.lab":{}}}`},
			look:  []string{"docker-credential-secretservice"},
			want: []string{
				kept(dockerCfg), "edited edit-file " + dockerCfg + " [docker]",
				`  {"auths":{"reg.lab":{},"other.lab":{}},"credHelpers":{"reg.lab":"mooring"},"credsStore":"secretservice"}`,
				"! default-store " + dockerCfg + " secretservice", "! docker-serves " + dockerCfg, "! podman-login " + runAuth,
			},
		},
		"of another form": {
			files: map[string]string{dockerCfg: `{"auths":{"https://reg.lab/v2/":{"email":"a@b","Auth":"YWxpY2U6eA==","identitytoken":"ey"}},"credsStore":"pass"}`},
			want: []string{
				"new keep-secret " + dockerCfg + " [podman]", "edited edit-file " + dockerCfg + " [docker]",
				`  {"auths":{"https://reg.lab/v2/":{"email":"a@b"}},"credsStore":"pass"}`,
				"new edit-file " + homeAuth + " [podman]", `  {"credHelpers":{"reg.lab":"mooring"}}`, "! podman-login " + runAuth,
			},
		},
		"podman's": {
			files: map[string]string{runAuth: "{\n\t\"auths\": {\n\t\t\"reg.lab\": " + alice + "\n\t}\n}"},
			want: []string{
				"new keep-secret " + runAuth + " [podman]", "edited edit-file " + runAuth + " [podman]", `  {"auths":{"reg.lab":{}}}`,
				"new edit-file " + homeAuth + " [podman]", `  {"credHelpers":{"reg.lab":"mooring"}}`, "! podman-login " + runAuth,
			},
		},
		"the same one twice": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab":` + alice + `}}`, homeAuth: `{"auths":{"reg.lab":` + alice + `}}`},
			want: []string{
				"new keep-secret " + dockerCfg + " [docker]",
				"edited edit-file " + dockerCfg + " [docker]", `  {"auths":{"reg.lab":{}},"credHelpers":{"reg.lab":"mooring"}}`,
				"edited edit-file " + homeAuth + " [podman]", `  {"auths":{"reg.lab":{}}}`,
				"! plaintext-stays " + dockerCfg, "! docker-serves " + dockerCfg, "! podman-login " + runAuth,
			},
		},
		"two that differ": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab":` + alice + `}}`, homeAuth: `{"auths":{"reg.lab":` + bob + `}}`},
			want: []string{
				"new keep-secret " + dockerCfg + " [docker]",
				"edited edit-file " + dockerCfg + " [docker]", `  {"auths":{"reg.lab":{}},"credHelpers":{"reg.lab":"mooring"}}`,
				"! plaintext-stays " + dockerCfg, "! password-stays " + homeAuth,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, c.files, nil, c.look...)
			plan, err := p.planner().Move(t.Context(), parse(t, "reg.lab"))
			if diff := cmp.Diff(c.want, p.told(plan)); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			text, err := json.Marshal(plan)
			if err != nil || strings.Contains(string(text), "YWxpY2U6") || strings.Contains(string(text), "hunter2") {
				t.Errorf("%v: a secret in %s", err, text)
			}
		})
	}
	if _, err := newPerson(t, map[string]string{dockerCfg: `{"auths":{"reg.lab":{}}}`}, nil).planner().Move(t.Context(), parse(t, "reg.lab")); !errors.Is(err, ErrNoPassword) {
		t.Error(err)
	}
}

// A plan can be carried out below a root, and undone to the byte.
func TestUseIsCarriedOut(t *testing.T) {
	p := newPerson(t, map[string]string{dockerCfg: "->../d.json", home + "/d.json": "{\r\n  \"credsStore\" : \"pass\"\r\n}\r\n"}, nil)
	e := &change.Engine{Dir: filepath.Join(t.TempDir(), "journal"), Root: p.w.Root, Editor: configfile.AuthFile{}}
	plan, err := p.planner().Use(parse(t, "docker.io"), both, true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(filepath.Join(p.w.Root, dockerCfg)); to != "../d.json" {
		t.Errorf("the link is gone: %q, %v", to, err)
	}
	if data, _ := p.w.FS.ReadFile(homeAuth); !strings.Contains(string(data), `"docker.io": "mooring"`) {
		t.Errorf("%s", data)
	}
	if _, err := e.Undo(t.Context(), r.ID, nil); err != nil {
		t.Fatal(err)
	}
	if data, _ := p.w.FS.ReadFile(home + "/d.json"); string(data) != "{\r\n  \"credsStore\" : \"pass\"\r\n}\r\n" {
		t.Errorf("%q", data)
	}
	if world.Exists(p.w.FS, home+"/.config") {
		t.Error("a directory was left")
	}
}
