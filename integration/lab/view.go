//go:build integration

package lab

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// MooringSeeing runs the command line under test on the machine as a user of one
// judge has it: DOCKER_HOST names that daemon, or the programs of /usr/bin and the
// socket are those of that containerd.
func (l *Lab) MooringSeeing(t *testing.T, judge string, args ...string) Output {
	t.Helper()
	argv := append([]string{l.mooring()}, args...)
	switch judge {
	case Docker29, Docker29Snapshot:
		return l.Run([]string{"DOCKER_HOST=" + l.DockerHost(judge)}, argv...)
	case Login:
		return l.Run([]string{"DOCKER_HOST=" + l.DockerHost(Docker29Snapshot)}, argv...)
	case Containerd2, CRI:
		return l.Run(nil, append(l.view(t, judge), argv...)...)
	}
	return l.Run(nil, argv...)
}

// view is the command in front of one that shall see containerd 2 in the places of
// the distribution's containerd. A node of a cluster also has crictl, and the
// configuration that containerd 2 runs with.
func (l *Lab) view(t *testing.T, judge string) []string {
	t.Helper()
	dir := filepath.Join(l.Dir, "view-"+judge)
	upper, work := filepath.Join(dir, "upper"), filepath.Join(dir, "work")
	programs, config := []string{"containerd", "ctr"}, "/etc/containerd/config.toml"
	if judge == CRI {
		programs, config = append(programs, "crictl"), l.configOf(Containerd2)
	}
	if _, err := os.Stat(dir); os.IsNotExist(err) {
		must(t, os.MkdirAll(upper, 0o755))
		must(t, os.MkdirAll(work, 0o755))
		for _, name := range programs {
			must(t, os.Symlink(filepath.Join(l.tools, containerdDir(), name), filepath.Join(upper, name)))
		}
		// Containerd 1's shims are not there: an overlay writes that as a device 0/0.
		for _, name := range []string{"containerd-shim", "containerd-shim-runc-v1"} {
			must(t, syscall.Mknod(filepath.Join(upper, name), syscall.S_IFCHR, 0))
		}
	}
	return []string{
		"unshare", "--mount", "--propagation", "private", "sh", "-c",
		`mount -t overlay bin -o "lowerdir=/usr/bin,upperdir=$1,workdir=$2" /usr/bin &&
mount --bind "$3" /run/containerd && mount --bind "$4" /etc/containerd/config.toml && shift 4 && exec "$@"`,
		"sh", upper, work, filepath.Dir(l.Socket(Containerd2)), config,
	}
}
