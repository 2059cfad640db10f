package keyring

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"

	"mooring.dev/mooring/platform/world"
)

// exits is the error of a program that ended with a status.
func exits(t *testing.T, status int) error {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	return exec.Command("sh", "-c", fmt.Sprintf("exit %d", status)).Run()
}

func TestClassify(t *testing.T) {
	for name, tt := range map[string]struct {
		target string
		err    error
		want   State
	}{
		"nothing":               {"linux", nil, ""},
		"own":                   {"linux", fmt.Errorf("x: %w", &Error{State: Dismissed}), Dismissed},
		"not found":             {"linux", gokeyring.ErrNotFound, NotFound},
		"too big":               {"windows", gokeyring.ErrSetDataTooBig, TooBig},
		"unsupported":           {"plan9", gokeyring.ErrUnsupportedPlatform, Unsupported},
		"time":                  {"linux", context.DeadlineExceeded, TimedOut},
		"cancelled":             {"linux", fmt.Errorf("x: %w", context.Canceled), TimedOut},
		"no provider":           {"linux", dbus.Error{Name: busUnknown}, NoService},
		"provider fails":        {"linux", dbus.Error{Name: busSpawn + "ChildExited"}, NoService},
		"provider hangs":        {"linux", dbus.Error{Name: busNoReply}, TimedOut},
		"locked":                {"linux", dbus.Error{Name: secretLocked}, Locked},
		"bus ends":              {"linux", dbus.ErrClosed, NoBus},
		"dismissed":             {"linux", fmt.Errorf("failed to unlock correct collection '%v'", loginCollection), Dismissed},
		"other call":            {"linux", dbus.Error{Name: "org.freedesktop.DBus.Error.NoSuchObject"}, Failed},
		"other":                 {"linux", errors.New("x"), Failed},
		"no logon session":      {"windows", syscall.Errno(1312), NoService},
		"other of windows":      {"windows", syscall.Errno(5), Failed},
		"no interaction":        {"darwin", exits(t, 36), Locked},
		"not found by status":   {"darwin", exits(t, 44), NotFound},
		"no keychain":           {"darwin", exits(t, 50), NoService},
		"wrong password":        {"darwin", exits(t, 51), Dismissed},
		"dialog was cancelled":  {"darwin", exits(t, 128), Dismissed},
		"other status":          {"darwin", exits(t, 1), Failed},
		"no program of macOS":   {"darwin", exec.ErrNotFound, Failed},
		"bus words on a mac":    {"darwin", dbus.ErrClosed, Failed},
		"linux words elsewhere": {"windows", errors.New("failed to unlock correct collection"), Failed},
	} {
		if got := classify(tt.target, tt.err); stateOf(got) != tt.want || (got == nil) != (tt.err == nil) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// security answers for the one question that Check asks on a Mac.
type security struct {
	world.Runner
	r   world.Result
	err error
}

func (s security) Run(_ context.Context, c world.Command) (world.Result, error) {
	if len(c.Argv) != 2 || c.Argv[0] != "/usr/bin/security" || c.Argv[1] != "default-keychain" {
		return world.Result{}, errors.New("asked something else")
	}
	return s.r, s.err
}

func TestCheckElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		target string
		run    world.Runner
		want   State
	}{
		"windows":            {"windows", nobody{}, ""},
		"a mac":              {"darwin", security{}, ""},
		"a mac without one":  {"darwin", security{r: world.Result{Code: 44, Stderr: []byte("none\n")}}, NoService},
		"a mac without tool": {"darwin", security{err: exec.ErrNotFound}, NoService},
	} {
		if err := Check(t.Context(), world.World{OS: tt.target, Run: tt.run}); stateOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
