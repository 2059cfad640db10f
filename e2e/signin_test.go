//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/integration/desk"
	"mooring.dev/mooring/trust/trusttest"
	"mooring.dev/mooring/ui/theme"
)

// unlock is a session's start: a keyring that is open, as after signing in at a
// desktop, and where its bus is.
const unlock = `printf %s 'keyring password' | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null &&
printf %s "$DBUS_SESSION_BUS_ADDRESS" >"$XDG_RUNTIME_DIR/bus-address" && exec "$@"`

// withKeyring opens Mooring in a session with a keyring; the person's PATH has the
// credential helper, as a package puts it there.
func (s *session) withKeyring() *window {
	s.t.Helper()
	helper := filepath.Join(s.bin(), "docker-credential-mooring")
	must(s.t, os.MkdirAll(s.bin(), 0o755))
	must(s.t, os.Symlink(desk.Built("mooring"), helper))
	cmd := s.atHome("dbus-run-session", "--", "sh", "-c", unlock, "sh", desk.Built("mooring"))
	w := s.open("^Mooring$", cmd)
	s.wait("the first picture", func() bool { return len(w.look().areas(theme.ColorSidebar, 200, 100)) > 0 })
	return w
}

func (s *session) bin() string { return filepath.Join(s.user.Home, "bin") }

// atHome is a command with the person's own programs on its PATH.
func (s *session) atHome(argv ...string) *exec.Cmd {
	cmd := s.command(argv...)
	cmd.Env = append(cmd.Env, "PATH="+s.bin()+":"+desk.SearchPath)
	return cmd
}

// onBus runs a command on the bus of the window's session.
func (s *session) onBus(argv ...string) (string, error) {
	s.t.Helper()
	out, err := s.busCommand(argv...).CombinedOutput()
	return string(out), err
}

// busCommand is a command on that bus.
func (s *session) busCommand(argv ...string) *exec.Cmd {
	s.t.Helper()
	address, err := os.ReadFile(filepath.Join(s.runtimeDir(), "bus-address"))
	must(s.t, err)
	cmd := s.atHome(argv...)
	cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS="+string(address))
	return cmd
}

// believe installs the registry's CA where the engines of this computer look, as an
// administrator does, until the test ends.
func believe(t testing.TB, root *trusttest.Cert) {
	t.Helper()
	for _, dir := range certDirs {
		must(t, os.MkdirAll(dir, 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "ca.crt"), root.PEM(), 0o644))
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	}
}

// TestSignIn is the whole way at the keyboard: a wrong password, the right one, the
// keyring, and docker's and podman's files; then other programs get the image
// without a password, which lies in no file.
func TestSignIn(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	believe(t, startRegistry(t, s))
	w := s.withKeyring()
	w.add(reg)
	w.until("green", whole(theme.ColorTrustedBack))
	if out, err := s.onBus("skopeo", "inspect", "docker://"+image1); err == nil {
		t.Fatalf("the registry asks for no password:\n%s", out)
	}

	w.key("ctrl+l")
	w.until("the fields", dialog).save(t, "sign-in-1-fields")
	w.typed(account)
	w.key("Tab")
	w.typed("wrong horse")
	w.key("Return")
	w.until("the refusal", func(p picture) bool { return banner(theme.ColorRefusedBack)(p) && dialog(p) }).save(t, "sign-in-2-wrong")
	w.typed(secret) // what was wrong is selected
	w.key("Return")
	w.until("the sign-in", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && wide(p) }).save(t, "sign-in-3-done")
	if out, err := s.onBus("secret-tool", "search", "--all", "service", "mooring"); err != nil || !strings.Contains(out, reg) {
		t.Errorf("secret-tool sees no sign-in: %v\n%s", err, out)
	}

	w.click(w.look().buttons()[0])
	s.wait("docker's file", func() bool { return s.helperOf(".docker/config.json") == "mooring" })
	done := w.until("the receipt", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && dialog(p) && !wide(p) })
	done.save(t, "sign-in-4-used")
	for _, argv := range [][]string{
		{"skopeo", "inspect", "docker://" + image1},
		{"docker", "manifest", "inspect", image1},
	} {
		if out, err := s.onBus(argv...); err != nil {
			t.Errorf("%v without a password: %v\n%s", argv, err, out)
		}
	}
	s.nowhere(secret)

	w.key("Escape")
	w.until("the page", whole(theme.ColorTrustedBack))
	w.key("ctrl+2")
	w.settled().save(t, "sign-in-5-tab")
	w.key("ctrl+3")
	w.settled()
	w.typed("app")
	w.key("Return")
	images := w.settled()
	images.save(t, "sign-in-6-images")
	w.key("ctrl+Tab")
	w.until("the next tab", func(p picture) bool { return !bytes.Equal(images.Pix, p.Pix) })
}

// wide reports whether the filled button is as wide as the offer to the tools.
func wide(p picture) bool {
	b := p.buttons()
	return p.dimmed() && len(b) > 0 && b[0].Dx() > 150
}

// helperOf is who keeps the registry's password by a file of docker's.
func (s *session) helperOf(file string) string {
	b, err := os.ReadFile(filepath.Join(s.user.Home, file))
	if err != nil {
		return ""
	}
	var config struct{ CredHelpers map[string]string }
	must(s.t, json.Unmarshal(b, &config))
	return config.CredHelpers[reg]
}

// nowhere searches the person's files, and the arguments and environments of all
// programs, for a password. The registry's own is hashed.
func (s *session) nowhere(password string) {
	s.t.Helper()
	look := func(path string, b []byte) {
		if bytes.Contains(b, []byte(password)) {
			s.t.Errorf("the password is in %s", path)
		}
	}
	for _, dir := range []string{s.user.Home, s.runtimeDir()} {
		must(s.t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			b, _ := os.ReadFile(path)
			look(path, b)
			return nil
		}))
	}
	for _, what := range []string{"cmdline", "environ"} {
		files, _ := filepath.Glob("/proc/[0-9]*/" + what)
		for _, path := range files {
			b, _ := os.ReadFile(path) // a program that has ended since
			look(path, b)
		}
	}
	look("the window's log", []byte(s.log("window")))
}

// TestSignInWithoutAKeyring: there is no session bus, so the sign-in is kept in
// memory, for this window; the files stay as they are.
func TestSignInWithoutAKeyring(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	believe(t, startRegistry(t, s))
	cmd := s.command(desk.Built("mooring"))
	cmd.Env = append(cmd.Env, "DBUS_SESSION_BUS_ADDRESS=unix:path="+filepath.Join(s.runtimeDir(), "no-bus"))
	w := s.open("^Mooring$", cmd)
	w.settled()
	w.add(reg)
	w.until("green", whole(theme.ColorTrustedBack))
	w.key("ctrl+l")
	w.until("the fields", dialog)
	w.settled().save(t, "no-keyring-1-fields")
	w.typed(account)
	w.key("Tab")
	w.typed(secret)
	w.key("Return")
	w.until("the sign-in", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && dialog(p) }).save(t, "no-keyring-2-done")
	if got := s.helperOf(".docker/config.json"); got != "" {
		t.Errorf("docker is told to ask %q", got)
	}
	s.nowhere(secret)
	w.key("Escape")
	w.until("the page", whole(theme.ColorTrustedBack))
	w.key("ctrl+2")
	w.settled().save(t, "no-keyring-3-tab")
}

// TestPlaintextIsMoved: a password that docker left in its file goes into the
// keyring, and docker's and podman's kin find it there.
func TestPlaintextIsMoved(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	believe(t, startRegistry(t, s))
	coded := base64.StdEncoding.EncodeToString([]byte(account + ":" + secret))
	path := filepath.Join(s.user.Home, ".docker", "config.json")
	s.own(path, fmt.Appendf(nil, `{"auths": {%q: {"auth": %q}}, "currentContext": "default"}`, reg, coded))
	w := s.withKeyring()
	w.until("green", whole(theme.ColorTrustedBack))
	w.key("ctrl+2")
	risk := w.until("the risk", whole(theme.ColorAttentionBack))
	risk.save(t, "move-1-risk")
	w.click(risk.buttons()[0])
	plan := w.until("the plan", dialog)
	plan.save(t, "move-2-plan")
	w.click(plan.buttons()[0])
	w.until("the receipt", func(p picture) bool { return banner(theme.ColorTrustedBack)(p) && dialog(p) }).save(t, "move-3-done")
	if got := s.helperOf(".docker/config.json"); got != "mooring" {
		t.Errorf("docker is told to ask %q", got)
	}
	b, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Contains(b, []byte(`"currentContext": "default"`)) {
		t.Errorf("what was beside it has changed:\n%s", b)
	}
	s.nowhere(coded)
	s.nowhere(secret)
	if out, err := s.onBus("skopeo", "inspect", "docker://"+image1); err != nil {
		t.Errorf("skopeo: %v\n%s", err, out)
	}
}

// own puts a file of the person's into place.
func (s *session) own(path string, b []byte) {
	s.t.Helper()
	must(s.t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(s.t, os.WriteFile(path, b, 0o600))
	for _, p := range []string{filepath.Dir(path), path} {
		must(s.t, os.Chown(p, int(s.user.Cred.Uid), int(s.user.Cred.Gid)))
	}
}

// TestSignInWantsTrust: nothing can be typed for a registry that is not trusted.
func TestSignInWantsTrust(t *testing.T) {
	s := login(t, "allowed", "1280x900")
	startRegistry(t, s)
	w := s.mooring()
	w.add(reg)
	w.until("red", banner(theme.ColorRefusedBack))
	w.key("ctrl+l")
	p := w.until("the refusal", func(p picture) bool { return banner(theme.ColorRefusedBack)(p) && dialog(p) })
	p.save(t, "sign-in-untrusted")
	before := w.settled()
	w.typed(secret)
	if field := w.look().focused(400); !field.Empty() {
		t.Errorf("there is a field at %v", field)
	}
	if after := w.settled(); !bytes.Equal(before.crop(middle(before)), after.crop(middle(after))) {
		t.Error("typing changes the dialog")
	}
}

// middle is the part of a window where a dialog is.
func middle(p picture) image.Rectangle {
	b := p.Bounds()
	return image.Rect(b.Dx()/4, b.Dy()/4, b.Dx()*3/4, b.Dy()*3/4)
}
