package elevate

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/platform/store/all"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

const id = "20260101-000000-0000abcd"

// scratch is t.TempDir, which wine 8 cannot remove as Go asks it to.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "elevate-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	return dir
}

// standingBy is a way to this binary as a helper, over ShellExecuteEx. With the verb
// "runas" a person would be asked; wine starts it without.
func standingBy(t *testing.T, how string) requests {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir := scratch(t)
	t.Cleanup(func() { _ = os.Remove(filepath.Join(dir, "mooring-helper-computer.exe")) })
	if err := os.WriteFile(filepath.Join(dir, "mooring-helper-computer.exe"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv(standIn, how)
	return requests{handing{dir: dir, ending: ".exe", check: func(string) error { return nil }, start: runAs}.ask}
}

func TestByShellExecute(t *testing.T) {
	plan := planFor(trusttest.NewCA(t, "Lab Root"))
	for how, want := range map[string]change.Code{
		"good": "", "absent": change.ErrNoElevation, "crashing": change.ErrPending, "mumbling": change.ErrPending,
	} {
		r, err := standingBy(t, how).Apply(t.Context(), id, plan)
		if want == "" && (err != nil || r.ID != id) || want != "" && !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v", how, r, err)
		}
	}
}

func TestNoHelperToExecute(t *testing.T) {
	file := filepath.Join(scratch(t), "mooring-helper-computer.exe")
	if _, err := runAs(t.Context(), trust.ReachComputer, file, []string{"undo"}); !errors.Is(err, change.ErrHelperMissing) {
		t.Error(err)
	}
}

// TestInstalledHelper: a plan and its undo, and plans that the helper refuses.
func TestInstalledHelper(t *testing.T) {
	q := installedHelper(t)
	data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		t.Fatal(err)
	}
	ca := trusttest.NewCA(t, "Lab Root")
	plan := installing(ca, data+`\docker\certs.d\reg.example5000\ca.crt`)
	at := change.NewID(time.Now())
	r, err := q.Apply(t.Context(), at, plan)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(plan.Changes[0].Path); err != nil || string(b) != string(ca.PEM()) {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Stat(data + `\Mooring\journal\` + at + ".json"); err != nil {
		t.Errorf("no receipt in the helper's journal: %v", err)
	}
	if again, err := q.Recover(t.Context(), at, plan.Reach); err != nil || again.State != r.State {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := q.Undo(t.Context(), at, plan.Reach); err != nil {
		t.Error(err)
	}
	for _, p := range []string{plan.Changes[0].Path, data + `\docker`} {
		if _, err := os.Stat(p); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was left", p)
		}
	}
	for name, c := range map[string]struct {
		spoil func(*trust.Plan)
		code  change.Code
	}{
		"a stream":                   {func(p *trust.Plan) { p.Changes[0].Path += ":x" }, change.ErrBadPlan},
		"another place":              {func(p *trust.Plan) { p.Changes[0].Path = data + `\evil\ca.crt` }, change.ErrOutsideAllowList},
		"a store, as for a registry": {func(p *trust.Plan) { p.Changes[0] = machineRoot(ca) }, change.ErrTooBroad},
		"more than the helper takes": {func(p *trust.Plan) { p.Changes[0].Shown = string(make([]byte, 5<<20)) }, change.ErrTooLarge},
	} {
		p := installing(ca, plan.Changes[0].Path)
		c.spoil(&p)
		if _, err := q.Apply(t.Context(), change.NewID(time.Now()), p); !errors.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The helper goes by the hash in its arguments, whatever comes through the pipe.
	if _, err := q.ask(t.Context(), helper.TrustRegistry, []byte("{}"), "apply", plan.Hash(), change.NewID(time.Now())); !errors.Is(err, change.ErrHash) {
		t.Errorf("another plan than announced: %v", err)
	}
	if _, err := q.Undo(context.Background(), at, plan.Reach); !errors.Is(err, change.ErrNotUndoable) {
		t.Errorf("undone twice: %v", err)
	}
}

// TestInstalledHelperAndTheComputersRoots puts a root where every program of the computer
// finds it, and takes it away.
func TestInstalledHelperAndTheComputersRoots(t *testing.T) {
	q := installedHelper(t)
	ca := trusttest.NewCA(t, "Lab Root")
	held := func() bool {
		t.Helper()
		m, err := all.Table(world.Here()).Get(t.Context(), machineRoot(ca).Store, ca.Cert)
		if err != nil {
			t.Fatal(err)
		}
		return m.Held
	}
	plan := installing(ca, "")
	plan.Reach, plan.Changes = trust.ReachComputer, []trust.Change{machineRoot(ca)}
	at := change.NewID(time.Now())
	if _, err := q.Apply(t.Context(), at, plan); err != nil || !held() {
		t.Fatalf("%v, held %v", err, held())
	}
	if _, err := q.Undo(t.Context(), at, trust.ReachRegistry); !errors.Is(err, change.ErrTooBroad) || !held() {
		t.Errorf("undone by the narrow action: %v", err)
	}
	if _, err := q.Undo(t.Context(), at, plan.Reach); err != nil || held() {
		t.Errorf("%v, held %v", err, held())
	}
	plan.Changes[0].Store = `windows:CurrentUser\Root`
	if _, err := q.Apply(t.Context(), change.NewID(time.Now()), plan); !errors.Is(err, change.ErrOutsideAllowList) {
		t.Errorf("a person's store: %v", err)
	}
}

// TestInstalledHelperSaysWhatItIsFor: UAC shows the description in the file, which is what
// the preview announced, and the manifest asks for no rights by itself.
func TestInstalledHelperSaysWhatItIsFor(t *testing.T) {
	installedHelper(t)
	for r, name := range map[trust.Reach]string{trust.ReachRegistry: "mooring-helper-registry.exe", trust.ReachComputer: "mooring-helper-computer.exe"} {
		file := filepath.Join(programFiles(), "Mooring", name)
		if got := description(t, file); got != Description(r) {
			t.Errorf("%s is called %q", file, got)
		}
		module, err := windows.LoadLibraryEx(file, 0, windows.LOAD_LIBRARY_AS_DATAFILE)
		if err != nil {
			t.Fatal(err)
		}
		info, err := windows.FindResource(module, windows.CREATEPROCESS_MANIFEST_RESOURCE_ID, windows.RT_MANIFEST)
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := windows.LoadResourceData(module, info)
		for _, word := range []string{`level="asInvoker"`, "longPathAware", "UTF-8", "permonitorv2"} {
			if err != nil || !strings.Contains(string(manifest), word) {
				t.Errorf("%s: no %s in the manifest, %v", file, word, err)
			}
		}
		_ = windows.FreeLibrary(module)
	}
}

// description is the FileDescription in a program's version, in English.
func description(t *testing.T, file string) string {
	t.Helper()
	size, err := windows.GetFileVersionInfoSize(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, size)
	if err := windows.GetFileVersionInfo(file, 0, size, unsafe.Pointer(&data[0])); err != nil {
		t.Fatal(err)
	}
	var text *uint16
	var length uint32
	if err := windows.VerQueryValue(unsafe.Pointer(&data[0]), `\StringFileInfo\040904b0\FileDescription`, unsafe.Pointer(&text), &length); err != nil {
		t.Fatal(err)
	}
	return windows.UTF16PtrToString(text)
}

// installedHelper is the way to the real one, where it is installed: only a test of
// the whole does that.
func installedHelper(t *testing.T) requests {
	t.Helper()
	if os.Getenv("MOORING_TEST_INSTALLED") == "" {
		t.Skip("the helper is not installed here")
	}
	return requests{handing{dir: programFiles() + `\Mooring`, ending: ".exe", check: helper.CheckInstalled, start: runAs}.ask}
}

func installing(ca *trusttest.Cert, path string) trust.Plan {
	return trust.Plan{
		Schema: trust.PlanSchema, Action: "trust", Reach: trust.ReachRegistry, Registries: []string{"reg.example:5000"},
		Anchors: []trust.PlanAnchor{{
			SHA256: trust.FingerprintOf(ca.Cert).String(), Subject: ca.Cert.Subject.String(), Issuer: ca.Cert.Issuer.String(),
			NotAfter: ca.Cert.NotAfter.UTC(), Origin: "given", PEM: string(ca.PEM()),
		}},
		Changes: []trust.Change{{Kind: trust.WriteFile, Path: path, Content: ca.PEM(), Mode: 0o644, Status: trust.StatusNew, Privileged: true}},
	}
}

func machineRoot(ca *trusttest.Cert) trust.Change {
	return trust.Change{
		Kind: trust.ChangeStore, Store: `windows:LocalMachine\Root`, Content: ca.PEM(),
		Was: &trust.Membership{}, Want: &trust.Membership{Held: true}, Status: trust.StatusNew, Privileged: true,
	}
}
