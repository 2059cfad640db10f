//go:build integration

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"mooring.dev/mooring/integration/namespace"
)

// The current engines, as released Go modules: distributions carry old ones, and
// the loader of Docker's certificates has changed since.
const (
	mobyVersion       = "v2.0.0-beta.24" // Engine 29
	containerdVersion = "v2.2.0"
)

// buildEngines builds the engines that no package holds and returns the directory
// that keeps them between runs, under their versions.
func buildEngines() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "mooring-lab")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	for _, build := range []func(string) error{buildDockerd, buildContainerd} {
		if err := build(dir); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// lock waits until no other test package builds.
func lock(name string) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

func dockerdName() string { return "dockerd-" + mobyVersion }

// containerdDir holds containerd, ctr and crictl under their own names.
func containerdDir() string { return "containerd-" + containerdVersion }

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

// criClient pulls as a kubelet does. The tool of that name is no Go module that
// can be had, and does no more than this for `crictl pull`.
const criClient = `package main

import (
	"context"
	"fmt"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	conn, err := grpc.NewClient("unix://"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		_, err = runtime.NewImageServiceClient(conn).PullImage(context.Background(), &runtime.PullImageRequest{
			Image: &runtime.ImageSpec{Image: os.Args[2]}, Auth: &runtime.AuthConfig{Username: os.Args[3], Password: os.Args[4]},
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
`

// buildContainerd goes through a module of its own, for `go install` refuses
// containerd's go.mod for its exclude directives.
func buildContainerd(dir string) error {
	target := filepath.Join(dir, containerdDir())
	if have(filepath.Join(target, "crictl")) {
		return nil
	}
	fmt.Fprintln(os.Stderr, "lab: building containerd", containerdVersion, "(some minutes, once)")
	tmp, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.WriteFile(filepath.Join(tmp, "main.go"), []byte(criClient), 0o644); err != nil {
		return err
	}
	module := "github.com/containerd/containerd/v2"
	for _, args := range [][]string{
		{"mod", "init", "crictl"},
		{"get", module + "@" + containerdVersion},
		{"build", "-mod=mod", "-ldflags", "-s -w", "-o", "out/", ".", module + "/cmd/containerd", module + "/cmd/ctr"},
	} {
		if err := golang(tmp, nil, args...); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(target); err != nil { // a build that was interrupted
		return err
	}
	return os.Rename(filepath.Join(tmp, "out"), target)
}

// buildMooring builds the command line under test into dir.
func buildMooring(dir string) error {
	root, err := namespace.ModuleRoot()
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
