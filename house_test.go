package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "mooring.dev/mooring"

// rule says what the packages at and under a directory may not import. Patterns
// are import paths; each stands for itself and everything under it.
type rule struct {
	under  []string // directories of this module
	except []string // directories the rule does not reach
	never  []string // import paths
	only   []string // if set: of this module nothing but these directories
	why    string
}

// rules is the house plan: who may import whom, and the reason a person is told
// who breaks it.
var rules = []rule{
	{
		under: []string{"trust"},
		never: []string{"fyne.io", "os/exec", module + "/platform", module + "/ui"},
		why:   "trust is the domain: it must be judged and tested without a window, a command or an operating system",
	},
	{
		under: []string{"platform"},
		never: []string{"fyne.io/fyne", module + "/ui"},
		why:   "platform is this machine: the helper, the watcher and the command line use it where no window exists",
	},
	{
		under: []string{"ui/vm", "ui/cli", "ui/words"},
		never: []string{"fyne.io/fyne", module + "/ui/window", module + "/ui/widgets", module + "/ui/theme"},
		why:   "view models, the command line and the words are tested without a window, and the nogui build has none",
	},
	{
		under: []string{"ui/widgets", "ui/theme"},
		only:  []string{"ui/widgets", "ui/theme", "assets"},
		why:   "widgets draw what they are given: one that knows certificates or files decides things no view model sees",
	},
	{
		under: []string{"assets"},
		only:  []string{"assets"},
		why:   "assets only embeds files, so that everything may import it",
	},
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

// golist runs go list without cgo, so that it needs no C compiler; Fyne is then
// taken with its headless driver (tag ci). Packages that do not compile are
// listed too (-e): the compiler says so better.
func golist(t *testing.T, tags string, args ...string) []listed {
	t.Helper()
	argv := append([]string{"list", "-e", "-json=ImportPath,Imports,Standard", "-tags", tags}, args...)
	cmd := exec.Command("go", argv...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(argv, " "), err, &stderr)
	}
	var packages []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}

// within reports whether path is one of roots or lies under one.
func within(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool {
		return path == root || strings.HasPrefix(path, root+"/")
	})
}

// broken returns the imports of p that r forbids.
func (r rule) broken(p listed) []string {
	dir, ours := strings.CutPrefix(p.ImportPath, module+"/")
	if !ours || !within(dir, r.under) || within(dir, r.except) {
		return nil
	}
	var out []string
	for _, path := range p.Imports {
		inner, own := strings.CutPrefix(path, module+"/")
		if within(path, r.never) || own && r.only != nil && !within(inner, r.only) {
			out = append(out, path)
		}
	}
	return out
}

func TestWhoMayImportWhom(t *testing.T) {
	for _, tags := range []string{"ci", "nogui"} {
		packages := golist(t, tags, "./...")
		if len(packages) < 5 {
			t.Fatalf("go list -tags %s found only %d packages: is it looking at the module?", tags, len(packages))
		}
		for _, p := range packages {
			for _, r := range rules {
				for _, path := range r.broken(p) {
					t.Errorf("%s imports %s (with -tags %s).\n\t%s.", p.ImportPath, path, tags, r.why)
				}
			}
		}
	}
}

func TestRulesAreBroken(t *testing.T) {
	for _, c := range []struct{ dir, path string }{
		{"trust/probe", "fyne.io/fyne/v2/widget"},
		{"trust", "os/exec"},
		{"trust", module + "/platform/world"},
		{"platform/engine", module + "/ui/vm"},
		{"ui/cli", "fyne.io/fyne/v2"},
		{"ui/widgets", module + "/trust"},
	} {
		p := listed{ImportPath: module + "/" + c.dir, Imports: []string{"fmt", c.path}}
		caught := slices.ContainsFunc(rules, func(r rule) bool { return slices.Contains(r.broken(p), c.path) })
		if !caught {
			t.Errorf("no rule keeps %s from importing %s", c.dir, c.path)
		}
	}
}

func TestNoWindowInNoguiBuild(t *testing.T) {
	for _, p := range golist(t, "nogui", "-deps", ".") {
		if within(p.ImportPath, []string{"fyne.io/fyne", "github.com/go-gl"}) {
			t.Errorf("the nogui build contains %s.\n\tIt is the helper and the servers' command line: static, small, and started in milliseconds.", p.ImportPath)
		}
	}
}

// A file whose name ends in an operating system is compiled there only, and then
// neither vetted nor tested elsewhere. That is for system calls alone: everything
// else takes the OS as a value.
func TestSystemFilesHoldSystemCalls(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || d.Name() == "bin") {
			return filepath.SkipDir
		}
		stem, isGo := strings.CutSuffix(d.Name(), ".go")
		stem = strings.TrimSuffix(stem, "_test")
		if !isGo || !slices.ContainsFunc([]string{"_linux", "_windows", "_darwin"}, func(s string) bool { return strings.HasSuffix(stem, s) }) {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			if within(strings.Trim(i.Path.Value, `"`), []string{"syscall", "golang.org/x/sys"}) {
				return nil
			}
		}
		t.Errorf("%s is compiled on one system only, but makes no system call.\n\tTake the system as a value (world.World.OS) and drop the suffix.", path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
