//go:build integration

package stores

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"mooring.dev/mooring/platform/world"
)

// root is a Linux of its own: the programs of this machine with others over them,
// and everything else empty.
type root struct {
	t   *testing.T
	dir string
	ran []string // the commands, as they were run
}

// newRoot makes one with files; names that end in a slash are directories, and what
// begins with "#!" can be run.
func newRoot(t *testing.T, files map[string]string) *root {
	t.Helper()
	layers := t.TempDir()
	r := &root{t: t, dir: filepath.Join(layers, "root")}
	usr, upper, work := filepath.Join(r.dir, "usr"), filepath.Join(layers, "upper"), filepath.Join(layers, "work")
	for _, dir := range []string{usr, upper, work, r.at("/tmp"), r.at("/etc"), r.at("/var/lib"), r.at("/dev")} {
		must(t, os.MkdirAll(dir, 0o755))
	}
	must(t, syscall.Mount("overlay", usr, "overlay", 0, "lowerdir=/usr,upperdir="+upper+",workdir="+work))
	t.Cleanup(func() { must(t, syscall.Unmount(usr, 0)) })
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} {
		must(t, os.Symlink("usr/"+name, r.at("/"+name)))
	}
	must(t, os.WriteFile(r.at("/dev/null"), nil, 0o666))
	for name, content := range files {
		r.put(name, content)
	}
	return r
}

func (r *root) at(name string) string { return filepath.Join(r.dir, name) }

func (r *root) put(name, content string) {
	r.t.Helper()
	dir := filepath.Dir(r.at(name))
	if strings.HasSuffix(name, "/") {
		dir = r.at(name)
	}
	must(r.t, os.MkdirAll(dir, 0o755))
	switch target, link := strings.CutPrefix(content, "->"); {
	case strings.HasSuffix(name, "/"):
	case link:
		must(r.t, os.Symlink(target, r.at(name)))
	default:
		must(r.t, os.WriteFile(r.at(name), []byte(content), 0o755))
	}
}

func (r *root) read(name string) []byte {
	r.t.Helper()
	data, err := os.ReadFile(r.at(name))
	must(r.t, err)
	return data
}

func (r *root) has(name string) bool {
	_, err := os.Lstat(r.at(name))
	return err == nil
}

// world is the root as Mooring sees it, where commands can be run.
func (r *root) world() world.World {
	w := world.Under(r.dir, "linux")
	w.Root, w.Run = "", r
	return w
}

// Run implements world.Runner inside the root.
func (r *root) Run(ctx context.Context, c world.Command) (world.Result, error) {
	r.ran = append(r.ran, strings.Join(c.Argv, " "))
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.Env, cmd.Dir = append(c.Env, "HOME=/", "TMPDIR=/tmp"), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.dir}
	cmd.Path = c.Argv[0] // as it is called inside
	cmd.Err = nil
	return world.RunCmd(cmd, c.Stdin)
}

// Look implements world.Runner: PATH is not to be asked.
func (r *root) Look(string) (string, error) { return "", exec.ErrNotFound }

// inRoot runs a program of this machine, or one that was built, inside.
func (r *root) inRoot(argv ...string) (string, error) {
	r.t.Helper()
	if strings.HasPrefix(argv[0], os.Getenv(built)) {
		data, err := os.ReadFile(argv[0])
		must(r.t, err)
		argv[0] = "/tmp/" + filepath.Base(argv[0])
		must(r.t, os.WriteFile(r.at(argv[0]), data, 0o755))
	}
	res, err := r.Run(r.t.Context(), world.Command{Argv: argv, Env: []string{"PATH=/usr/sbin:/usr/bin"}})
	if err == nil && res.Code != 0 {
		err = errors.New(string(res.Stderr))
	}
	return string(res.Stdout) + string(res.Stderr), err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
