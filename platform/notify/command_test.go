package notify

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"mooring.dev/mooring/platform/world"
)

// runner records what is run.
type runner struct {
	commands []world.Command
	code     int
}

func (r *runner) Run(_ context.Context, c world.Command) (world.Result, error) {
	r.commands = append(r.commands, c)
	return world.Result{Code: r.code, Stderr: []byte("no\n")}, nil
}
func (*runner) Look(name string) (string, error) { return name, nil }

// hostile is text that a shell, AppleScript, PowerShell or XML would obey.
const hostile = "$(id) `id` \" & (do shell script \"id\") & \"' ; </text><x> 무어링 \U0001F6A2"

func TestMacOSGetsTextsAsArguments(t *testing.T) {
	r := &runner{}
	n := New(world.World{OS: "darwin", Run: r}, nil)
	if err := n.Notify(t.Context(), Note{Title: "-e " + hostile, Body: hostile}); err != nil {
		t.Fatal(err)
	}
	argv := r.commands[0].Argv
	if i := slices.Index(argv, "--"); argv[0] != "/usr/bin/osascript" || !slices.Equal(argv[i+1:], []string{"-e " + hostile, hostile}) {
		t.Errorf("%q", argv)
	}
	for _, a := range argv[:len(argv)-2] {
		if strings.Contains(a, "id") && a != "/usr/bin/osascript" && !strings.HasPrefix(a, "display notification (item") {
			t.Errorf("the script holds %q", a)
		}
	}
	r.code = 1
	if err := n.Notify(t.Context(), Note{}); err == nil || !strings.Contains(err.Error(), "exit status 1: no") {
		t.Error(err)
	}
}

func TestWindowsGetsTextsOnStandardInput(t *testing.T) {
	r := &runner{}
	n := New(world.World{OS: "windows", Run: r}, nil)
	if err := n.Notify(t.Context(), Note{Key: strings.Repeat("k", 80), Title: hostile, Body: hostile}); err != nil {
		t.Fatal(err)
	}
	c := r.commands[0]
	raw, err := base64.StdEncoding.DecodeString(c.Argv[len(c.Argv)-1])
	if err != nil || c.Argv[len(c.Argv)-2] != "-EncodedCommand" {
		t.Fatalf("%q: %v", c.Argv, err)
	}
	var units []uint16
	for i := 0; i < len(raw); i += 2 {
		units = append(units, uint16(raw[i])|uint16(raw[i+1])<<8)
	}
	if string(utf16.Decode(units)) != toast {
		t.Error("the script is not the fixed one")
	}
	for _, b := range c.Stdin {
		if b > 0x7e {
			t.Fatalf("not ASCII: %s", c.Stdin)
		}
	}
	var got struct{ Title, Body, Tag string }
	if err := json.Unmarshal(c.Stdin, &got); err != nil || got.Title != hostile || got.Body != hostile || len(got.Tag) != 64 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNothingIsRunFromATree(t *testing.T) {
	for _, target := range []string{"darwin", "windows"} {
		if err := New(world.Under(t.TempDir(), target), nil).Notify(t.Context(), Note{}); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestWithoutABusNothingIsStarted(t *testing.T) {
	dir := t.TempDir()
	for _, env := range []map[string]string{
		{},
		{"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"},
		{"XDG_RUNTIME_DIR": dir},
		{"XDG_RUNTIME_DIR": "relative"},
		{"DBUS_SESSION_BUS_ADDRESS": "unix:path=" + dir + "/gone"},
	} {
		n := New(world.World{OS: "linux", FS: world.Disk{}, User: world.User{UID: 1 << 30}, Env: func(name string) string { return env[name] }}, nil)
		if err := n.Notify(t.Context(), Note{Key: "k", Title: "t"}); !errors.Is(err, ErrNone) {
			t.Errorf("%v: %v", env, err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
}
