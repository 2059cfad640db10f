//go:build integration

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The current engines, as released Go modules: distributions carry old ones, and
// the loader of Docker's certificates has changed since.
const (
	mobyVersion       = "v2.0.0-beta.24" // Engine 29
	containerdVersion = "v2.2.0"
)

// buildTools builds what no package holds and returns the directory with it.
// Engines are kept between runs under their version; Mooring is built each time.
func buildTools() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "mooring-lab")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, build := range []func(string) error{buildDockerd, buildContainerd, buildMooring} {
		if err := build(dir); err != nil {
			return "", err
		}
	}
	return dir, nil
}

func dockerdName() string    { return "dockerd-" + mobyVersion }
func containerdName() string { return "containerd-" + containerdVersion }
func ctrName() string        { return "ctr-" + containerdVersion }

func have(path string) bool {
	i, err := os.Stat(path)
	return err == nil && i.Mode().IsRegular() && i.Mode()&0o111 != 0
}

func buildDockerd(dir string) error {
	target := filepath.Join(dir, dockerdName())
	if have(target) {
		return nil
	}
	fmt.Fprintln(os.Stderr, "lab: building dockerd", mobyVersion, "(some minutes, once)")
	tmp, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	pkg := "github.com/moby/moby/v2/cmd/dockerd@" + mobyVersion
	if err := golang(tmp, []string{"GOBIN=" + tmp}, "install", "-ldflags", "-s -w", pkg); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, "dockerd"), target)
}

// buildContainerd goes through a module of its own, for `go install` refuses
// containerd's go.mod for its exclude directives.
func buildContainerd(dir string) error {
	names := map[string]string{"containerd": containerdName(), "ctr": ctrName()}
	if have(filepath.Join(dir, names["containerd"])) && have(filepath.Join(dir, names["ctr"])) {
		return nil
	}
	fmt.Fprintln(os.Stderr, "lab: building containerd", containerdVersion, "(some minutes, once)")
	tmp, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	steps := [][]string{
		{"mod", "init", "engines.invalid"},
		{"get", "github.com/containerd/containerd/v2@" + containerdVersion},
	}
	for name := range names {
		pkg := "github.com/containerd/containerd/v2/cmd/" + name
		steps = append(steps, []string{"get", pkg}, []string{"build", "-ldflags", "-s -w", "-o", name, pkg})
	}
	for _, args := range steps {
		if err := golang(tmp, nil, args...); err != nil {
			return err
		}
	}
	for name, target := range names {
		if err := os.Rename(filepath.Join(tmp, name), filepath.Join(dir, target)); err != nil {
			return err
		}
	}
	return nil
}

func buildMooring(dir string) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	return golang(root, nil, "build", "-tags", "nogui", "-o", filepath.Join(dir, "mooring"), ".")
}

// golang runs the go command without cgo in dir.
func golang(dir string, env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}
