//go:build integration

package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The judges that are no daemons.
const (
	Podman = "podman"
	Skopeo = "skopeo"
	Curl   = "curl"
)

// Login is `docker login` through the current daemon with the containerd image
// store: it takes the other loader than a pull through the same daemon.
const Login = "login-29-store"

// Judges are all real tools, daemons first.
var Judges = []string{Docker20, Docker29, Docker29Snapshot, Login, Containerd1, Containerd2, CRI, Podman, Skopeo, Curl}

// Ready starts every daemon, so that pulling needs no test any more.
func (l *Lab) Ready(t *testing.T) {
	t.Helper()
	l.put(t, "/etc/docker/daemon.json", `{"insecure-registries": ["`+InsecureHost.Name+`:5000", "10.77.9.0/24"]}`)
	for _, e := range Dockers {
		l.Engine(t, e)
	}
}

// InsecureHost and InsecureNet are what daemon.json tells Docker not to verify,
// from the start: an engine reads that file when it starts.
var (
	InsecureHost = Host{Name: "insecure.lab.test", IP: "10.77.8.1"}
	InsecureNet  = Host{Name: "innet.lab.test", IP: "10.77.9.1"}
)

// hostsDir is what containerd's own tool is told to read: it has no directory by
// itself, and this one is shared with Docker.
const hostsDir = "/etc/docker/certs.d"

// Pull lets a real tool pull host[:port]/image.
func (l *Lab) Pull(judge, registry, image string) Output {
	ref := registry + "/" + image
	switch judge {
	case Docker20, Docker29, Docker29Snapshot:
		return l.Run(nil, "docker", "-H", l.DockerHost(judge), "pull", ref)
	case Login:
		config, err := os.MkdirTemp("", "login-")
		if err != nil {
			return Output{Code: -1, Stderr: err.Error()}
		}
		defer os.RemoveAll(config)
		return l.Run(nil, "docker", "-H", l.DockerHost(Docker29Snapshot), "--config", config, "login", "-u", User, "-p", Password, registry)
	case CRI:
		return l.Run(nil, filepath.Join(l.tools, containerdDir(), "crictl"), l.Socket(judge), ref, User, Password)
	case Containerd1:
		return l.Run(nil, "ctr", "-a", l.Socket(judge), "images", "pull", "--hosts-dir", hostsDir, "--user", User+":"+Password, ref)
	case Containerd2:
		return l.Run(nil, filepath.Join(l.tools, containerdDir(), "ctr"), "-a", l.Socket(judge), "images", "pull",
			"--hosts-dir", hostsDir, "--user", User+":"+Password, ref)
	case Podman:
		return l.Run(nil, "podman", "--storage-driver", "vfs", "pull", ref)
	case Skopeo:
		to := filepath.Join(l.Dir, "tmp", strings.NewReplacer("/", "_", ":", "_").Replace(ref))
		return l.Run(nil, "skopeo", "copy", "docker://"+ref, "dir:"+to)
	case Curl:
		return l.Run(nil, "curl", "-sS", "--max-time", "20", "-o", "/dev/null", "https://"+registry+"/v2/")
	}
	return Output{Code: -1, Stderr: "the lab has no " + judge}
}
