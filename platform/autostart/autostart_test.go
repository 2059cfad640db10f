package autostart

import (
	"cmp"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"howett.net/plist"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/need"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func entry(t *testing.T, target string) (e Entry, root string) {
	root = t.TempDir()
	return Entry{World: world.Under(root, target), Program: "/opt/my apps/mooring"}, root
}

// apply carries a plan out as the person's own half is.
func apply(t *testing.T, root string, p trust.Plan) (*change.Engine, trust.Receipt) {
	t.Helper()
	e := &change.Engine{Dir: filepath.Join(t.TempDir(), "journal"), Root: root}
	r, err := e.Apply(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e, r
}

func TestOnAndOffAndBack(t *testing.T) {
	for _, target := range []string{"linux", "darwin"} {
		t.Run(target, func(t *testing.T) {
			e, root := entry(t, target)
			if on, err := e.On(); on || err != nil {
				t.Fatalf("before: %v, %v", on, err)
			}
			if p, err := e.Plan(false); err != nil || len(p.Pending()) != 0 {
				t.Errorf("off, when it is off: %+v, %v", p, err)
			}
			p, err := e.Plan(true)
			if err != nil || len(p.Pending()) != 1 || p.Changes[0].Status != trust.StatusNew || p.Action != Action {
				t.Fatalf("%+v, %v", p, err)
			}
			engine, receipt := apply(t, root, p)
			if on, err := e.On(); !on || err != nil {
				t.Errorf("after: %v, %v", on, err)
			}
			if p, err := e.Plan(true); err != nil || len(p.Pending()) != 0 {
				t.Errorf("on, when it is on: %+v, %v", p, err)
			}
			moved := e
			moved.Program = "/usr/bin/mooring"
			if p, err := moved.Plan(true); err != nil || len(p.Pending()) != 1 || p.Changes[0].Status != trust.StatusReplaced {
				t.Errorf("from another place: %+v, %v", p, err)
			}
			off, err := e.Plan(false)
			if err != nil || len(off.Pending()) != 1 || off.Changes[0].Kind != trust.RemoveFile {
				t.Errorf("off: %+v, %v", off, err)
			}
			if _, err := engine.Undo(t.Context(), receipt.ID, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(filepath.Join(root, e.Path())); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("undone, and it is there: %v", err)
			}
			_, receipt = apply(t, root, p)
			engine, receipt = apply(t, root, must(e.Plan(false)))
			if on, _ := e.On(); on {
				t.Error("off, and it is on")
			}
			if _, err := engine.Undo(t.Context(), receipt.ID, nil); err != nil {
				t.Fatal(err)
			}
			if on, _ := e.On(); !on {
				t.Error("undone, and it is off")
			}
		})
	}
}

func must(p trust.Plan, err error) trust.Plan {
	if err != nil {
		panic(err)
	}
	return p
}

func TestADesktopMaySwitchItOff(t *testing.T) {
	e, root := entry(t, "linux")
	path := filepath.Join(root, e.Path())
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"Hidden=true", "X-GNOME-Autostart-enabled=false", " Hidden = True"} {
		if err := os.WriteFile(path, []byte("[Desktop Entry]\nType=Application\nExec=mooring tray\n"+line+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		if on, err := e.On(); on || err != nil {
			t.Errorf("%q: %v, %v", line, on, err)
		}
		if p, err := e.Plan(true); err != nil || len(p.Pending()) != 1 || p.Changes[0].Status != trust.StatusReplaced {
			t.Errorf("%q: %+v, %v", line, p, err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", path); err != nil {
		t.Fatal(err)
	}
	var known *Error
	if _, err := e.Plan(true); !errors.As(err, &known) {
		t.Errorf("a link: %v", err)
	}
}

// The Exec line is read by GLib as desktops do, where that is installed.
func TestExecSurvivesOddPaths(t *testing.T) {
	for _, program := range []string{
		"/usr/bin/mooring", "/opt/my apps/mooring", `/opt/"quoted"/mooring`, "/opt/$HOME/`id`/mooring", `/opt/back\slash/mooring`, "/opt/100%/mooring", "/opt/무어링/mooring",
	} {
		text := string(desktop(program))
		if got := unquote(t, execLine(text)); !slices.Equal(got, []string{program, "tray"}) {
			t.Errorf("%s is started as %q:\n%s", program, got, text)
		}
	}
	for _, program := range []string{"", "/opt/new\nline/mooring", "/opt/\x00"} {
		e, _ := entry(t, "linux")
		e.Program = program
		if p, err := e.Plan(true); err == nil {
			t.Errorf("%q: %+v", program, p)
		}
	}
}

func execLine(text string) string {
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, "Exec="); ok {
			return strings.TrimSuffix(v, "\n")
		}
	}
	return ""
}

// unquote reads an Exec line as its specification says, from the outer rule to the
// inner.
func unquote(t *testing.T, line string) []string {
	t.Helper()
	line = strings.NewReplacer(`\\`, `\`, `\s`, " ", `\n`, "\n", `\t`, "\t").Replace(line)
	var out []string
	var b strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
			b.WriteByte(line[i])
		case c == '%':
			if i++; line[i] != '%' {
				t.Fatalf("field code %%%c in %q", line[i], line)
			}
			b.WriteByte('%')
		case c == ' ' && !quoted:
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	return append(out, b.String())
}

// desktop-file-validate is the specification's own checker.
func TestTheEntryIsValid(t *testing.T) {
	validate := need.Tool(t, "desktop-file-validate", "scripts/deps.sh test")
	path := filepath.Join(t.TempDir(), "mooring.desktop")
	if err := os.WriteFile(path, desktop(`/opt/my "apps"/100%/mooring`), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), validate, path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTheAgentIsAPropertyList(t *testing.T) {
	program := `/Applications/A & B <"Mooring">.app/mooring`
	var got struct {
		Label            string   `plist:"Label"`
		ProgramArguments []string `plist:"ProgramArguments"`
		RunAtLoad        bool     `plist:"RunAtLoad"`
	}
	if _, err := plist.Unmarshal(agent(program), &got); err != nil {
		t.Fatal(err)
	}
	if got.Label != label || !got.RunAtLoad || !slices.Equal(got.ProgramArguments, []string{program, "tray"}) {
		t.Errorf("%+v", got)
	}
	if err := xml.Unmarshal(agent(program), new(struct{})); err != nil {
		t.Error(err)
	}
}

// hive is reg.exe over one value: it knows the verbs and options that are used, and
// no others.
type hive struct {
	value *string
	kind  string // "": REG_SZ
	argv  [][]string
}

func (h *hive) Look(name string) (string, error) { return name, nil }

func (h *hive) Run(_ context.Context, c world.Command) (world.Result, error) {
	a := c.Argv
	h.argv = append(h.argv, a)
	if a[0] != `C:\Windows\System32\reg.exe` || a[2] != runKey || a[3] != "/v" || a[4] != "Mooring" {
		return world.Result{}, fmt.Errorf("not reg: %q", a)
	}
	switch {
	case a[1] == "query" && len(a) == 5:
		if h.value == nil {
			return world.Result{Code: 1, Stderr: []byte("ERROR: The system was unable to find the specified registry key or value.\r\n")}, nil
		}
		return world.Result{Stdout: []byte("\r\nHKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\r\n    Mooring    " + cmp.Or(h.kind, "REG_SZ") + "    " + *h.value + "\r\n\r\n")}, nil
	case a[1] == "add" && len(a) == 10 && a[5] == "/t" && strings.HasPrefix(a[6], "REG_") && a[7] == "/d" && a[9] == "/f":
		h.kind, h.value = a[6], &a[8]
	case a[1] == "delete" && slices.Equal(a[5:], []string{"/f"}) && h.value != nil:
		h.value = nil
	default:
		return world.Result{Code: 1, Stderr: []byte("ERROR: Invalid syntax.")}, nil
	}
	return world.Result{Stdout: []byte("The operation completed successfully.\r\n")}, nil
}

type noCommands struct{}

func (noCommands) Run(context.Context, string, bool) (string, bool, error) {
	return "", false, errors.New("not in this table")
}
func (noCommands) Holds(string, []string) ([]string, error) { return []string{"other"}, nil }
func (noCommands) Left(string, []string) ([]string, error)  { return []string{"other"}, nil }

func TestTheRunKeyThroughTheJournal(t *testing.T) {
	h := &hive{}
	w := world.World{
		OS: "windows", FS: world.Disk{}, Run: h, User: world.User{Home: `C:\Users\me`},
		Env: func(name string) string { return map[string]string{"SystemRoot": `C:\Windows`}[name] },
	}
	e := Entry{World: w, Program: `C:\Program Files\Mooring\mooring.exe`}
	table := Table{Entry: e, Other: noCommands{}}
	engine := &change.Engine{Dir: filepath.Join(t.TempDir(), "journal"), Commands: table}
	p, err := e.Plan(true)
	if err != nil || len(p.Pending()) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	const shown = `reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v Mooring /t REG_SZ /d "\"C:\Program Files\Mooring\mooring.exe\" tray" /f`
	if p.Changes[0].Shown != shown {
		t.Errorf("shown as %s", p.Changes[0].Shown)
	}
	on, err := engine.Apply(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	if h.value == nil || *h.value != `"C:\Program Files\Mooring\mooring.exe" tray` {
		t.Fatalf("the value is %v", h.value)
	}
	if is, err := e.On(); !is || err != nil {
		t.Errorf("%v, %v", is, err)
	}
	if p, err := e.Plan(true); err != nil || len(p.Pending()) != 0 {
		t.Errorf("on, when it is on: %+v, %v", p, err)
	}
	off, err := engine.Apply(t.Context(), must(e.Plan(false)), nil)
	if err != nil || h.value != nil {
		t.Fatalf("off: %v, %v", err, h.value)
	}
	if _, err := engine.Undo(t.Context(), off.ID, nil); err != nil || h.value == nil {
		t.Errorf("off, undone: %v, %v", err, h.value)
	}
	if _, err := engine.Undo(t.Context(), on.ID, nil); err != nil || h.value != nil {
		t.Errorf("on, undone: %v, %v", err, h.value)
	}
	if _, _, err := table.Run(t.Context(), "update-ca-certificates", false); err == nil {
		t.Error("another command is not handed on")
	}
	if held, err := table.Holds("other", nil); err != nil || len(held) != 1 {
		t.Errorf("%v, %v", held, err)
	}
}

// TestTheFormerValueComesBack: what another program had under our name is not lost,
// and what it wrote since is not touched.
func TestTheFormerValueComesBack(t *testing.T) {
	for _, kind := range []string{"REG_SZ", "REG_EXPAND_SZ"} {
		former := `"%ProgramFiles%\Other replacing REG_SZ\mooring.exe" --hidden`
		value := func() *string { return &former }
		h := &hive{value: value(), kind: kind}
		w := world.World{
			OS: "windows", FS: world.Disk{}, Run: h, User: world.User{Home: `C:\Users\me`},
			Env: func(name string) string { return map[string]string{"SystemRoot": `C:\Windows`}[name] },
		}
		e := Entry{World: w, Program: `C:\mooring.exe`}
		engine := &change.Engine{Dir: filepath.Join(t.TempDir(), "journal"), Commands: Table{Entry: e, Other: noCommands{}}}
		for _, on := range []bool{true, false} {
			p, err := e.Plan(on)
			if want := map[bool]trust.Status{true: trust.StatusReplaced, false: trust.StatusRemoved}[on]; err != nil || len(p.Pending()) != 1 || p.Changes[0].Status != want {
				t.Fatalf("%s, %v: %+v, %v", kind, on, p, err)
			}
			r, err := engine.Apply(t.Context(), p, nil)
			if err != nil || on != (h.value != nil) {
				t.Fatalf("%s, %v: %v, %v", kind, on, h.value, err)
			}
			if _, err := engine.Undo(t.Context(), r.ID, nil); err != nil || h.value == nil || *h.value != former || h.kind != kind {
				t.Errorf("%s, %v, undone: %v %v, %v", kind, on, h.kind, h.value, err)
			}
		}
		r, err := engine.Apply(t.Context(), must(e.Plan(true)), nil)
		if err != nil {
			t.Fatal(err)
		}
		since := "written since"
		h.value = &since
		if _, err := engine.Undo(t.Context(), r.ID, nil); err == nil || *h.value != since {
			t.Errorf("%s: what was written since is %q: %v", kind, *h.value, err)
		}
		h.value = value()
		late := must(e.Plan(true))
		h.value = &since
		if _, err := engine.Apply(t.Context(), late, nil); err == nil || *h.value != since {
			t.Errorf("%s: what was written after the preview is %q: %v", kind, *h.value, err)
		}
	}
	h := &hive{value: new(string), kind: "REG_BINARY"}
	w := world.World{OS: "windows", FS: world.Disk{}, Run: h, Env: func(string) string { return `C:\Windows` }}
	if p, err := (Entry{World: w, Program: `C:\mooring.exe`}).Plan(true); err == nil {
		t.Errorf("a value that cannot be brought back: %+v", p)
	}
}

func TestATreeHasNoHive(t *testing.T) {
	e := Entry{World: world.Under(t.TempDir(), "windows"), Program: `C:\mooring.exe`}
	var known *Error
	if _, err := e.On(); !errors.As(err, &known) || known.Key != "autostart-hive" {
		t.Error(err)
	}
	if _, err := e.Plan(true); !errors.As(err, &known) {
		t.Error(err)
	}
	w := e.World
	w.Root, w.Run = "", &hive{}
	for _, program := range []string{"", `C:\a"b\mooring.exe`, "C:\\a\nb"} {
		if p, err := (Entry{World: w, Program: program}).Plan(true); err == nil {
			t.Errorf("%q: %+v", program, p)
		}
	}
}
