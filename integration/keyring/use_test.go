//go:build integration

package keyring

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/trust/trusttest"
)

// program is the binary under test.
func (s *site) program() string {
	s.t.Helper()
	path, err := os.Readlink(s.HelperPath())
	if err != nil {
		s.t.Fatal(err)
	}
	return path
}

// mooring runs the command line under test in the session.
func (s *site) mooring(stdin string, args ...string) lab.Output {
	s.t.Helper()
	return s.run(stdin, append([]string{s.program()}, args...)...)
}

// mustMooring is mooring for what has to succeed.
func (s *site) mustMooring(stdin string, args ...string) string {
	s.t.Helper()
	return s.must(stdin, append([]string{s.program()}, args...)...)
}

// said is what mustMooring says, in one line.
func (s *site) said(stdin string, args ...string) string {
	s.t.Helper()
	return strings.Join(strings.Fields(s.mustMooring(stdin, args...)), " ")
}

// begin gives docker's file a content; "" takes it away.
func (s *site) begin(content string) {
	s.t.Helper()
	err := os.Remove(s.config)
	if err == nil && content != "" {
		err = os.WriteFile(s.config, []byte(content), 0o640)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) configText() string {
	s.t.Helper()
	b, err := os.ReadFile(s.config)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// store puts a default store of docker's on the session's PATH, which keeps in a
// file what it is given. It returns that file.
func (s *site) store(name string) string {
	s.t.Helper()
	kept := filepath.Join(s.Home, name+".kept")
	program := "#!/bin/sh\ncase $1 in\nstore) cat >" + kept + " ;;\nget) cat " + kept + " ;;\nerase) rm -f " + kept + " ;;\n*) echo '{}' ;;\nesac\n"
	path := filepath.Join(filepath.Dir(s.HelperPath()), "docker-credential-"+name)
	if err := os.WriteFile(path, []byte(program), 0o755); err != nil {
		s.t.Fatal(err)
	}
	return kept
}

// pulls: docker, podman and skopeo work with the sign-in.
func (s *site) pulls(engine string) {
	s.t.Helper()
	ref := s.host + "/" + s.image
	s.must("", "docker", "-H", s.lab.DockerHost(engine), "pull", ref)
	s.must("", "podman", "--storage-driver", "vfs", "pull", ref)
	s.must("", "skopeo", "inspect", "docker://"+ref)
}

// elsewhere is another registry's host with the same account.
func (s *site) elsewhere() string {
	s.t.Helper()
	h := s.lab.Host(s.t)
	other, ca := h.At("5000"), trusttest.NewCA(s.t, "Other CA")
	s.lab.RegistryFor(s.t, h, "5000", ca.Leaf(trusttest.Names(h.Name)), s.user, s.password)
	s.lab.Write(s.t, filepath.Join("/etc/docker/certs.d", other, "ca.crt"), ca.PEM(), 0o644)
	s.must(s.password, "docker", "-H", s.lab.DockerHost(lab.Docker20), "login", "--username", s.user, "--password-stdin", other)
	return other
}

const plainConfig = "{\n    \"detachKeys\" : \"ctrl-e,e\",\n    \"n\": 12345678901234567890\n}\n"

// Signing in and letting tools use it, in one command; then the file is as it was.
func TestUseAndUndo(t *testing.T) {
	s := newSite(t, lab.Docker20)
	s.begin(plainConfig)
	s.refused("no basic auth credentials", "docker", "-H", s.lab.DockerHost(lab.Docker20), "pull", s.host+"/"+s.image)
	said := s.said(s.password, "login", s.host, "-u", s.user, "--password-stdin", "--for", "docker,podman", "--yes")
	for _, want := range []string{"credHelpers › " + s.host + " = mooring", "other registries go on lying in plain text", "nothing more is needed for Podman"} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %q\n%s", want, said)
		}
	}
	want := "{\n    \"detachKeys\" : \"ctrl-e,e\",\n    \"n\": 12345678901234567890,\n    \"credHelpers\": {\n        \"" + s.host + "\": \"mooring\"\n    }\n}\n"
	if diff := cmp.Diff(want, s.configText()); diff != "" {
		t.Error(diff)
	}
	s.kept("after login", true)
	s.pulls(lab.Docker20)
	s.mustMooring("", "undo", "--yes")
	if diff := cmp.Diff(plainConfig, s.configText()); diff != "" {
		t.Error(diff)
	}
	if i, err := os.Stat(s.config); err != nil || i.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", i.Mode(), err)
	}
	s.refused("no basic auth credentials", "docker", "-H", s.lab.DockerHost(lab.Docker20), "pull", s.host+"/"+s.image)
}

// Podman alone, in its own file, which outlives a restart.
func TestUsePodmanAlone(t *testing.T) {
	s := newSite(t)
	s.begin("")
	s.mustMooring(s.password, "login", s.host, "-u", s.user, "--password-stdin", "--for", "podman", "--yes")
	auth := filepath.Join(s.Home, ".config/containers/auth.json")
	if i, err := os.Stat(auth); err != nil || i.Mode().Perm() != 0o600 {
		t.Fatal(err)
	}
	s.must("", "podman", "--storage-driver", "vfs", "pull", s.host+"/"+s.image)
	s.must("", "skopeo", "inspect", "docker://"+s.host+"/"+s.image)

	// podman's own login writes where podman reads first, in plain text, and wins.
	s.must(s.password, "podman", "--storage-driver", "vfs", "login", "--username", s.user, "--password-stdin", s.host)
	runtime := filepath.Join(s.Runtime, "containers/auth.json")
	if b, err := os.ReadFile(runtime); err != nil || s.hunt.in(b) == "" {
		t.Errorf("%v: %s", err, b)
	}
	if out := s.mooring("", "doctor"); out.Code != 1 || !strings.Contains(out.Text(), runtime) {
		t.Errorf("%d %s", out.Code, out.Text())
	}
	s.mustMooring("", "login", s.host, "--move", "--yes")
	s.noSecretIn(runtime)
	s.must("", "podman", "--storage-driver", "vfs", "pull", s.host+"/"+s.image)
	if out := s.mooring("", "doctor"); out.Code != 0 {
		t.Errorf("%d %s", out.Code, out.Text())
	}
}

// The next login elsewhere goes into the store that docker would have picked.
func TestLoginElsewhereWithAStore(t *testing.T) {
	s := newSite(t, lab.Docker20)
	kept := s.store("secretservice")
	s.begin("")
	said := s.said(s.password, "login", s.host, "-u", s.user, "--password-stdin", "--for", "docker", "--yes")
	if !strings.Contains(said, "“secretservice” is written beside it") {
		t.Error(said)
	}
	other := s.elsewhere()
	s.noSecretIn(s.config)
	if b, err := os.ReadFile(kept); err != nil || !strings.Contains(string(b), other) {
		t.Errorf("the store has %q, %v", b, err)
	}
	s.pulls(lab.Docker20)

	// docker wrote the whole file anew. Exactly what Mooring set for the registry goes.
	// The store stays: the other login lies in it.
	s.mustMooring("", "undo", "--yes")
	var f struct {
		Auths       map[string]any
		CredHelpers map[string]string
		CredsStore  string
	}
	if err := json.Unmarshal([]byte(s.configText()), &f); err != nil || len(f.CredHelpers) != 0 || f.CredsStore != "secretservice" || f.Auths[other] == nil {
		t.Errorf("%v: %s", err, s.configText())
	}
}

// Where docker has no store, other logins lie in plain text, as before.
func TestLoginElsewhereWithoutAStore(t *testing.T) {
	s := newSite(t, lab.Docker20)
	s.begin("")
	s.mustMooring(s.password, "login", s.host, "-u", s.user, "--password-stdin", "--for", "docker", "--yes")
	other := s.elsewhere()
	if s.hunt.in([]byte(s.configText())) == "" || !strings.Contains(s.configText(), other) {
		t.Error(s.configText())
	}
	// Somebody else took the entry over: undo leaves it.
	text := strings.Replace(s.configText(), `"mooring"`, `"pass"`, 1)
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := s.mooring("", "undo", "--yes"); out.OK() || !strings.Contains(out.Text(), "was changed in the meantime") || s.configText() != text {
		t.Errorf("%d %s", out.Code, out.Text())
	}
}

// A password moves into the keyring, lies nowhere then, and comes back when asked
// for by name.
func TestMove(t *testing.T) {
	s := newSite(t, lab.Docker20)
	s.begin(plainConfig)
	s.must(s.password, "docker", "-H", s.lab.DockerHost(lab.Docker20), "login", "--username", s.user, "--password-stdin", s.host)
	before := s.configText()
	if s.hunt.in([]byte(before)) == "" {
		t.Fatal("docker does not keep it in plain text here")
	}
	s.hunt.watch()
	s.mustMooring("", "login", s.host, "--move", "--yes")
	s.noSecretIn(s.config)
	s.kept("after the move", true)
	s.pulls(lab.Docker20)
	for _, verb := range [][]string{{"history", "--json"}, {"doctor", "--json"}, {"undo", "--dry-run", "--json"}} {
		if out := s.mooring("", verb...); !out.OK() {
			t.Errorf("%v: %s", verb, out.Text())
		}
	}
	for _, found := range s.hunt.end(t, s.lab) {
		t.Errorf("the password lies in %s", found)
	}
	if out := s.mooring("", "undo", "--yes"); out.Code != 4 {
		t.Errorf("undo without --plaintext: %d %s", out.Code, out.Text())
	}
	s.mustMooring("", "undo", "--yes", "--plaintext")
	if diff := cmp.Diff(before, s.configText()); diff != "" {
		t.Error("the file is not as it was") // and the difference would hold a password
	}
	s.kept("after undo", false)
	s.pulls(lab.Docker20)
}

// Without a keyring nothing moves.
func TestMoveWithoutAKeyring(t *testing.T) {
	s := newSite(t, lab.Docker20)
	s.begin(plainConfig)
	s.must(s.password, "docker", "-H", s.lab.DockerHost(lab.Docker20), "login", "--username", s.user, "--password-stdin", s.host)
	before := s.configText()
	s.Vars = []string{"DBUS_SESSION_BUS_ADDRESS=", "XDG_RUNTIME_DIR="}
	if out := s.mooring("", "login", s.host, "--move", "--yes"); out.OK() || s.configText() != before {
		t.Errorf("%d %s", out.Code, out.Text())
	}
}

// Removing Mooring takes it out of the files.
func TestUnregister(t *testing.T) {
	s := newSite(t, lab.Docker20)
	s.begin(plainConfig)
	s.mustMooring(s.password, "login", s.host, "-u", s.user, "--password-stdin", "--for", "docker,podman", "--yes")
	script, err := filepath.Abs("../../scripts/unregister.sh")
	if err != nil {
		t.Fatal(err)
	}
	s.must("", "bash", script, s.program())
	if diff := cmp.Diff(plainConfig, s.configText()); diff != "" {
		t.Error(diff)
	}
}
