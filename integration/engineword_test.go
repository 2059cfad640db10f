//go:build integration

package integration

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/integration/lab"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

// session is this machine as a person sees it who uses one of the lab's daemons.
func session(l *lab.Lab, dockerHost string) world.World {
	w := world.Here()
	w.User.Home = l.Home
	w.Env = func(name string) string { return map[string]string{"DOCKER_HOST": dockerHost}[name] }
	return w
}

// daemonOf returns what Mooring learns of one of the lab's daemons.
func daemonOf(t *testing.T, l *lab.Lab, name string) engine.Docker {
	t.Helper()
	for _, d := range engine.Dockers(t.Context(), session(l, l.DockerHost(name))) {
		if d.Host == l.DockerHost(name) {
			return d
		}
	}
	t.Fatalf("%s was not found", name)
	return engine.Docker{}
}

// TestDaemonsAreKnown compares what daemons say of themselves with how the lab
// started them.
func TestDaemonsAreKnown(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	for name, want := range map[string]struct {
		version, api string
		store        bool
	}{
		lab.Docker20:         {"20.10.24+dfsg1", "1.41", false},
		lab.Docker29:         {"", "1.5", false}, // built as a library: no version
		lab.Docker29Snapshot: {"", "1.5", true},
	} {
		d := daemonOf(t, l, name)
		if !d.Answered || !d.Current || d.Remote || d.Rootless || d.Snap || d.Desktop {
			t.Errorf("%s: %+v", name, d)
		}
		if d.Version != want.version || !strings.HasPrefix(d.APIVersion, want.api) {
			t.Errorf("%s: version %q, API %q", name, d.Version, d.APIVersion)
		}
		if d.ContainerdStore == nil || *d.ContainerdStore != want.store {
			t.Errorf("%s: containerd store %v", name, d.ContainerdStore)
		}
		if age := time.Since(d.Started); d.PID < 2 || age < 0 || age > time.Hour {
			t.Errorf("%s: process %d, started %v ago", name, d.PID, age)
		}
		if all := strings.Join(d.Insecure, " "); !strings.Contains(all, lab.InsecureHost.At("5000")) || !strings.Contains(all, "10.77.9.0/24") {
			t.Errorf("%s: insecure %v", name, d.Insecure)
		}
	}
}

func TestRestartIsNoticed(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	before := daemonOf(t, l, lab.Docker29)
	began := time.Now()
	l.Restart(t, lab.Docker29)
	after := daemonOf(t, l, lab.Docker29)
	// The kernel counts in hundredths of a second.
	if after.PID == before.PID || after.Started.Before(began.Add(-50*time.Millisecond)) || after.Started.After(time.Now()) {
		t.Errorf("restarted at %v; before: process %d, %v; after: process %d, %v",
			began, before.PID, before.Started, after.PID, after.Started)
	}
}

// TestEngineWord lets the real daemons of both image stores say what they think
// of a registry, by the path a pull takes.
func TestEngineWord(t *testing.T) {
	l := lab.Start(t)
	l.Ready(t)
	c := newCorp(t, l)
	plain, closed, open, liar := l.Host(t), l.Host(t), l.Host(t), l.Host(t)
	l.Serve(t, plain.IP+":5000", nil, l.Proxy())
	for _, h := range []lab.Host{lab.InsecureHost, lab.InsecureNet} {
		l.Registry(t, h, "5000", trusttest.NewCA(t, "Other CA").Leaf(trusttest.Names(h.Name)))
	}
	l.Serve(t, open.IP+":5000", c.root.Leaf(trusttest.Names(open.Name)).Config(), l.Proxy())
	l.Serve(t, liar.IP+":5000", c.root.Leaf(trusttest.Names(liar.Name)).Config(), http.HandlerFunc(everyImage))
	words := func(reg string) map[string]trust.EngineWord {
		r, _, err := trust.ParseRegistry(reg)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]trust.EngineWord{}
		for _, name := range lab.Dockers {
			out[name] = engine.PullWord(t.Context(), daemonOf(t, l, name), r)
		}
		return out
	}
	expect := func(what, reg string, state trust.State, text string) {
		t.Helper()
		for name, word := range words(reg) {
			if word.State != state || !strings.Contains(word.Text, text) || word.Instance != l.DockerHost(name) || word.Remote {
				t.Errorf("%s, %s: %v: %q", what, name, word.State, word.Text)
			}
		}
	}
	expect("private CA", c.registry, trust.Refused, "x509: certificate signed by unknown authority")
	expect("plain HTTP", plain.At("5000"), trust.Refused, "server gave HTTP response to HTTPS client")
	expect("nobody there", closed.At("5000"), trust.Unreachable, "connection refused")
	expect("on the insecure list", lab.InsecureHost.At("5000"), trust.Insecure, "")
	expect("in an insecure range", lab.InsecureNet.At("5000"), trust.Insecure, "")

	for _, reg := range []string{c.registry, open.At("5000"), liar.At("5000")} {
		l.Write(t, "/etc/docker/certs.d/"+reg+"/ca.crt", c.root.PEM(), 0o644)
	}
	expect("CA installed, asks for an account", c.registry, trust.Trusted, "no basic auth credentials")
	expect("CA installed, open to all", open.At("5000"), trust.Trusted, "not found")
	expect("claims to have the image", liar.At("5000"), trust.Trusted, "answered with an image")
}

// everyImage is a registry that has whatever it is asked for, and takes for ever
// to send it.
func everyImage(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/blobs/") {
		<-r.Context().Done()
		return
	}
	if !strings.Contains(r.URL.Path, "/manifests/") {
		return // the ping
	}
	const mediaType = "application/vnd.docker.distribution.manifest.v2+json"
	manifest := `{"schemaVersion":2,"mediaType":"` + mediaType + `",
		"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":7,"digest":"sha256:` + strings.Repeat("1", 64) + `"},
		"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":7,"digest":"sha256:` + strings.Repeat("2", 64) + `"}]}`
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Docker-Content-Digest", fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(manifest))))
	w.Header().Set("Content-Length", strconv.Itoa(len(manifest)))
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, manifest)
	}
}
