//go:build integration

package lab

import (
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

// Judges are all real tools, daemons first.
var Judges = []string{Docker20, Docker29, Docker29Snapshot, Containerd1, Containerd2, Podman, Skopeo, Curl}

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

// Pull lets a real tool pull host[:port]/image. hostsDir is the directory that
// containerd's tool is given, which has none by itself.
func (l *Lab) Pull(judge, registry, image, hostsDir string) Output {
	ref := registry + "/" + image
	switch judge {
	case Docker20, Docker29, Docker29Snapshot:
		return l.Run(nil, "docker", "-H", l.DockerHost(judge), "pull", ref)
	case Containerd1:
		return l.Run(nil, "ctr", "-a", l.Socket(judge), "images", "pull", "--hosts-dir", hostsDir, "--user", User+":"+Password, ref)
	case Containerd2:
		return l.Run(nil, filepath.Join(l.tools, ctrName()), "-a", l.Socket(judge), "images", "pull",
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
