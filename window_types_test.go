//go:build crosswindow

package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWindowTypeChecksForMac type-checks all Go code of the window as it is compiled
// for macOS, where no SDK is at hand: what C declares is taken on trust, and only
// mistakes in our own module count. It is run by scripts/cross.sh.
func TestWindowTypeChecksForMac(t *testing.T) {
	for _, arch := range []string{"arm64", "amd64"} {
		c := checker{t: t, arch: arch, done: map[string]*types.Package{"unsafe": types.Unsafe}, fset: token.NewFileSet()}
		own := 0
		for _, p := range c.list() {
			c.check(p)
			if p.ours() {
				own++
			}
		}
		if own < 30 || c.done["fyne.io/fyne/v2/app"] == nil {
			t.Errorf("%s: only %d packages of ours, with Fyne: %v", arch, own, c.done["fyne.io/fyne/v2/app"] != nil)
		}
		for _, err := range c.ours {
			t.Errorf("%s: %v", arch, err)
		}
		t.Logf("%s: %d packages, %d of them ours, %d complaints elsewhere", arch, len(c.done), own, c.others)
	}
}

// macPackage is what `go list` says of a package.
type macPackage struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	ImportMap         map[string]string
}

func (p macPackage) ours() bool {
	return p.ImportPath == module || strings.HasPrefix(p.ImportPath, module+"/")
}

type checker struct {
	t      *testing.T
	arch   string
	fset   *token.FileSet
	done   map[string]*types.Package
	ours   []error
	others int
}

// list lists the window's packages, each after those that it imports.
func (c *checker) list() []macPackage {
	c.t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles,ImportMap", "-tags", "migrated_fynedo", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOOS=darwin", "GOARCH="+c.arch)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("go list: %v", err)
	}
	var all []macPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p macPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, p)
	}
}

// check type-checks a package; of others' only what they export.
func (c *checker) check(p macPackage) {
	if c.done[p.ImportPath] != nil {
		return
	}
	var files []*ast.File
	for _, name := range append(p.GoFiles, p.CgoFiles...) {
		f, err := parser.ParseFile(c.fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			c.note(p, err)
			continue
		}
		files = append(files, f)
	}
	config := types.Config{
		FakeImportC: true, IgnoreFuncBodies: !p.ours(), Sizes: types.SizesFor("gc", c.arch),
		Importer: importer(func(path string) (*types.Package, error) {
			if mapped, ok := p.ImportMap[path]; ok {
				path = mapped
			}
			if found := c.done[path]; found != nil {
				return found, nil
			}
			return nil, errors.New(path + " was not listed")
		}),
		Error: func(err error) { c.note(p, err) },
	}
	checked, _ := config.Check(p.ImportPath, c.fset, files, nil) // Error has been told
	c.done[p.ImportPath] = checked
}

func (c *checker) note(p macPackage, err error) {
	if p.ours() {
		c.ours = append(c.ours, err)
		return
	}
	c.others++
}

type importer func(path string) (*types.Package, error)

func (i importer) Import(path string) (*types.Package, error) { return i(path) }
