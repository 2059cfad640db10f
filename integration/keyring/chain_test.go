//go:build integration

package keyring

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust/trusttest"
)

// site is a registry that asks for an account, trusted by its private CA, and a
// person's session in which docker and podman know Mooring's helper for it.
type site struct {
	*lab.Session
	t              *testing.T
	lab            *lab.Lab
	host           string // host:port
	image          string
	user, password string
	config         string // docker's config.json
	hunt           *hunt
}

func newSite(t *testing.T, engines ...string) *site {
	t.Helper()
	l := lab.Start(t)
	h := l.Host(t)
	s := &site{t: t, Session: l.Session(t), lab: l, host: h.At("5000"), image: l.Seed(t), user: "zoë", password: "pä ss/+?&=%" + rand.Text()}
	s.hunt = newHunt(s.user, s.password)
	ca := trusttest.NewCA(t, "Corp Root CA")
	l.RegistryFor(t, h, "5000", ca.Leaf(trusttest.Names(h.Name)), s.user, s.password)
	l.Write(t, filepath.Join("/etc/docker/certs.d", s.host, "ca.crt"), ca.PEM(), 0o644)
	for _, e := range engines {
		l.Engine(t, e)
	}
	s.config = filepath.Join(s.Home, ".docker", "config.json")
	l.Write(t, s.config, []byte(`{"credHelpers":{"`+s.host+`":"mooring"}}`), 0o600)
	s.Unlock(t)
	return s
}

// run runs a tool and listens to what it says.
func (s *site) run(stdin string, argv ...string) lab.Output {
	s.t.Helper()
	out := s.Feed(stdin, argv...)
	if form := s.hunt.in([]byte(out.Stdout + out.Stderr)); form != "" {
		s.t.Errorf("%s says the password (%s)", strings.Join(argv, " "), form)
	}
	return out
}

// must is run for what has to succeed, refused for what has to fail with a word.
func (s *site) must(stdin string, argv ...string) string {
	s.t.Helper()
	out := s.run(stdin, argv...)
	if !out.OK() {
		s.t.Fatalf("%s: exit status %d\n%s", strings.Join(argv, " "), out.Code, out.Text())
	}
	return out.Text()
}

func (s *site) refused(word string, argv ...string) {
	s.t.Helper()
	if out := s.run("", argv...); out.OK() || !strings.Contains(out.Text(), word) {
		s.t.Errorf("%s: exit status %d, without %q\n%s", strings.Join(argv, " "), out.Code, word, out.Text())
	}
}

func (s *site) login(engine string) {
	s.t.Helper()
	s.must(s.password, "docker", "-H", s.lab.DockerHost(engine), "login", "--username", s.user, "--password-stdin", s.host)
}

// kept compares what the helper lists, what it hands out, and what is seen from
// outside with whether the sign-in should be there.
func (s *site) kept(when string, want bool) {
	s.t.Helper()
	var list map[string]string
	if err := json.Unmarshal([]byte(s.Helper("list", "unused").Stdout), &list); err != nil {
		s.t.Error(err)
	}
	var got struct{ Username, Secret string }
	out := s.Helper("get", s.host)
	if out.OK() {
		if err := json.Unmarshal([]byte(out.Stdout), &got); err != nil {
			s.t.Error(err)
		}
	} else if out.Stdout != "credentials not found in native keychain\n" || out.Stderr != "" {
		s.t.Errorf("%s: get says %q", when, out.Text())
	}
	seen := strings.Contains(s.Run("secret-tool", "search", "--all", "service", "mooring").Text(), s.host)
	if (list[s.host] == s.user) != want || (got.Username == s.user && got.Secret == s.password) != want || seen != want {
		s.t.Errorf("%s: listed for %q, handed out for %q, seen from outside: %v", when, list[s.host], got.Username, seen)
	}
}

// noSecretIn fails if a file of sign-ins holds more than markers and helpers.
func (s *site) noSecretIn(path string) {
	s.t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	var f struct{ Auths map[string]map[string]any }
	if err := json.Unmarshal(data, &f); err != nil {
		s.t.Fatal(err)
	}
	for host, entry := range f.Auths {
		if len(entry) > 0 {
			s.t.Errorf("%s has an entry for %s", path, host)
		}
	}
}

// The whole way: docker stores through Mooring, and docker, podman and skopeo work
// with what it hands out; then the password lies nowhere, and was in no argument
// and no environment.
func TestDockerPodmanAndSkopeo(t *testing.T) {
	engines := []string{lab.Docker20, lab.Docker29Snapshot}
	s := newSite(t, engines...)
	ref := s.host + "/" + s.image
	for _, e := range engines {
		s.refused("no basic auth credentials", "docker", "-H", s.lab.DockerHost(e), "pull", ref)
	}
	s.kept("before", false)

	s.hunt.watch()
	s.login(engines[0])
	s.kept("after docker login", true)
	s.noSecretIn(s.config)
	for _, e := range engines {
		docker := []string{"docker", "--debug", "-H", s.lab.DockerHost(e)}
		on := func(args ...string) []string { return append(docker[:len(docker):len(docker)], args...) }
		s.must("", on("pull", ref)...)
		pushed := s.host + "/pushed-by-" + e + ":1"
		s.must("", on("tag", ref, pushed)...)
		s.must("", on("push", pushed)...)
		s.login(e) // once more: docker tries the one it gets from the helper first
	}
	podman := []string{"podman", "--log-level=debug", "--storage-driver", "vfs"}
	with := func(args ...string) []string { return append(podman[:len(podman):len(podman)], args...) }
	s.must("", with("pull", ref)...)
	s.must("", "skopeo", "--debug", "inspect", "docker://"+ref)
	s.must("", "docker", "logout", s.host)
	s.kept("after docker logout", false)
	s.refused("no basic auth credentials", "docker", "-H", s.lab.DockerHost(engines[0]), "pull", ref)

	// podman keeps to the file of its own when it signs in and out.
	auth := filepath.Join(s.Runtime, "containers", "auth.json")
	s.lab.Write(t, auth, []byte(`{"credHelpers":{"`+s.host+`":"mooring"}}`), 0o600)
	s.must(s.password, with("login", "--username", s.user, "--password-stdin", s.host)...)
	s.kept("after podman login", true)
	s.noSecretIn(auth)
	if got := s.must("", with("login", "--get-login", s.host)...); !strings.Contains(got, s.user) {
		t.Errorf("podman is signed in as %q", got)
	}
	s.must("", "skopeo", "inspect", "docker://"+ref)
	s.must("", with("logout", s.host)...)
	s.kept("after podman logout", false)

	s.login(engines[1]) // so that the keyring's file, too, has it while it is hunted for
	ring := filepath.Join(s.Home, ".local/share/keyrings/login.keyring")
	if i, err := os.Stat(ring); err != nil || i.Size() < 100 {
		t.Errorf("the keyring's own file: %v", err)
	}
	for _, found := range s.hunt.end(t, s.lab) {
		t.Errorf("the password lies in %s", found)
	}
}

// Where the keyring cannot be reached, each tool says so: over ssh, with sudo.
func TestToolsWithoutASession(t *testing.T) {
	s := newSite(t, lab.Docker20)
	s.login(lab.Docker20)
	ref := s.host + "/" + s.image
	s.Vars = []string{"DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="}
	const word = "mooring: the keyring cannot be reached from this session"
	s.refused(word, "docker", "pull", ref)
	s.refused(word, "docker", "push", ref)
	s.refused(word, "podman", "--storage-driver", "vfs", "pull", ref)
	s.refused(word, "skopeo", "inspect", "docker://"+ref)
	if out := s.run(s.password, "docker", "login", "--username", s.user, "--password-stdin", s.host); out.OK() || !strings.Contains(out.Text(), word) {
		t.Errorf("docker login: %s", out.Text())
	}
	s.noSecretIn(s.config)
	if out := s.run("", "docker", "logout", s.host); !strings.Contains(out.Text(), word) { // which itself calls that a success
		t.Errorf("docker logout: %s", out.Text())
	}
	s.Vars = nil
	s.kept("in the session", true)
}

// No tool gets the sign-in for a registry that any of them would not verify.
func TestToolsBesideAnInsecureRule(t *testing.T) {
	s := newSite(t, lab.Docker20)
	s.login(lab.Docker20)
	ref := s.host + "/" + s.image
	for path, content := range map[string]string{
		"/etc/containers/registries.conf.d/90-lab.conf":        "[[registry]]\nlocation = '" + s.host + "'\ninsecure = true\n",
		"/etc/containerd/certs.d/" + s.host + "/hosts.toml":    "[host.'https://" + s.host + "']\nskip_verify = true\n",
		filepath.Join(s.Home, ".config/docker/daemon.json"):    `{"insecure-registries": ["` + s.host + `"]}`,
		filepath.Join(s.Home, ".docker/daemon.json"):           `{"insecure-registries": ["10.77.0.0/16"]}`,
		"/etc/containers/registries.conf.d/91-lab-mirror.conf": "[[registry]]\nlocation = 'other.lab.test'\n[[registry.mirror]]\nlocation = '" + s.host + "'\ninsecure = true\n",
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s.lab.Write(t, path, []byte(content), 0o644)
			out := s.Helper("get", s.host)
			if out.Code != 1 || !strings.Contains(out.Stdout, path) || s.hunt.in([]byte(out.Text())) != "" {
				t.Errorf("get: %d %s", out.Code, out.Text())
			}
			s.refused("is not handed out", "docker", "pull", ref)
			s.refused("is not handed out", "skopeo", "inspect", "docker://"+ref)
		})
	}
	s.kept("without such a rule", true)
	s.must("", "docker", "pull", ref)
}
