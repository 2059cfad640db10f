package configfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/world"
)

func TestReadDaemonJSON(t *testing.T) {
	got, err := ReadDaemonJSON([]byte("\xef\xbb\xbf" + `{
		"insecure-registries": ["reg.lab:5000", "10.0.0.0/8"],
		"registry-mirrors": ["https://mirror.lab"],
		"hosts": ["fd://"], "features": {"containerd-snapshotter": true},
		"storage-driver": "overlay2", "live-restore": true, "unknown-key": {"a": [1]},
		"proxies": {"http-proxy": "http://p:3128", "no-proxy": "lab"}
	}`))
	want := Daemon{
		Insecure: []string{"reg.lab:5000", "10.0.0.0/8"}, InsecureSet: true,
		Mirrors: []string{"https://mirror.lab"}, Hosts: []string{"fd://"},
		Features:      map[string]bool{"containerd-snapshotter": true},
		StorageDriver: "overlay2", LiveRestore: true,
		HTTPProxy: "http://p:3128", NoProxy: "lab",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
}

func TestDaemonJSONTellsEmptyListFromNone(t *testing.T) {
	for text, want := range map[string]bool{
		``: false, "  \n": false, `{}`: false, `{"insecure-registries": []}`: true,
		`{"insecure-registries": null}`: false,
	} {
		got, err := ReadDaemonJSON([]byte(text))
		if err != nil || got.InsecureSet != want {
			t.Errorf("%q: InsecureSet = %v, %v", text, got.InsecureSet, err)
		}
	}
}

func TestErrorsNameTheLineAndNoValue(t *testing.T) {
	for text, want := range map[string]string{
		"{\n\"auths\": {\"reg\": {\"auth\": hunter2}}}":   "line 2: not valid JSON: unexpected character",
		"{\n\n\"credsStore\": 8675309}":                   `line 3: "credsStore" is of the wrong type`,
		"{\"auths\": {\"reg\": {\"auth\": \"aHVudGVyMg==": "line 1: not valid JSON: the file ends too early",
		"{} {}": "line 1: not valid JSON: unexpected character",
	} {
		_, err := ReadDockerConfig([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestReadDockerConfigKeepsNoSecret(t *testing.T) {
	got, err := ReadDockerConfig([]byte(`{
		"auths": {
			"https://index.docker.io/v1/": {},
			"reg.lab:5000": {"auth": "dXNlcjpodW50ZXIy"},
			"token.lab": {"identitytoken": "t0k3n"},
			"empty.lab": {"auth": ""}
		},
		"credsStore": "pass", "credHelpers": {"ecr.lab": "ecr-login"}, "currentContext": "lab"
	}`))
	want := DockerConfig{
		Auths: []Auth{
			{"empty.lab", false},
			{"https://index.docker.io/v1/", false},
			{"reg.lab:5000", true},
			{"token.lab", true},
		},
		CredHelpers: map[string]string{"ecr.lab": "ecr-login"}, CredsStore: "pass", CurrentContext: "lab",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
}

func TestReadContainersAuth(t *testing.T) {
	got, err := ReadContainersAuth([]byte(`{"auths": {"reg.lab/team": {"auth": "eA=="}}, "credHelpers": {"h.lab": "x"}}`))
	want := ContainersAuth{Auths: []Auth{{"reg.lab/team", true}}, CredHelpers: map[string]string{"h.lab": "x"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
	legacy, err := ReadLegacyDockercfg([]byte(`{"https://old.lab/v1/": {"auth": "eA=="}}`))
	if diff := cmp.Diff([]Auth{{"https://old.lab/v1/", true}}, legacy.Auths); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
}

func TestReadDockerContext(t *testing.T) {
	got, err := ReadDockerContext([]byte(`{"Name":"lab","Metadata":{"Description":"x"},"Endpoints":{"docker":{"Host":"ssh://lab","SkipTLSVerify":false}}}`))
	if want := (DockerContext{Name: "lab", Host: "ssh://lab"}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestReadRegistriesConf(t *testing.T) {
	got, err := ReadRegistriesConf([]byte(`
unqualified-search-registries = ["reg.lab/", "docker.io"]
short-name-mode = "enforcing"
[[registry]]
location = "reg.lab:5000"
insecure = true
[[registry]]
prefix = "docker.io"
location = "mirror.lab/hub"
[[registry.mirror]]
location = "m1.lab"
insecure = true
[[registry.mirror]]
location = "m2.lab"
pull-from-mirror = "tag-only"
[[registry]]
prefix = "*.lab"
[aliases]
fedora = "registry.fedoraproject.org/fedora"
`))
	want := RegistriesConf{
		Search: []string{"reg.lab", "docker.io"}, SearchSet: true,
		Registries: []ContainersRegistry{
			{Prefix: "*.lab"},
			{Prefix: "docker.io", Location: "mirror.lab/hub", Mirrors: []ContainersMirror{
				{Location: "m1.lab", Insecure: true}, {Location: "m2.lab", TagOnly: true},
			}},
			{Prefix: "reg.lab:5000", Location: "reg.lab:5000", Insecure: true},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
}

func TestReadRegistriesConfOldFormat(t *testing.T) {
	got, err := ReadRegistriesConf([]byte(`
[registries.search]
registries = ["docker.io"]
[registries.insecure]
registries = ["reg.lab:5000", "bad.lab"]
[registries.block]
registries = ["bad.lab"]
`))
	want := RegistriesConf{
		V1: true, Search: []string{"docker.io"}, SearchSet: true,
		Registries: []ContainersRegistry{
			{Prefix: "bad.lab", Location: "bad.lab", Insecure: true, Blocked: true},
			{Prefix: "reg.lab:5000", Location: "reg.lab:5000", Insecure: true},
		},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
}

// Each of these stops podman too (sysregistriesv2 postProcessRegistries).
func TestReadRegistriesConfRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"unqualified-search-registries = [\n\"a\",\n": "line 2: array is incomplete",
		"[[registry]]\n": "neither location nor prefix",
		"[[registry]]\nlocation = \"https://reg.lab\"":                                                            "no scheme",
		"[[registry]]\nprefix = \"reg.lab\"":                                                                      "has no location",
		"[[registry]]\nprefix = \"*.lab/x\"\nlocation = \"a.lab\"":                                                "not of the form",
		"[[registry]]\nlocation = \"a.lab\"\n[[registry.mirror]]\ninsecure = true":                                "no location",
		"[[registry]]\nlocation = \"a.lab\"\n[[registry.mirror]]\nlocation = \"b\"\npull-from-mirror = \"never\"": "not known",
		"[[registry]]\nlocation = \"a\"\ninsecure = true\n[[registry]]\nprefix = \"b\"\nlocation = \"a\"":         "conflicting",
		"unqualified-search-registries = [\"\"]":                                                                  "not a registry",
		"unqualified-search-registries = [\"a\"]\n[registries.search]\nregistries = [\"b\"]":                      "mixed",
		"[registries.block]\nregistries = [\"\"]":                                                                 "is empty",
		"[[registry]]\nlocation = 5":                                                                              "line 2",
	} {
		_, err := ReadRegistriesConf([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want it to mention %q", text, err, want)
		}
	}
}

func TestReadRegistriesConfIsBounded(t *testing.T) {
	_, err := ReadRegistriesConf([]byte(strings.Repeat("#", maxTOML+1)))
	if !errors.Is(err, world.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestMergeReplacesByPrefix(t *testing.T) {
	base := RegistriesConf{
		Search: []string{"docker.io"}, SearchSet: true,
		Registries: []ContainersRegistry{{Prefix: "a", Location: "a", Insecure: true}, {Prefix: "b", Location: "b"}},
	}
	got := base.Merge(RegistriesConf{Registries: []ContainersRegistry{{Prefix: "a", Location: "a2"}, {Prefix: "c", Location: "c"}}})
	want := RegistriesConf{
		Search: []string{"docker.io"}, SearchSet: true,
		Registries: []ContainersRegistry{{Prefix: "a", Location: "a2"}, {Prefix: "b", Location: "b"}, {Prefix: "c", Location: "c"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if cleared := base.Merge(RegistriesConf{SearchSet: true}); len(cleared.Search) != 0 {
		t.Errorf("an empty search list in a drop-in leaves %q", cleared.Search)
	}
}

func TestRegistriesConfFiles(t *testing.T) {
	w := world.Under(t.TempDir(), "linux")
	put := func(path string) {
		full := filepath.Join(w.Root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("/etc/containers/registries.conf.d/10-a.conf")
	put("/etc/containers/registries.conf.d/README")
	put("/root/.config/containers/registries.conf.d/20-b.conf")
	check := func(want ...string) {
		t.Helper()
		got, err := RegistriesConfFiles(w)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("err %v, diff:\n%s", err, diff)
		}
	}
	check("/etc/containers/registries.conf", "/etc/containers/registries.conf.d/10-a.conf",
		"/root/.config/containers/registries.conf.d/20-b.conf")

	put("/root/.config/containers/registries.conf")
	check("/root/.config/containers/registries.conf", "/root/.config/containers/registries.conf.d/20-b.conf")

	w.Env = func(name string) string { return map[string]string{"CONTAINERS_REGISTRIES_CONF": "/x.conf"}[name] }
	check("/x.conf", "/etc/containers/registries.conf.d/10-a.conf",
		"/root/.config/containers/registries.conf.d/20-b.conf")
}
