package platform

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/discover"
	"mooring.dev/mooring/platform/kept"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// keptMachine is a machine in a tree whose keyring is store, or memory for nil.
func keptMachine(t *testing.T, store keyring.Store, files map[string]string) *Machine {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	m := New(world.Under(root, "linux"))
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	m.World.Now = func() time.Time { return now }
	m.keeper.Now = m.World.Now
	if m.keeper.Ring = store; store == nil {
		m.keeper.Ring = keyring.Memory()
	}
	return m
}

func regNamed(t *testing.T, name string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// broken is a keyring in one state.
type broken struct{ state keyring.State }

func (b broken) err() error { return &keyring.Error{State: b.state} }

func (b broken) Set(context.Context, string, trust.Credential) error { return b.err() }
func (b broken) Delete(context.Context, string) error                { return b.err() }
func (b broken) Get(context.Context, string) (trust.Credential, error) {
	return trust.Credential{}, b.err()
}

func signedIn(t *testing.T, m *Machine) []string {
	t.Helper()
	all, err := m.Accounts(t.Context())
	if err != nil {
		t.Error(err)
	}
	var out []string
	for _, a := range all {
		for _, k := range a.Kept {
			line := fmt.Sprintf("%s %s %s %s %s", a.Registry, k.In, k.Helper, k.User, k.Path)
			if k.Token {
				line += " token"
			}
			if !k.At.IsZero() {
				line += " " + k.Expires.Sub(k.At).String()
			}
			out = append(out, fmt.Sprintf("%s %v", strings.Join(strings.Fields(line), " "), k.Readers))
		}
	}
	return out
}

func textAuth(reg, user, password string) string {
	return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, reg, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

func TestKeepAndForget(t *testing.T) {
	m := keptMachine(t, nil, map[string]string{
		"root/.docker/config.json": `{"credHelpers":{"reg.lab:5000":"mooring"}}`,
	})
	ctx, r, other := t.Context(), regNamed(t, "reg.lab:5000"), regNamed(t, "other.lab")
	alice := trust.Credential{User: "alice", Secret: trust.NewSecret("pw")}
	token := trust.Credential{User: "AWS", Secret: trust.NewSecret("ey"), Token: true}
	at := m.World.Now()
	for _, err := range []error{
		m.keep(ctx, other, token, at.Add(12*time.Hour), true),
		m.keep(ctx, r, token, time.Time{}, true),
		m.keep(ctx, r, alice, at.Add(time.Hour), false), // in the place of the session's
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"other.lab session AWS token 12h0m0s []",
		"reg.lab:5000 keyring alice 1h0m0s [docker podman]",
	}
	if d := gocmp.Diff(want, signedIn(t, m)); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	for reg, want := range map[trust.Registry]trust.Credential{r: alice, other: token} {
		if c, ok, err := m.credential(ctx, reg); c != want || !ok || err != nil {
			t.Errorf("%s: %q, %v, %v", reg, c.User, ok, err)
		}
	}
	if c, ok, err := m.credential(ctx, regNamed(t, "reg.lab")); ok || err != nil || c != (trust.Credential{}) {
		t.Errorf("without the port: %v, %v", ok, err)
	}
	for range 2 { // nothing kept is no error
		for _, reg := range []trust.Registry{r, other} {
			if err := m.forget(ctx, reg); err != nil {
				t.Error(err)
			}
		}
	}
	if got := signedIn(t, m); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
	if _, ok, err := m.credential(ctx, r); ok || err != nil {
		t.Errorf("left: %v, %v", ok, err)
	}
}

// What cannot be kept is not noted, and what cannot be noted is not kept.
func TestKeepIsWhole(t *testing.T) {
	ctx, r := t.Context(), regNamed(t, "reg.lab")
	c := trust.Credential{User: "alice", Secret: trust.NewSecret("pw")}
	m := keptMachine(t, broken{keyring.Locked}, nil)
	if err := m.keep(ctx, r, c, time.Time{}, false); !kept.IsState(err, keyring.Locked) {
		t.Errorf("%v", err)
	}
	if got := signedIn(t, m); len(got) > 0 {
		t.Errorf("noted: %q", got)
	}
	m = keptMachine(t, nil, map[string]string{"root/.local/state/mooring": "in the way"})
	if err := m.keep(ctx, r, c, time.Time{}, false); err == nil {
		t.Error("no error")
	}
	if _, err := m.keeper.Ring.Get(ctx, r.String()); !kept.IsState(err, keyring.NotFound) {
		t.Errorf("kept: %v", err)
	}
}

// A keyring that cannot be reached holds nothing unless it is noted that it does.
func TestForgetWithoutAKeyring(t *testing.T) {
	ctx, r := t.Context(), regNamed(t, "reg.lab")
	for state, want := range map[keyring.State]bool{
		keyring.NoBus: true, keyring.NoService: true, keyring.Unsupported: true, keyring.NotFound: true,
		keyring.Locked: false, keyring.Dismissed: false, keyring.TimedOut: false, keyring.Failed: false,
	} {
		m := keptMachine(t, broken{state}, nil)
		if err := m.forget(ctx, r); (err == nil) != want {
			t.Errorf("%s, not noted: %v", state, err)
		}
		m = keptMachine(t, nil, nil)
		if err := m.keep(ctx, r, trust.Credential{User: "u", Secret: trust.NewSecret("s")}, time.Time{}, false); err != nil {
			t.Fatal(err)
		}
		m.keeper.Ring = broken{state}
		if err := m.forget(ctx, r); (err == nil) != (state == keyring.NotFound) {
			t.Errorf("%s, noted: %v", state, err)
		}
	}
}

// Without a sign-in of its own Mooring may use those of the tools.
func TestCredentialOfOthers(t *testing.T) {
	ctx, r := t.Context(), regNamed(t, "reg.lab")
	run := &helperRunner{out: map[string]world.Result{
		"docker-credential-pass":  {Stdout: []byte("credentials not found in native keychain"), Code: 1},
		"docker-credential-fails": {Stdout: []byte("no gpg"), Code: 2},
		"docker-credential-ecr":   {Stdout: []byte(`{"Username":"AWS","Secret":"ey"}`)},
	}}
	podmans := textAuth("reg.lab", "bob", "pw")
	for name, tt := range map[string]struct {
		docker, podman string
		want           string
		err            string
	}{
		"a file":                          {docker: textAuth("reg.lab", "alice", "pw"), want: "alice"},
		"docker's before podman's":        {docker: textAuth("reg.lab", "alice", "pw"), podman: podmans, want: "alice"},
		"a helper":                        {docker: `{"credHelpers":{"reg.lab":"ecr"}}`, want: "AWS"},
		"a helper that has none":          {docker: `{"credsStore":"pass"}`, podman: podmans, want: "bob"},
		"a helper that fails":             {docker: `{"credsStore":"fails"}`, err: "no gpg"},
		"one that is missing":             {docker: `{"credsStore":"missing"}`, err: "docker-credential-missing"},
		"a helper that fails before text": {docker: `{"credsStore":"fails"}`, podman: podmans, want: "bob"},
		"Mooring's own is not asked":      {docker: `{"credHelpers":{"reg.lab":"mooring"}}`},
		"a namespace's":                   {docker: textAuth("reg.lab/team", "carol", "pw"), podman: textAuth("reg.lab/team", "carol", "pw")},
		"a namespace's beside its own":    {docker: `{"auths":{"reg.lab/team":{"auth":"eDp5"},"https://reg.lab/v1/":{"auth":"YWxpY2U6cHc="}}}`, want: "alice"},
		"nothing":                         {},
	} {
		m := keptMachine(t, nil, map[string]string{"root/.docker/config.json": tt.docker, "root/.config/containers/auth.json": cmp.Or(tt.podman, "{}")})
		m.World.Run = run
		c, ok, err := m.credential(ctx, r)
		if c.User != tt.want || ok != (tt.want != "") || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %q, %v, %v", name, c.User, ok, err)
		}
	}
}

type helperRunner struct{ out map[string]world.Result }

func (h *helperRunner) Look(name string) (string, error) {
	if _, ok := h.out[name]; !ok {
		return "", errors.New("not found")
	}
	return "/bin/" + name, nil
}

func (h *helperRunner) Run(_ context.Context, c world.Command) (world.Result, error) {
	return h.out[filepath.Base(c.Argv[0])], nil
}

// A keyring that fails hides behind nothing when it is noted that it holds one.
func TestCredentialOfALockedKeyring(t *testing.T) {
	ctx, r := t.Context(), regNamed(t, "reg.lab")
	m := keptMachine(t, nil, map[string]string{"root/.docker/config.json": textAuth("reg.lab", "alice", "pw")})
	if err := m.keep(ctx, r, trust.Credential{User: "own", Secret: trust.NewSecret("s")}, time.Time{}, false); err != nil {
		t.Fatal(err)
	}
	m.keeper.Ring = broken{keyring.Locked}
	if _, ok, err := m.credential(ctx, r); ok || !kept.IsState(err, keyring.Locked) {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestAccountsBesideABrokenFile(t *testing.T) {
	m := keptMachine(t, nil, map[string]string{
		"root/.docker/config.json":          `{"auths":`,
		"root/.config/containers/auth.json": textAuth("reg.lab", "bob", "pw"),
	})
	all, err := m.Accounts(t.Context())
	var problem discover.Problem
	if len(all) != 1 || !errors.As(err, &problem) || problem.Path != "/root/.docker/config.json" {
		t.Errorf("%+v, %v", all, err)
	}
}
