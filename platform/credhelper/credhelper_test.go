package credhelper

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/consumers"
	"mooring.dev/mooring/platform/kept"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "hunter2-Ünicode"

// fresh is the helper on a machine with some files and a keyring in memory.
func fresh(t testing.TB, files map[string]string) Helper {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	w := world.Under(root, "linux")
	return Helper{
		Context: context.Background(), World: w, Version: "1.2.3",
		Kept: kept.Keeper{Ring: keyring.Memory(), State: state.Open(w), Now: w.Now},
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		},
	}
}

// ask is one request; the answer without its line end.
func (h Helper) ask(action, in string) (out string, status int) {
	out, _, status = h.askAloud(action, in)
	return out, status
}

// askAloud returns what went to standard error as well.
func (h Helper) askAloud(action, in string) (out, aloud string, status int) {
	var b, e bytes.Buffer
	status = h.Main([]string{action}, strings.NewReader(in), &b, &e)
	return strings.TrimSuffix(b.String(), "\n"), strings.TrimSuffix(e.String(), "\n"), status
}

func request(url, user, secret string) string {
	b, _ := json.Marshal(map[string]string{"ServerURL": url, "Username": user, "Secret": secret})
	return string(b)
}

func TestIs(t *testing.T) {
	for argv0, want := range map[string]bool{
		"docker-credential-mooring":              true,
		"/usr/bin/docker-credential-mooring":     true,
		`C:\m\docker-credential-mooring.exe`:     true,
		`C:\m\Docker-Credential-Mooring.EXE`:     true,
		"mooring":                                false,
		"/docker-credential-mooring/mooring":     false,
		"docker-credential-mooring-2":            false,
		"xdocker-credential-mooring":             false,
		"/usr/bin/mooring-helper-registry":       false,
		"":                                       false,
		"docker-credential-mooring.exe/whatever": false,
	} {
		if Is(argv0) != want {
			t.Errorf("%q: %v", argv0, !want)
		}
	}
}

func TestProtocol(t *testing.T) {
	h := fresh(t, nil)
	const notFound = "credentials not found in native keychain"
	for _, step := range []struct {
		action, in string
		out        string
		status     int
	}{
		{"version", "", "docker-credential-mooring (mooring.dev/mooring) 1.2.3", 0},
		{"list", "unused", "{}", 0},
		{"get", "reg:5000", notFound, 1},
		{"erase", "reg:5000", "", 0},
		{"store", request("reg:5000", "alice", password), "", 0},
		{"get", "reg:5000\n", `{"ServerURL":"reg:5000","Username":"alice","Secret":"` + password + `"}`, 0},
		{"store", request("reg:5000", "bob", "other"), "", 0},
		{"get", "reg:5000", `{"ServerURL":"reg:5000","Username":"bob","Secret":"other"}`, 0},
		{"store", request("https://index.docker.io/v1/", "<token>", "ey"), "", 0},
		{"get", "https://index.docker.io/v1/", `{"ServerURL":"https://index.docker.io/v1/","Username":"\u003ctoken\u003e","Secret":"ey"}`, 0},
		{"get", "docker.io", `{"ServerURL":"docker.io","Username":"\u003ctoken\u003e","Secret":"ey"}`, 0}, // as podman calls it
		{"list", "unused", `{"https://index.docker.io/v1/":"\u003ctoken\u003e","reg:5000":"bob"}`, 0},
		{"erase", "reg:5000", "", 0},
		{"get", "reg:5000", notFound, 1},
		{"erase", "docker.io", "", 0},
		{"list", "", "{}", 0},

		{"get", "", "no credentials server URL", 1},
		{"get", " \n", "no credentials server URL", 1},
		{"erase", "", "no credentials server URL", 1},
		{"store", request("", "alice", "x"), "no credentials server URL", 1},
		{"store", request("reg", "", "x"), "no credentials username", 1},
		{"store", request("reg", "alice", ""), "mooring: there is no password to keep", 1},
		{"store", request("https://reg/v2/", "alice", password), `mooring: "https://reg/v2/" is not the name of a registry, so no sign-in is kept for it`, 1},
		{"store", "", "mooring: the request cannot be read", 1},
		{"store", `{"ServerURL":"reg","Secret":"` + password, "mooring: the request cannot be read", 1},
		{"store", `{"ServerURL":"reg","Username":"a","Secret":17}`, "mooring: the request cannot be read", 1},
		{"store", password, "mooring: the request cannot be read", 1},
		{"store", request("reg", "a", strings.Repeat("x", maxInput)), "mooring: the request cannot be read", 1},
		{"erase", "https://reg/v2/", "", 0},
		{"", "", "Usage: docker-credential-mooring <store|get|erase|list|version>", 1},
		{"sell", "reg", "Usage: docker-credential-mooring <store|get|erase|list|version>", 1},
	} {
		out, aloud, status := h.askAloud(step.action, step.in)
		if out != step.out || status != step.status || aloud != "" {
			t.Errorf("%s %.60q: %d %.200q, aloud %.200q", step.action, step.in, status, out, aloud)
		}
	}
	var b bytes.Buffer
	if status := h.Main([]string{"get", "reg"}, strings.NewReader(""), &b, io.Discard); status != 1 || !strings.HasPrefix(b.String(), "Usage") {
		t.Errorf("two arguments: %d %q", status, &b)
	}
}

// A sign-in is handed out for exactly the registry that it was kept for.
func TestGetAnExactHostOnly(t *testing.T) {
	h := fresh(t, nil)
	kept := []string{"reg.example:5000", "plain.example", "[2001:db8::1]:5000", "10.0.0.1:5000", "https://index.docker.io/v1/"}
	for _, url := range kept {
		if out, status := h.ask("store", request(url, "alice", password)); status != 0 {
			t.Fatal(out)
		}
		if out, status := h.ask("get", url); status != 0 || !strings.Contains(out, password) {
			t.Errorf("%s itself: %s", url, out)
		}
	}
	for _, near := range []string{
		"reg.example", "reg.example:500", "reg.example:50000", "reg.example:5001", "reg.example:443", "reg.example:05000",
		"reg.example:5000/", "reg.example:5000/team", "reg.example:5000/v2/", "reg.example:5000#x", "reg.example:5000?x", "reg.example:5000:5000",
		"http://reg.example:5000", "https://reg.example:5000", "https://reg.example:5000/v2/", "HTTPS://reg.example:5000",
		"REG.example:5000", "reg.EXAMPLE:5000", "reg.example.:5000", ".reg.example:5000", "reg..example:5000",
		"eg.example:5000", "xreg.example:5000", "reg.example.evil:5000", "evil.reg.example:5000", "reg.example:5000.evil", "reg.example:5000@evil",
		"alice@reg.example:5000", "alice:pw@reg.example:5000", "reg.example\x00:5000", "reg.example:5000\x00", "reg.examp1e:5000", "rеg.example:5000",
		"reg%2eexample:5000", "reg.example:+5000", "reg.example:５０００",
		"plain.example:443", "plain.example:80", "https://plain.example", "Plain.example", "plain.example.", "*.example", "*",
		"[2001:db8::1]", "2001:db8::1", "[2001:db8:0::1]:5000", "[2001:DB8::1]:5000", "[2001:db8::1%25eth0]:5000",
		"10.0.0.1", "10.0.0.01:5000", "0x0a000001:5000", "::ffff:10.0.0.1", "[::ffff:10.0.0.1]:5000",
		"index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "Docker.io", "docker.io:443", "docker.io/library",
		"https://index.docker.io/v1", "https://index.docker.io/v2/", "http://index.docker.io/v1/", "https://index.docker.io/v1/access-token",
		"https://index.docker.io/v1/ x", "https://INDEX.docker.io/v1/", "https://index.docker.io.evil/v1/", "https://docker.io/v1/", "https://docker.io",
		"username", "service", "mooring", "..", "/", "-", "list",
	} {
		out, status := h.ask("get", near)
		if status != 1 || out != "credentials not found in native keychain" {
			t.Errorf("%q: %d %s", near, status, out)
		}
	}
}

// What is unverified, by any tool's rules, gets nothing; and is told which file
// says so.
func TestGetRefusesTheUnverified(t *testing.T) {
	for name, tt := range map[string]struct {
		path, content string
		host          string
	}{
		"daemon.json":            {"etc/docker/daemon.json", `{"insecure-registries":["reg.example:5000"]}`, "reg.example:5000"},
		"a range in daemon.json": {"etc/docker/daemon.json", `{"insecure-registries":["10.0.0.0/8"]}`, "reg.example:5000"},
		"registries.conf":        {"etc/containers/registries.conf", "[[registry]]\nlocation = 'reg.example:5000'\ninsecure = true\n", "reg.example:5000"},
		"a drop-in":              {"etc/containers/registries.conf.d/50-lab.conf", "[[registry]]\nlocation = 'reg.example:5000'\ninsecure = true\n", "reg.example:5000"},
		"the person's own":       {"root/.config/containers/registries.conf", "[[registry]]\nlocation = 'reg.example:5000'\ninsecure = true\n", "reg.example:5000"},
	} {
		t.Run(name, func(t *testing.T) {
			h := fresh(t, map[string]string{tt.path: tt.content})
			for _, noted := range []bool{true, false} {
				if out, status := h.ask("store", request(tt.host, "alice", password)); status != 0 {
					t.Fatal(out)
				}
				if r, _ := registryOf(tt.host); !noted {
					if err := h.Kept.State.ForgetSignIn(r); err != nil {
						t.Fatal(err)
					}
				}
				out, status := h.ask("get", tt.host)
				if status != 1 || !strings.Contains(out, "/"+tt.path) || !strings.Contains(out, tt.host) || strings.Contains(out, password) {
					t.Errorf("noted %v: %d %s", noted, status, out)
				}
			}
			if err := os.Remove(filepath.Join(h.World.Root, tt.path)); err != nil {
				t.Fatal(err)
			}
			if out, status := h.ask("get", tt.host); status != 0 {
				t.Errorf("without the entry: %s", out)
			}
		})
	}
}

// Whoever answers for a name decides in which range of addresses it is: here, and
// then for the tool that connects.
func TestGetBesideARange(t *testing.T) {
	h := fresh(t, map[string]string{"etc/docker/daemon.json": `{"insecure-registries":["192.0.2.0/24"]}`})
	nobody := func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") }
	for reg, refused := range map[string]bool{"reg.example": true, "192.0.2.7:5000": true, "10.0.0.1:5000": false, "docker.io": false} {
		if out, status := h.ask("store", request(reg, "alice", password)); status != 0 {
			t.Fatal(out)
		}
		for _, h.Resolve = range []func(context.Context, string) ([]netip.Addr, error){fresh(t, nil).Resolve, nobody} {
			out, status := h.ask("get", reg)
			said := strings.Contains(out, "192.0.2.0/24") && strings.Contains(out, "/etc/docker/daemon.json")
			if refused != (status == 1) || reg == "reg.example" && !said || refused && strings.Contains(out, password) {
				t.Errorf("%s: %d %s", reg, status, out)
			}
		}
	}
}

// What cannot be read may hold a rule: it is named, and nothing is handed out.
func TestGetBesideWhatCannotBeUsed(t *testing.T) {
	for path, content := range map[string]string{
		"etc/docker/daemon.json":                       `{"insecure-registries":["reg.example"],`,
		"etc/containers/registries.conf":               "[[registry",
		"etc/containers/registries.conf.d/50-lab.conf": "insecure",
		"etc/nerdctl/nerdctl.toml":                     "insecure_registry",
		"etc/buildkit/buildkitd.toml":                  "[registry",
	} {
		h := fresh(t, map[string]string{path: content})
		if out, status := h.ask("store", request("reg.example", "alice", password)); status != 0 {
			t.Fatal(out)
		}
		out, status := h.ask("get", "reg.example")
		if status != 1 || !strings.Contains(out, "cannot be known, as /"+path+" cannot be used") || strings.Contains(out, password) {
			t.Errorf("%s: %d %s", path, status, out)
		}
	}
}

// The refusal names the daemon that gave its word, or did not.
func TestWhyNot(t *testing.T) {
	r, _ := registryOf("reg.example")
	for want, u := range map[string]consumers.Unverified{
		"docker does not verify who answers there, as the daemon at unix:///x says":                             {Party: trust.Docker, Origin: "unix:///x"},
		"whether docker verifies who answers there cannot be known, as the daemon at unix:///x does not answer": {Party: trust.Docker, Origin: "unix:///x", Unknown: true},
		"podman does not verify who answers there, because of /x.conf":                                          {Party: trust.Podman, Origin: "/x.conf"},
		"containerd does not verify who answers there, as it is an address of this computer":                    {Party: trust.Containerd, Origin: "localhost"},
		"docker does not verify who answers at 10.0.0.0/8, as the daemon at unix:///x says, and whoever answers for the name reg.example can choose such an address": {
			Party: trust.Docker, Origin: "unix:///x", Range: netip.MustParsePrefix("10.0.0.0/8"),
		},
	} {
		if got := whyNot(r, u); got != want {
			t.Errorf("%s", got)
		}
	}
}

type ring struct{ state keyring.State }

func (r ring) err() error {
	return &keyring.Error{State: r.state, Err: fmt.Errorf("own words")}
}
func (r ring) Set(context.Context, string, trust.Credential) error { return r.err() }
func (r ring) Delete(context.Context, string) error                { return r.err() }
func (r ring) Get(context.Context, string) (trust.Credential, error) {
	return trust.Credential{}, r.err()
}

// However the keyring stands, docker gets one sentence that says what to do, and
// takes none for "not found": it would go on without a word.
func TestEveryStateIsSaid(t *testing.T) {
	seen := map[string]keyring.State{}
	for _, s := range []keyring.State{
		keyring.NoBus, keyring.NoService, keyring.Locked, keyring.Dismissed, keyring.TooBig, keyring.TimedOut, keyring.Unsupported, keyring.Failed,
	} {
		h := fresh(t, nil)
		h.Kept.Ring = ring{s}
		for action, in := range map[string]string{"get": "reg:5000", "store": request("reg:5000", "alice", password)} {
			out, aloud, status := h.askAloud(action, in)
			if action == "get" && aloud != out || action == "store" && aloud != "" { // docker shows an error of store itself
				t.Errorf("%s, %s: aloud %q", s, action, aloud)
			}
			if status != 1 || !strings.HasPrefix(out, "mooring: ") || len(out) < 20 || strings.Contains(out, "\n") || strings.Contains(out, password) {
				t.Errorf("%s, %s: %d %q", s, action, status, out)
			}
			if other, ok := seen[out]; ok && other != s {
				t.Errorf("%s says the same as %s", s, other)
			}
			seen[out] = s
		}
		if out, _ := h.ask("list", "unused"); out != "{}" {
			t.Errorf("%s: noted %s", s, out)
		}
	}
}

func TestEndsWithItsParent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	go watchParent(ctx, cancel, func() int {
		calls++
		return map[bool]int{true: 4711, false: 1}[calls < 3]
	})
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		t.Error("it stays")
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("get", []byte("reg.example:5000\n"))
	f.Add("store", []byte(request("reg:5000", "alice", "pw")))
	f.Add("store", []byte(request("https://index.docker.io/v1/", "<token>", "pw")))
	f.Add("erase", []byte("https://index.docker.io/v1/"))
	f.Add("list", []byte("unused"))
	dir := f.TempDir()
	w := world.Under(dir, "linux")
	h := Helper{
		Context: context.Background(), World: w,
		Kept:    kept.Keeper{Ring: keyring.Memory(), State: state.Open(w), Now: w.Now},
		Resolve: func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such host") },
	}
	secret := trust.Credential{User: "alice", Secret: trust.NewSecret("s3cr3t-of-another")}
	other, _ := registryOf("kept.example:5000")
	if err := h.Kept.Keep(h.Context, other, secret, time.Time{}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, action string, in []byte) {
		out, status := h.ask(action, string(in))
		if status != 0 && status != 1 || status == 1 && out == "" {
			t.Errorf("%d %q", status, out)
		}
		asked := string(bytes.TrimSpace(bytes.ReplaceAll(bytes.ReplaceAll(in, []byte("\r"), nil), []byte("\n"), nil)))
		if strings.Contains(out, "s3cr3t") && (action != "get" || asked != "kept.example:5000") && !bytes.Contains(in, []byte("s3cr3t")) {
			t.Errorf("handed out for %q", in)
		}
	})
}
