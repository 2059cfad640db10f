//go:build integration

package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"
)

// The engines of the lab. All of them read the same directories, so that one
// prepared situation is judged by each.
const (
	Docker20         = "docker-20.10"    // the distribution's: classic loader
	Docker29         = "docker-29"       // current, graph driver: classic loader
	Docker29Snapshot = "docker-29-store" // current, containerd image store: containerd's loader
	Containerd1      = "containerd-1.6"
	Containerd2      = "containerd-2"
	CRI              = "cri" // a kubelet's way into Containerd2
)

// Dockers are the three daemons.
var Dockers = []string{Docker20, Docker29, Docker29Snapshot}

// Socket is where an engine listens. The distribution's daemon has the default
// place.
func (l *Lab) Socket(engine string) string {
	switch engine {
	case Docker20:
		return "/run/docker.sock"
	case Containerd1:
		return "/run/containerd/containerd.sock"
	case Containerd2, CRI:
		return "/run/containerd-2/containerd.sock"
	}
	return "/run/" + engine + "/engine.sock"
}

// DockerHost is the address of a daemon as DOCKER_HOST writes it.
func (l *Lab) DockerHost(engine string) string { return "unix://" + l.Socket(engine) }

// Engine starts an engine unless it runs already, and waits until it answers.
func (l *Lab) Engine(t *testing.T, engine string) {
	t.Helper()
	if l.engines[engine] != nil {
		return
	}
	p := l.engine(t, engine)
	p.start(t, l)
	l.engines[engine] = p
}

// Restart stops an engine and starts it again.
func (l *Lab) Restart(t *testing.T, engine string) {
	t.Helper()
	p := l.engines[engine]
	p.stop(t)
	p.start(t, l)
}

func (l *Lab) engine(t *testing.T, engine string) *process {
	t.Helper()
	switch engine {
	case Containerd1:
		return l.containerd(t, engine, "containerd")
	case Containerd2:
		return l.containerd(t, engine, filepath.Join(l.tools, containerdDir(), "containerd"))
	case Docker20:
		return l.dockerd(t, engine, "dockerd", Containerd1, "--storage-driver=overlay2", "--pidfile=/run/docker.pid")
	case Docker29:
		return l.dockerd(t, engine, filepath.Join(l.tools, dockerdName()), Containerd2,
			"--storage-driver=overlay2", "--feature", "containerd-snapshotter=false")
	case Docker29Snapshot:
		return l.dockerd(t, engine, filepath.Join(l.tools, dockerdName()), Containerd2,
			"--feature", "containerd-snapshotter=true")
	}
	t.Fatalf("the lab has no engine %q", engine)
	return nil
}

func (l *Lab) containerd(t *testing.T, engine, program string) *process {
	t.Helper()
	l.containerdConfig(t, engine, hostsDir)
	return &process{
		name: engine, argv: []string{program, "--config", l.configOf(engine), "--log-level", "warn"},
		up: func() bool { return l.Run(nil, "ctr", "-a", l.Socket(engine), "version").OK() },
	}
}

func (l *Lab) configOf(containerd string) string { return filepath.Join(l.Dir, containerd+".toml") }

// containerdConfig writes an engine's configuration. Containerd 2 also serves CRI,
// with registry.config_path set to certs unless that is "".
func (l *Lab) containerdConfig(t *testing.T, engine, certs string) {
	t.Helper()
	version, disabled, cri := "2", `"io.containerd.grpc.v1.cri", `, ""
	if engine == Containerd2 {
		version, disabled = "3", ""
		if certs != "" {
			cri = fmt.Sprintf("[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = %q\n", certs)
		}
	}
	l.put(t, l.configOf(engine), fmt.Sprintf(`version = %s
root = "/var/lib/containerd/%s"
state = "/run/%s-state"
disabled_plugins = [
  %s"io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.blockfile", "io.containerd.internal.v1.opt",
  "io.containerd.nri.v1.nri",
]
[grpc]
address = %q
%s`, version, engine, engine, disabled, l.Socket(engine), cri))
}

// CRIDirectory sets the directories of the CRI plugin, "" for its default, until
// the test ends.
func (l *Lab) CRIDirectory(t *testing.T, certs string) {
	t.Helper()
	l.containerdConfig(t, Containerd2, certs)
	l.Restart(t, Containerd2)
	t.Cleanup(func() {
		l.containerdConfig(t, Containerd2, hostsDir)
		l.Restart(t, Containerd2)
	})
}

// dockerd runs no containers, so it needs no network of its own.
func (l *Lab) dockerd(t *testing.T, engine, program, containerd string, args ...string) *process {
	t.Helper()
	l.Engine(t, containerd)
	state := filepath.Join("/run", engine)
	argv := append([]string{
		program, "--host=" + l.DockerHost(engine), "--bridge=none", "--iptables=false", "--ip6tables=false",
		"--data-root=/var/lib/docker/" + engine, "--exec-root=" + state, "--pidfile=" + state + ".pid",
		"--containerd=" + l.Socket(containerd),
		"--containerd-namespace=" + engine, "--containerd-plugins-namespace=" + engine + "-plugins",
	}, args...)
	return &process{
		name: engine, argv: argv,
		// So that an older command line can talk to a newer daemon.
		env: []string{"DOCKER_MIN_API_VERSION=1.24"},
		up:  func() bool { return answers(l.Socket(engine)) },
	}
}

// answers asks a Docker daemon whether it is there.
func answers(socket string) bool {
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}
	resp, err := client.Get("http://docker/_ping")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64))
	return err == nil && string(body) == "OK"
}
