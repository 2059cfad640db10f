package platform

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/trust"
)

const movedPassword = "hunter2-that-moves"

// mover is a machine with Mooring's helper on the path.
func mover(t *testing.T, files map[string]string) *Machine {
	t.Helper()
	all := map[string]string{"usr/bin/docker-credential-mooring": ""}
	maps.Copy(all, files)
	m := keptMachine(t, nil, all)
	if err := os.Chmod(filepath.Join(m.World.Root, "usr/bin/docker-credential-mooring"), 0o755); err != nil {
		t.Fatal(err)
	}
	return m
}

func inBase64(user string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + movedPassword))
}

const dockerConfig = "root/.docker/config.json"

func (m *Machine) readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(m.World.Root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// spilt are the files below the machine's root that hold the password.
func (m *Machine) spilt(t *testing.T) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(m.World.Root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		for _, user := range []string{"", "a", "al"} { // the three ways in which base64 can begin
			text := strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(user+movedPassword)), "=")
			if strings.Contains(string(b), movedPassword) || strings.Contains(string(b), text[4:len(text)-3]) {
				out = append(out, p)
				break
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMoveIntoTheKeyringAndBack(t *testing.T) {
	for name, entry := range map[string]string{
		"password": `{"auth":"` + inBase64("alice") + `"}`,
		"token":    `{ "auth": "MDA6", "identitytoken": "` + movedPassword + `" }`,
		"in two":   `{"username":"alice","password":"` + movedPassword + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			before := "{\n  \"auths\": {\n    \"reg.lab\": " + entry + "\n  },\n  \"detachKeys\": \"ctrl-e\"\n}\n"
			m := mover(t, map[string]string{dockerConfig: before})
			reg := regNamed(t, "reg.lab")
			plan, err := m.PlanMove(t.Context(), reg)
			if err != nil {
				t.Fatal(err)
			}
			r, err := m.Apply(t.Context(), plan, nil)
			if err != nil {
				t.Fatal(err)
			}
			if found := m.spilt(t); found != nil {
				t.Errorf("the password is in %q", found)
			}
			if c, ok, err := m.own(t.Context(), reg); !ok || err != nil || c.Secret.Reveal() != movedPassword || c.Token != (name == "token") {
				t.Errorf("kept: %+v, %v, %v", c, ok, err)
			}
			if got := m.readFile(t, dockerConfig); !strings.Contains(got, `"reg.lab": "mooring"`) {
				t.Error(got)
			}
			undo, err := m.PlanUndo(t.Context(), r.ID)
			if err != nil || !undo.Plaintext() {
				t.Errorf("the undo does not say what it does: %+v, %v", undo, err)
			}
			if _, err := m.Undo(t.Context(), r.ID, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, m.readFile(t, dockerConfig)); diff != "" {
				t.Error(diff)
			}
			if _, ok, _ := m.own(t.Context(), reg); ok || m.keeps(reg) {
				t.Error("the keyring still holds it")
			}
		})
	}
}

func TestMoveLeavesAnotherSignIn(t *testing.T) {
	before := `{"auths":{"reg.lab":{"auth":"` + inBase64("alice") + `"}}}`
	m := mover(t, map[string]string{dockerConfig: before})
	reg := regNamed(t, "reg.lab")
	other := trust.Credential{User: "bob", Secret: trust.NewSecret("x")}
	if err := m.keep(t.Context(), reg, other, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	plan, err := m.PlanMove(t.Context(), reg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Apply(t.Context(), plan, nil); !errors.Is(err, change.ErrOtherSecret) {
		t.Error(err)
	}
	if c, _, _ := m.own(t.Context(), reg); c != other || m.readFile(t, dockerConfig) != before {
		t.Error("something changed")
	}
}

// The same sign-in is kept already: it is not this move's to take away again.
func TestMoveOfWhatIsKept(t *testing.T) {
	m := mover(t, map[string]string{dockerConfig: `{"auths":{"reg.lab":{"auth":"` + inBase64("alice") + `"}}}`})
	reg := regNamed(t, "reg.lab")
	if err := m.keep(t.Context(), reg, trust.Credential{User: "alice", Secret: trust.NewSecret(movedPassword)}, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	plan, err := m.PlanMove(t.Context(), reg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Undo(t.Context(), r.ID, nil); err != nil || !m.keeps(reg) {
		t.Errorf("kept %v, %v", m.keeps(reg), err)
	}
}

// A plan that names another registry than the entry is one of an enemy.
func TestMoveForAnotherRegistry(t *testing.T) {
	m := mover(t, map[string]string{dockerConfig: `{"auths":{"reg.lab":{"auth":"` + inBase64("alice") + `"}}}`})
	plan, err := m.PlanMove(t.Context(), regNamed(t, "reg.lab"))
	if err != nil {
		t.Fatal(err)
	}
	for _, meddle := range []func(*trust.Change){
		func(c *trust.Change) { c.Registry = "evil.lab" },
		func(c *trust.Change) { c.Registry = "" },
		func(c *trust.Change) { c.Key = []string{"auths", "none"} },
		func(c *trust.Change) { c.Key = nil },
	} {
		p := plan
		p.Changes = append([]trust.Change{}, plan.Changes...)
		meddle(&p.Changes[0])
		if _, err := m.Apply(t.Context(), p, nil); !errors.Is(err, change.ErrBadPlan) {
			t.Error(err)
		}
	}
	if m.keeps(regNamed(t, "evil.lab")) {
		t.Error("kept for another registry")
	}
}

func TestAilments(t *testing.T) {
	m := mover(t, map[string]string{
		dockerConfig:                              `{"auths":{"open.lab":{"auth":"` + inBase64("alice") + `"}},"credHelpers":{"reg.lab":"mooring","gcr.io":"gcloud"}}`,
		"root/.config/containers/auth.json":       `{"auths":{"other.lab":{"auth":"` + inBase64("alice") + `"}}}`,
		"usr/bin/docker-credential-secretservice": "",
	})
	codes := func() []string {
		all, err := m.Ailments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, a := range all {
			out = append(out, strings.TrimSpace(string(a.Code)+" "+a.Registry.String()+" "+a.Name))
		}
		return out
	}
	if diff := cmp.Diff([]string{"plaintext open.lab", "plaintext other.lab", "nothing-kept reg.lab"}, codes()); diff != "" {
		t.Error(diff)
	}
	if err := m.keep(t.Context(), regNamed(t, "reg.lab"), trust.Credential{User: "a", Secret: trust.NewSecret("b")}, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Chmod(filepath.Join(m.World.Root, "usr/bin/docker-credential-secretservice"), 0o755))
	must(os.WriteFile(filepath.Join(m.World.Root, dockerConfig), []byte(`{"credHelpers":{"reg.lab":"mooring"}}`), 0o600))
	must(os.WriteFile(filepath.Join(m.World.Root, "root/.config/containers/auth.json"), []byte(`{"auths":`), 0o600))
	if diff := cmp.Diff([]string{"unreadable  line 1: not valid JSON: the file ends too early", "no-store  secretservice"}, codes()); diff != "" {
		t.Error(diff)
	}
	must(os.Remove(filepath.Join(m.World.Root, "usr/bin/docker-credential-mooring")))
	must(os.Remove(filepath.Join(m.World.Root, "usr/bin/docker-credential-secretservice")))
	must(os.Remove(filepath.Join(m.World.Root, "root/.config/containers/auth.json")))
	if diff := cmp.Diff([]string{"helper-missing reg.lab"}, codes()); diff != "" {
		t.Error(diff)
	}
}

// What is another's by now is not lost with the keyring's: the file holds another
// sign-in than the one that moved.
func TestForgetKeepsTheLast(t *testing.T) {
	m := mover(t, map[string]string{dockerConfig: `{"auths":{"reg.lab":{"auth":"YWxpY2U6YW5vdGhlcg=="}}}`})
	reg := regNamed(t, "reg.lab")
	d := trust.Done{Kind: trust.KeepSecret, Path: "/" + dockerConfig, Registry: "reg.lab", Key: []string{"auths", "reg.lab"}}
	if err := (moved{m}).Forget(t.Context(), d); err != nil {
		t.Errorf("nothing kept: %v", err)
	}
	if err := m.keep(t.Context(), reg, trust.Credential{User: "alice", Secret: trust.NewSecret(movedPassword)}, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	if err := (moved{m}).Forget(t.Context(), d); !errors.Is(err, change.ErrChangedSince) || !m.keeps(reg) {
		t.Errorf("%v, kept %v", err, m.keeps(reg))
	}
	if err := os.WriteFile(filepath.Join(m.World.Root, dockerConfig), []byte(`{"auths":{"reg.lab":{"auth":"`+inBase64("alice")+`"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (moved{m}).Forget(t.Context(), d); err != nil || m.keeps(reg) {
		t.Errorf("%v, kept %v", err, m.keeps(reg))
	}
}

// A plan of an enemy cannot make what lies under another key, or what no tool uses,
// the sign-in to a whole registry.
func TestMoveOfWhatIsNotMovable(t *testing.T) {
	auth := `{"auth":"` + inBase64("alice") + `"}`
	for key, c := range map[string]struct{ file, reg string }{
		"reg.lab":                 {`{"auths":{"reg.lab":` + auth + `},"credHelpers":{"reg.lab":"ecr-login"}}`, "reg.lab"},
		"reg.lab/team":            {`{"auths":{"reg.lab/team":` + auth + `}}`, "reg.lab"},
		"registry.hub.docker.com": {`{"auths":{"registry.hub.docker.com":` + auth + `}}`, "docker.io"},
	} {
		m := mover(t, map[string]string{dockerConfig: c.file, "root/.config/containers/auth.json": `{"credHelpers":{"reg.lab":"pass"}}`})
		d := trust.Done{Kind: trust.KeepSecret, Path: "/" + dockerConfig, Registry: c.reg, Key: []string{"auths", key}}
		if err := (moved{m}).Keep(t.Context(), d); !errors.Is(err, change.ErrBadPlan) || m.keeps(regNamed(t, c.reg)) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// The undo of an edit through a link names the path that the person knows.
func TestUndoNamesTheLink(t *testing.T) {
	m := mover(t, map[string]string{"root/dotfiles/docker.json": "{}"})
	link := filepath.Join(m.World.Root, dockerConfig)
	if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink("../dotfiles/docker.json", link)); err != nil {
		t.Fatal(err)
	}
	plan, err := m.PlanUse(t.Context(), regNamed(t, "reg.lab"), []trust.Party{trust.Docker}, true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Apply(t.Context(), plan, nil)
	if err != nil {
		t.Fatal(err)
	}
	undo, err := m.PlanUndo(t.Context(), r.ID)
	if err != nil || len(undo.Changes) != 1 || undo.Changes[0].Via != "/"+dockerConfig || undo.Changes[0].Path != "/root/dotfiles/docker.json" {
		t.Errorf("%+v, %v", undo.Changes, err)
	}
}
