package credentials

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// helpers answers for programs by their names.
type helpers struct {
	answers map[string]world.Result
	ran     []world.Command
	wait    bool
}

func (h *helpers) Look(name string) (string, error) {
	if _, ok := h.answers[name]; !ok {
		return "", exec.ErrNotFound
	}
	return "/usr/bin/" + name, nil
}

func (h *helpers) Run(ctx context.Context, c world.Command) (world.Result, error) {
	h.ran = append(h.ran, c)
	if h.wait {
		<-ctx.Done()
		return world.Result{}, ctx.Err()
	}
	return h.answers[strings.TrimPrefix(c.Argv[0], "/usr/bin/")], nil
}

func TestReadHelper(t *testing.T) {
	long := strings.Repeat("x", maxSecret)
	for name, tt := range map[string]struct {
		out  string
		code int
		want trust.Credential
		ok   bool
		err  string // "" for none
	}{
		"password":         {`{"ServerURL":"reg:5000","Username":"alice","Secret":"pw"}` + "\n", 0, trust.Credential{User: "alice", Secret: trust.NewSecret("pw")}, true, ""},
		"identity token":   {`{"Username":"<token>","Secret":"ey"}`, 0, trust.Credential{Secret: trust.NewSecret("ey"), Token: true}, true, ""},
		"no secret":        {`{"Username":"alice","Secret":""}`, 0, trust.Credential{}, false, ""},
		"not found":        {"credentials not found in native keychain\n", 1, trust.Credential{}, false, ""},
		"nearly not found": {"credentials not found in native keychain of x\n", 1, trust.Credential{}, false, "native keychain of x"},
		"refused":          {"the keychain is locked\nsecond line", 1, trust.Credential{}, false, "the keychain is locked"},
		"no address":       {"no credentials server URL", 1, trust.Credential{}, false, "no credentials server URL"},
		"no JSON":          {"hunter2", 0, trust.Credential{}, false, errAnswer.Error()},
		"wrong type":       {`{"Username":"alice","Secret":8675309}`, 0, trust.Credential{}, false, errAnswer.Error()},
		"answer, and fail": {`{"Username":"alice","Secret":"hunter2"}`, 1, trust.Credential{}, false, "exit status 1"},
		"endless":          {`{"Username":"alice","Secret":"` + long + `"}`, 0, trust.Credential{}, false, errAnswer.Error()},
		"endless word":     {long, 1, trust.Credential{}, false, "exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &helpers{answers: map[string]world.Result{"docker-credential-pass": {Stdout: []byte(tt.out), Code: tt.code}}}
			w := machine(t, nil, nil)
			w.Run = h
			c, ok, err := Load(w).Read(t.Context(), w, Place{Helper: "pass", Key: HubKey})
			if c != tt.want || ok != tt.ok || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %q, %v, %v", c.User, ok, err)
			}
			if err != nil && (len(err.Error()) > 500 || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "8675309")) {
				t.Errorf("the error repeats too much: %.600v", err)
			}
			if len(h.ran) != 1 || strings.Join(h.ran[0].Argv, " ") != "/usr/bin/docker-credential-pass get" || string(h.ran[0].Stdin) != HubKey {
				t.Errorf("ran %v", h.ran)
			}
		})
	}
}

// A name in a file may be anything.
func TestReadRunsNothingElse(t *testing.T) {
	for _, name := range []string{
		"../../bin/sh", "a/b", "a b", "a;b", "$(x)", "", "..\\x", "mooring", "Mooring.EXE", "mooring.exe", "a\nb", "пасс", "missing",
	} {
		h := &helpers{answers: map[string]world.Result{"docker-credential-mooring": {}, "docker-credential-" + name: {Code: 1}}}
		delete(h.answers, "docker-credential-missing")
		w := machine(t, nil, nil)
		w.Run = h
		_, ok, err := askHelper(t.Context(), w, name, "reg")
		if ok || err == nil || len(h.ran) > 0 {
			t.Errorf("%v: %v, %v, ran %v", name, ok, err, h.ran)
		}
	}
	if _, ok, err := askHelper(t.Context(), machine(t, nil, nil), "pass", "reg"); ok || err != nil {
		t.Errorf("in a tree: %v, %v", ok, err)
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	h := &helpers{answers: map[string]world.Result{"docker-credential-pass": {}}, wait: true}
	w := machine(t, nil, nil)
	w.Run = h
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok, err := askHelper(ctx, w, "pass", "reg"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestReadText(t *testing.T) {
	w := machine(t, map[string]string{dockerCfg: auths(auth("reg", "alice", "p:w\x00\x00"))}, nil)
	tools := Load(w)
	for _, p := range tools.Uses(trust.Docker, registry(t, "reg")) {
		if c, ok, err := tools.Read(t.Context(), w, p); err != nil || !ok || c.User != "alice" || c.Secret.Reveal() != "p:w" {
			t.Errorf("got %q, %v, %v", c.User, ok, err)
		}
	}
	if _, ok, err := tools.Read(t.Context(), w, Place{Path: dockerCfg, Key: "other"}); ok || err != nil {
		t.Errorf("another: %v, %v", ok, err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(auths(auth("reg:5000", "alice", "pw"), `"https://index.docker.io/v1/":{"identitytoken":"x"}`)))
	f.Add([]byte(`{"credHelpers":{"reg":"mooring"},"credsStore":"pass"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, legacy := range []bool{false, true} {
			s := &source{path: "/x", legacy: legacy}
			if s.parse(data) != nil {
				continue
			}
			tools := &Tools{docker: docker{env: &source{}, file: s}, podman: podman{files: []*source{s}, helpers: []helperNamed{{name: authFiles}}}, sources: []*source{s}}
			for _, p := range tools.Find(func(trust.Registry) bool { return true }) {
				if p.Registry.IsZero() || p.Helper == "" && s.texts[p.Key].Secret.Empty() {
					t.Errorf("a place with nothing: %+v", p)
				}
			}
		}
	})
}
