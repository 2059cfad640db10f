package keychain

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/need"
	"mooring.dev/mooring/platform/store/keychain/keychaintest"
)

// stateVariable makes this test program `security` itself, of the Mac in that file.
const stateVariable = "FAKE_SECURITY_STATE"

func TestMain(m *testing.M) {
	if file := os.Getenv(stateVariable); file != "" {
		os.Exit(keychaintest.Main(file, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// The script for a real Mac is run here against the fake one, with a uname and a sudo
// of its own on PATH.
func TestScriptForARealMac(t *testing.T) {
	for _, tool := range []string{"bash", "openssl", "perl"} {
		need.Tool(t, tool, "scripts/deps.sh test")
	}
	for name, tt := range map[string]struct {
		args   []string
		env    string
		kernel string
		lies   string // a command of `security` that does nothing and says that all is well
		status int
		says   string
	}{
		"a person who agrees": {[]string{"--yes", "--admin"}, "", "Darwin", "", 0, "0 not, 0 could not be tried"},
		"who cancels":         {[]string{"--yes"}, "FAKE_SECURITY_PERSON=cancels", "Darwin", "", 3, "could not be tried"},
		"nobody there":        {[]string{"--yes"}, "FAKE_SECURITY_PERSON=headless", "Darwin", "", 3, "since no user interaction was possible"},
		"trust is not added":  {[]string{"--yes"}, "", "Darwin", "add-trusted-cert", 1, "FAILED"},
		"nobody says yes":     {nil, "", "Darwin", "", 3, "Nothing was done"},
		"no Mac":              {[]string{"--yes"}, "", "Linux", "", 2, "This is for a Mac"},
		"an option too many":  {[]string{"--sudo"}, "", "Darwin", "", 2, "--admin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			state := filepath.Join(dir, "state")
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			tool := func(name, body string) {
				if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			tool("uname", "echo "+tt.kernel)
			tool("sudo", `FAKE_SECURITY_ROOT=1 exec "$@"`)
			tool("security", fmt.Sprintf("[ \"$1\" = %q ] && exit 0\n%s=%s exec %s \"$@\"", tt.lies, stateVariable, state, self))
			cmd := exec.CommandContext(t.Context(), "bash", append([]string{"../../../scripts/check-macos.sh"}, tt.args...)...)
			cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + dir, "SECURITY=" + filepath.Join(dir, "security"), "GORACE=atexit_sleep_ms=0", tt.env}
			cmd.Stdin = strings.NewReader("")
			out, err := cmd.CombinedOutput()
			status := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				status = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if status != tt.status || !bytes.Contains(out, []byte(tt.says)) {
				t.Errorf("exit status %d, want %d:\n%s", status, tt.status, out)
			}
			if tt.lies == "" {
				untouched(t, state)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "tmp.*")); len(left) > 0 {
				t.Errorf("it leaves %v", left)
			}
		})
	}
}

// untouched checks that the Mac in a file holds nothing.
func untouched(t *testing.T, state string) {
	t.Helper()
	data, err := os.ReadFile(state)
	if os.IsNotExist(err) {
		return // `security` was never called
	}
	if err != nil || bytes.Contains(data, []byte("MII")) || bytes.Contains(data, []byte(`"user":"P`)) || bytes.Contains(data, []byte(`"admin":"P`)) {
		t.Errorf("it leaves something: %v %s", err, data)
	}
}
