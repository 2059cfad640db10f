package planner

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/need"
	"mooring.dev/mooring/trust"
)

// What is not the sign-in to exactly that registry does not become it.
func TestMoveLeaves(t *testing.T) {
	const reg = "reg.lab"
	for name, c := range map[string]struct {
		files, env map[string]string
		reg        string
		key        string // of the refusal
	}{
		"a namespace's":            {files: map[string]string{homeAuth: `{"auths":{"reg.lab/team":` + alice + `}}`}, key: "reg.lab/team"},
		"a namespace's, of docker": {files: map[string]string{dockerCfg: `{"auths":{"reg.lab/team":` + alice + `}}`}, key: "reg.lab/team"},
		"a namespace's, as a URL":  {files: map[string]string{dockerCfg: `{"auths":{"https://reg.lab/team":` + alice + `}}`}, key: "https://reg.lab/team"},
		"another name's":           {files: map[string]string{dockerCfg: `{"auths":{"registry.hub.docker.com":` + alice + `}}`}, reg: "docker.io", key: "registry.hub.docker.com"},
		"docker's other tokens": {
			files: map[string]string{dockerCfg: `{"auths":{"https://index.docker.io/v1/access-token":` + alice + `}}`},
			reg:   "docker.io", key: "https://index.docker.io/v1/access-token",
		},
		"a stale one that nobody uses": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab":` + alice + `},"credsStore":"pass"}`, homeAuth: `{"credHelpers":{"reg.lab":"pass"}}`},
			key:   "reg.lab",
		},
		"a stale one behind a helper of its own": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab":` + alice + `},"credHelpers":{"reg.lab":"ecr-login"}}`}, key: "reg.lab",
		},
		"of an old form": {files: map[string]string{home + "/.dockercfg": `{"reg.lab":` + alice + `}`}, key: "reg.lab"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, c.files, c.env)
			if c.reg == "" {
				c.reg = reg
			}
			plan, err := p.planner().Move(t.Context(), parse(t, c.reg))
			var left *NotMovableError
			if !errors.As(err, &left) || left.Key != c.key || plan.Changes != nil {
				t.Errorf("%v\n%q", err, p.told(plan))
			}
		})
	}
}

// Who does not use the password that moves goes on asking whom it asked.
func TestMoveForItsUsersAlone(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"docker asks another helper, podman reads the stale one": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab":` + alice + `},"credsStore":"pass"}`},
			want: []string{
				"new keep-secret " + dockerCfg + " [podman]",
				"edited edit-file " + dockerCfg + " [docker]", `  {"auths":{"reg.lab":{}},"credsStore":"pass"}`,
				"new edit-file " + homeAuth + " [podman]", `  {"credHelpers":{"reg.lab":"mooring"}}`, "! podman-login " + runAuth,
			},
		},
		"a namespace's beside it": {
			files: map[string]string{homeAuth: `{"auths":{"reg.lab/team":` + alice + `,"reg.lab":` + alice + `}}`},
			want: []string{
				"new keep-secret " + homeAuth + " [podman]",
				"edited edit-file " + homeAuth + " [podman]", `  {"auths":{"reg.lab/team":` + alice + `,"reg.lab":{}},"credHelpers":{"reg.lab":"mooring"}}`,
				"! podman-login " + runAuth, "! not-movable " + homeAuth + " reg.lab/team",
			},
		},
		"both ask Mooring already": {
			files: map[string]string{dockerCfg: `{"auths":{"reg.lab":` + alice + `},"credHelpers":{"reg.lab":"mooring"},"credsStore":"pass"}`},
			want: []string{
				"new keep-secret " + dockerCfg + " []",
				"edited edit-file " + dockerCfg + " [docker]", `  {"auths":{"reg.lab":{}},"credHelpers":{"reg.lab":"mooring"},"credsStore":"pass"}`,
			},
		},
		"a token for content": {
			files: map[string]string{homeAuth: `{"auths":{"reg.lab":{"auth":"YWxpY2U6eA==","RegistryToken":"ey"}}}`},
			want: []string{
				"new keep-secret " + homeAuth + " [podman]",
				"edited edit-file " + homeAuth + " [podman]", `  {"auths":{"reg.lab":{"RegistryToken":"ey"}},"credHelpers":{"reg.lab":"mooring"}}`,
				"! token-stays " + homeAuth, "! podman-login " + runAuth,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, c.files, nil)
			plan, err := p.planner().Move(t.Context(), parse(t, "reg.lab"))
			if diff := cmp.Diff(c.want, p.told(plan)); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

// The file under another name keeps the password.
func TestMoveFromAFileWithTwoNames(t *testing.T) {
	p := newPerson(t, map[string]string{homeAuth: `{"auths":{"reg.lab":` + alice + `}}`}, nil)
	if err := os.Link(filepath.Join(p.w.Root, homeAuth), filepath.Join(p.w.Root, home, "backup.json")); err != nil {
		need.Lacking(t, err)
	}
	plan, err := p.planner().Move(t.Context(), parse(t, "reg.lab"))
	if err != nil || len(plan.Consequences) == 0 || plan.Consequences[0].Code != trust.OtherNames || plan.Consequences[0].Path != homeAuth {
		t.Errorf("%+v, %v", plan.Consequences, err)
	}
}

// A link leads on from the directory in which it lies, not from the one by whose
// name it was found; and one file has one change, whatever its names.
func TestLinksAsTheKernelFollowsThem(t *testing.T) {
	p := newPerson(t, map[string]string{
		home + "/.docker":           "->/data/docker",
		"/data/docker/config.json":  "->../secrets/config.json",
		"/data/secrets/config.json": `{"credsStore":"pass"}`,
	}, map[string]string{"REGISTRY_AUTH_FILE": "/data/docker/../secrets/config.json"})
	plan, err := p.planner().Use(parse(t, "reg.lab"), both, true)
	want := []string{
		"edited edit-file /data/secrets/config.json [docker podman] via " + dockerCfg,
		`  {"credsStore":"pass","credHelpers":{"reg.lab":"mooring"}}`,
	}
	if diff := cmp.Diff(want, p.told(plan)); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}
