package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func reg(t testing.TB, s string) trust.Registry {
	t.Helper()
	r, _, err := trust.ParseRegistry(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// home is a live world with a home of its own.
func home(t testing.TB) world.World {
	t.Helper()
	return world.World{
		OS: "linux", FS: world.Disk{}, User: world.User{Home: t.TempDir()},
		Now: func() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) },
	}
}

func content(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDirs(t *testing.T) {
	env := func(vars map[string]string) func(string) string { return func(n string) string { return vars[n] } }
	for _, c := range []struct {
		w    world.World
		want Directories
	}{
		{
			world.World{OS: "linux", User: world.User{Home: "/home/a"}},
			Directories{"/home/a/.config/mooring", "/home/a/.local/state/mooring", "/home/a/.cache/mooring"},
		},
		{
			world.World{OS: "linux", User: world.User{Home: "/home/a"}, Env: env(map[string]string{
				"XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "relative", "XDG_CACHE_HOME": "/k",
			})},
			Directories{"/c/mooring", "/home/a/.local/state/mooring", "/k/mooring"},
		},
		{
			world.World{OS: "darwin", User: world.User{Home: "/Users/a"}},
			Directories{
				"/Users/a/Library/Application Support/Mooring",
				"/Users/a/Library/Application Support/Mooring/State", "/Users/a/Library/Caches/Mooring",
			},
		},
		{
			world.World{OS: "windows", User: world.User{Home: `C:\Users\a`}, Env: env(map[string]string{"APPDATA": `D:\r`})},
			Directories{`D:\r\Mooring`, `C:\Users\a\AppData\Local\Mooring\State`, `C:\Users\a\AppData\Local\Mooring\Cache`},
		},
	} {
		if diff := cmp.Diff(c.want, Dirs(c.w)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestStoreKeepsWhatThePersonDecided(t *testing.T) {
	w := home(t)
	s := Open(w)
	if rs, err := s.Load(); len(rs) != 0 || err != nil {
		t.Fatalf("an empty store holds %v, %v", rs, err)
	}
	a, b := reg(t, "reg.lab:5000"), reg(t, "Reg.lab")
	must(t, s.Add(a))
	must(t, s.SetScope(a, []trust.Party{trust.Docker, trust.System}))
	must(t, s.SetScope(b, []trust.Party{trust.Podman}))
	must(t, s.Remove(reg(t, "found.lab"), true))

	want := Registries{
		{Registry: a, Added: true, Scope: []trust.Party{trust.Docker, trust.System}},
		{Registry: b, Scope: []trust.Party{trust.Podman}},
		{Registry: reg(t, "found.lab"), Hidden: true},
	}
	got, err := Open(w).Load()
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
	if diff := cmp.Diff([]trust.Party{trust.Podman}, s.Scope(b)); diff != "" {
		t.Error(diff)
	}

	must(t, s.Remove(a, false))
	must(t, s.SetScope(b, nil))
	must(t, s.Add(reg(t, "found.lab")))
	got, err = s.Load()
	want = Registries{{Registry: reg(t, "found.lab"), Added: true}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	w := home(t)
	s := Open(w)
	must(t, s.Add(reg(t, "reg.lab")))
	dir := filepath.Dir(s.Path())
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		i, err := e.Info()
		must(t, err)
		if i.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), i.Mode())
		}
		if strings.HasSuffix(e.Name(), ".tmp") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
	if i, err := os.Stat(dir); err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", i.Mode(), err)
	}
}

func TestNothingIsMadeWithoutNeed(t *testing.T) {
	w := home(t)
	s := Open(w)
	_, err := s.Load()
	must(t, err)
	_ = s.Scope(reg(t, "reg.lab"))
	_ = s.LastSeen(reg(t, "reg.lab"))
	if entries, _ := os.ReadDir(w.User.Home); len(entries) != 0 {
		t.Errorf("reading made %v", entries)
	}
	must(t, s.Remove(reg(t, "reg.lab"), false))
	if _, err := os.Stat(s.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removing nothing wrote %s", s.Path())
	}
}

const handWritten = `# my registries
schema = 1
note = "kept"

# the old one
[[registry]]
name = "old.lab"   # do not touch
added = true

# the main one
[[registry]] # see wiki
name = "reg.lab:5000"
added = true
ticket = "OPS-7"

# the last
[[registry]]
name = "last.lab"
scope = ["docker"]
`

func TestHandEditsSurvive(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Store) error
		want   func(string) string
	}{
		"scope": {
			func(s *Store) error { return s.SetScope(reg(t, "reg.lab:5000"), []trust.Party{"podman"}) },
			func(f string) string {
				return strings.Replace(f, "added = true\nticket", "added = true\nscope = [\"podman\"]\nticket", 1)
			},
		},
		"add": {
			func(s *Store) error { return s.Add(reg(t, "new.lab"), reg(t, "newer.lab")) },
			func(f string) string {
				return f + "\n[[registry]]\nname = \"new.lab\"\nadded = true\n\n[[registry]]\nname = \"newer.lab\"\nadded = true\n"
			},
		},
		"remove": {
			func(s *Store) error { return s.Remove(reg(t, "old.lab"), false) },
			func(f string) string {
				return strings.Replace(f, "[[registry]]\nname = \"old.lab\"   # do not touch\nadded = true\n\n", "", 1)
			},
		},
		"no change": {
			func(s *Store) error { return s.Add(reg(t, "old.lab")) },
			func(f string) string { return f },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := Open(home(t))
			write(t, s.Path(), handWritten)
			must(t, c.change(s))
			if diff := cmp.Diff(c.want(handWritten), content(t, s.Path())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What lines do not show is written anew, and nothing of it is lost.
func TestFormsThatLinesDoNotShow(t *testing.T) {
	s := Open(home(t))
	write(t, s.Path(), "registry = [\n  {name = \"a.lab\", added = true},\n  {name = \"b.lab\", scope = [\n \"docker\",\n ]},\n]\n")
	must(t, s.Add(reg(t, "c.lab")))
	got, err := s.Load()
	want := Registries{
		{Registry: reg(t, "a.lab"), Added: true},
		{Registry: reg(t, "b.lab"), Scope: []trust.Party{trust.Docker}},
		{Registry: reg(t, "c.lab"), Added: true},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("err %v, diff:\n%s", err, diff)
	}
}

func TestBrokenFileIsToldAndKept(t *testing.T) {
	s := Open(home(t))
	must(t, s.SetScope(reg(t, "reg.lab"), []trust.Party{trust.Podman}))
	_, err := s.Load()
	must(t, err)
	broken := "[[registry]]\nname = \"reg.lab\nadded = true\n"
	write(t, s.Path(), broken)

	var corrupt *CorruptError
	_, err = s.Load()
	if !errors.As(err, &corrupt) || corrupt.Kept != "" || !strings.Contains(err.Error(), "line 2") {
		t.Fatalf("Load: %v", err)
	}
	if content(t, s.Path()) != broken {
		t.Error("reading touched the file")
	}
	if diff := cmp.Diff([]trust.Party{trust.Podman}, s.Scope(reg(t, "reg.lab"))); diff != "" {
		t.Errorf("the last good reading is forgotten:\n%s", diff)
	}

	err = s.Add(reg(t, "new.lab"))
	if !errors.As(err, &corrupt) || corrupt.Kept != "registries.toml.broken-20260504T120000Z" {
		t.Fatalf("Add: %v", err)
	}
	if got := content(t, filepath.Join(filepath.Dir(s.Path()), corrupt.Kept)); got != broken {
		t.Errorf("kept %q", got)
	}
	must(t, s.Add(reg(t, "new.lab")))
	if rs, err := s.Load(); err != nil || len(rs) != 1 {
		t.Errorf("afterwards: %v, %v", rs, err)
	}
}

func TestBrokenFilesDoNotReplaceEachOther(t *testing.T) {
	s := Open(home(t))
	for i := range 3 {
		write(t, s.Path(), fmt.Sprintf("broken %d", i))
		var corrupt *CorruptError
		if err := s.Add(reg(t, "a.lab")); !errors.As(err, &corrupt) {
			t.Fatal(err)
		}
	}
	kept, _ := filepath.Glob(s.Path() + ".broken-*")
	if len(kept) != 3 {
		t.Errorf("kept %v", kept)
	}
}

func TestNewerFileIsLeftAlone(t *testing.T) {
	s := Open(home(t))
	write(t, s.Path(), "schema = 2\n")
	if _, err := s.Load(); !errors.Is(err, ErrNewer) {
		t.Errorf("Load: %v", err)
	}
	if err := s.Add(reg(t, "a.lab")); !errors.Is(err, ErrNewer) {
		t.Errorf("Add: %v", err)
	}
	if got := content(t, s.Path()); got != "schema = 2\n" {
		t.Errorf("became %q", got)
	}
}

func TestUnreadableFileIsNotTakenForEmpty(t *testing.T) {
	s := Open(home(t))
	must(t, os.MkdirAll(s.Path(), 0o700)) // a directory where the file should be
	if _, err := s.Load(); err == nil {
		t.Error("Load says nothing")
	}
	if err := s.Add(reg(t, "a.lab")); err == nil {
		t.Error("Add says nothing")
	}
}

func TestLinkedFileStaysALink(t *testing.T) {
	s := Open(home(t))
	dotfiles := filepath.Join(t.TempDir(), "mooring.toml")
	write(t, dotfiles, handWritten)
	must(t, os.MkdirAll(filepath.Dir(s.Path()), 0o700))
	must(t, os.Symlink(dotfiles, s.Path()))
	must(t, s.Add(reg(t, "new.lab")))
	if i, err := os.Lstat(s.Path()); err != nil || i.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v", err)
	}
	if !strings.Contains(content(t, dotfiles), "new.lab") {
		t.Error("the file behind the link was not written")
	}
}

func TestTreeKeepsItsOwnState(t *testing.T) {
	root := t.TempDir()
	w := world.Under(root, "linux")
	s := Open(w)
	must(t, s.Add(reg(t, "reg.lab")))
	if text := content(t, filepath.Join(root, "root/.config/mooring/registries.toml")); !strings.Contains(text, "reg.lab") {
		t.Error(text)
	}
	if rs, err := s.Load(); err != nil || len(rs) != 1 {
		t.Errorf("Load: %v, %v", rs, err)
	}
	windows := world.Under(root, "windows")
	must(t, Open(windows).Add(reg(t, "win.lab")))
	content(t, filepath.Join(root, "Users/Administrator/AppData/Roaming/Mooring/registries.toml"))
}

func TestTreeDoesNotLeadOutOfItself(t *testing.T) {
	outside := t.TempDir()
	for name, plant := range map[string]func(root string) error{
		"absolute link to a directory": func(root string) error { return os.Symlink(outside, filepath.Join(root, "root")) },
		"relative link to a directory": func(root string) error { return os.Symlink("../../../../.."+outside, filepath.Join(root, "root")) },
		"link in place of the file": func(root string) error {
			dir := filepath.Join(root, "root/.config/mooring")
			return errors.Join(os.MkdirAll(dir, 0o700), os.Symlink(filepath.Join(outside, "x"), filepath.Join(dir, "registries.toml")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			must(t, plant(root))
			if err := Open(world.Under(root, "linux")).Add(reg(t, "reg.lab")); err == nil {
				t.Error("no error")
			}
			if entries, _ := os.ReadDir(outside); len(entries) != 0 {
				t.Errorf("written outside: %v", entries)
			}
		})
	}
}

// Window and command line at once: every change survives.
func TestConcurrentWriters(t *testing.T) {
	w := home(t)
	const writers, each = 4, 8
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			s := Open(w) // a store of its own, as another process has
			for j := range each {
				if err := s.Add(reg(t, fmt.Sprintf("reg%d-%d.lab", i, j))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	rs, err := Open(w).Load()
	if err != nil || len(rs) != writers*each {
		t.Errorf("%d registries, %v", len(rs), err)
	}
}

// A process that is killed while it holds the lock does not keep others out.
func TestLockEndsWithItsProcess(t *testing.T) {
	if path := os.Getenv("MOORING_TEST_HOLD_LOCK"); path != "" {
		f, err := openFile(world.World{OS: "linux"}, path, true)
		must(t, err)
		_, err = f.lock()
		must(t, err)
		fmt.Println("held")
		select {}
	}
	s := Open(home(t))
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockEndsWithItsProcess$")
	cmd.Env = append(os.Environ(), "MOORING_TEST_HOLD_LOCK="+s.Path())
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line := make([]byte, 5)
	if _, err := out.Read(line); err != nil || string(line) != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if err := s.Add(reg(t, "a.lab")); !errors.Is(err, errBusy) {
		t.Errorf("while it is held: %v", err)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	must(t, s.Add(reg(t, "a.lab")))
}

func FuzzParseAndEdit(f *testing.F) {
	f.Add([]byte(handWritten), "reg.lab:5000")
	f.Add([]byte("registry=[{name='a'}]"), "b")
	f.Add([]byte("[[registry]]\nname='a'\nscope=[\n'x'\n]\n[[registry]]\nname=\"\"\"b\"\"\""), "a")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		rs, err := parse(data)
		r, _, nameErr := trust.ParseRegistry(name)
		if err != nil || nameErr != nil || len(data) > 1<<16 {
			return
		}
		changed, after := alterAll(rs, []trust.Registry{r}, func(e *Entry) { e.Added, e.Scope = true, []trust.Party{"docker"} })
		got, err := parse(edit(data, changed, after))
		if err != nil || !got.equal(after) {
			t.Errorf("%q: %v, %v, want %v", data, got, err, after)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	s := Open(home(b))
	var regs []trust.Registry
	for i := range 1000 {
		regs = append(regs, reg(b, fmt.Sprintf("reg%d.lab:5000", i)))
	}
	must(b, s.Add(regs...))
	b.Run("cached", func(b *testing.B) {
		for b.Loop() {
			if rs, err := s.Load(); err != nil || len(rs) != 1000 {
				b.Fatal(err)
			}
		}
	})
	b.Run("fresh", func(b *testing.B) {
		for b.Loop() {
			if _, err := Open(s.w).Load(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("change", func(b *testing.B) {
		scope := []trust.Party{trust.Docker}
		for i := 0; b.Loop(); i++ {
			must(b, s.SetScope(regs[i%1000], scope[:i/1000%2]))
		}
	})
}
