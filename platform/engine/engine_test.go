package engine

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine is a live world without any engine: the real files, with those of
// engines hidden, a home of its own and no programs.
func machine(t *testing.T) (world.World, *world.Overlay) {
	t.Helper()
	fs := world.NewOverlay(world.Disk{}, time.Now())
	for _, path := range []string{
		"/run/docker.sock", "/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd",
		"/usr/local/sbin/dockerd", "/snap/bin/docker.dockerd", "/run/docker.pid", "/usr/bin/podman", "/usr/local/bin/podman",
		"/usr/bin/containerd", "/usr/bin/skopeo",
	} {
		fs.Remove(path)
	}
	home := t.TempDir()
	return world.World{
		OS: "linux", FS: fs, Run: programs{}, Now: time.Now,
		User: world.User{UID: os.Getuid(), Name: "alice", Home: home},
		Env:  env(map[string]string{"XDG_RUNTIME_DIR": filepath.Join(home, "run")}),
	}, fs
}

func env(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// programs are the outputs of commands, by command line.
type programs map[string]string

func (p programs) Run(_ context.Context, c world.Command) (world.Result, error) {
	out, ok := p[strings.Join(c.Argv, " ")]
	if !ok {
		return world.Result{}, errors.New("no such program")
	}
	return world.Result{Stdout: []byte(out)}, nil
}

func (p programs) Look(name string) (string, error) {
	for line := range p {
		if path, _, _ := strings.Cut(line, " "); filepath.Base(path) == name {
			return path, nil
		}
	}
	return "", errors.New("not on PATH")
}

// daemon serves answers on a socket below dir and returns its host.
func daemon(t *testing.T, dir string, h http.Handler) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-done })
	return "unix://" + path
}

func answers(byPath map[string]any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a, ok := byPath[r.URL.Path]; ok {
			_ = json.NewEncoder(w).Encode(a)
			return
		}
		http.NotFound(w, r)
	})
}

type object = map[string]any

func hostname(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("/proc/sys/kernel/hostname")
	if err != nil {
		t.Skip("needs /proc:", err)
	}
	return strings.TrimSpace(string(b))
}

func engine29(name string) map[string]any {
	return map[string]any{
		"/version": object{"Version": "29.5.1", "ApiVersion": "1.52", "Platform": object{"Name": "Docker Engine - Community"}},
		"/info": object{
			"Name": name, "OSType": "linux", "OperatingSystem": "Debian GNU/Linux 12", "DockerRootDir": "/var/lib/docker",
			"DriverStatus":    [][]string{{"driver-type", "io.containerd.snapshotter.v1"}},
			"SecurityOptions": []string{"name=seccomp,profile=builtin", "name=cgroupns"},
			"HttpProxy":       "http://alice:hunter2@proxy.lab:3128", "HttpsProxy": "http://proxy.lab:3128", "NoProxy": "lab",
			"ContainersRunning": 3, "LiveRestoreEnabled": true,
			"RegistryConfig": object{
				"InsecureRegistryCIDRs": []string{"::1/128", "127.0.0.0/8"},
				"IndexConfigs":          object{"docker.io": object{"Secure": true}, "reg.lab:5000": object{"Secure": false}},
				"Mirrors":               []string{"https://mirror.lab/"},
			},
		},
	}
}

func TestDockersAsksTheCurrentDaemon(t *testing.T) {
	w, fs := machine(t)
	host := daemon(t, t.TempDir(), answers(engine29(hostname(t))))
	w.Env = env(map[string]string{"DOCKER_HOST": host})
	// The other end of the socket is this test.
	fs.Put("/proc/"+strconv.Itoa(os.Getpid())+"/comm", []byte("dockerd\n"))

	got := Dockers(t.Context(), w)
	if len(got) != 1 {
		t.Fatalf("%d daemons: %+v", len(got), got)
	}
	d := got[0]
	if d.Started.IsZero() || time.Since(d.Started) < 0 || time.Since(d.Started) > time.Hour {
		t.Errorf("Started = %v", d.Started)
	}
	d.Started = time.Time{}
	yes := true
	want := Docker{
		Host: host, Current: true, Answered: true, Version: "29.5.1", APIVersion: "1.52",
		ContainerdStore: &yes, PID: os.Getpid(),
		Insecure: []string{"127.0.0.0/8", "::1/128", "reg.lab:5000"}, Mirrors: []string{"https://mirror.lab/"},
		HTTPProxy: "http://xxxxx@proxy.lab:3128", HTTPSProxy: "http://proxy.lab:3128", NoProxy: "lab",
		Containers: 3, LiveRestore: true,
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Error(diff)
	}
}

func TestDockersTellsKindsApart(t *testing.T) {
	here := hostname(t)
	with := func(base map[string]any, change func(version, info object)) map[string]any {
		change(base["/version"].(object), base["/info"].(object))
		return base
	}
	for name, c := range map[string]struct {
		answers map[string]any
		check   func(Docker) bool
	}{
		"rootless": {
			with(engine29(here), func(_, i object) { i["SecurityOptions"] = []string{"name=rootless"} }),
			func(d Docker) bool { return d.Rootless && !d.Remote },
		},
		"snap": {
			with(engine29(here), func(_, i object) { i["DockerRootDir"] = "/var/snap/docker/common/var-lib-docker" }),
			func(d Docker) bool { return d.Snap },
		},
		"Desktop's VM": {
			with(engine29("docker-desktop"), func(_, i object) { i["OperatingSystem"] = "Docker Desktop" }),
			func(d Docker) bool { return d.Desktop && !d.Remote && d.PID == 0 },
		},
		"a socket forwarded from elsewhere": {
			engine29("other-machine"), func(d Docker) bool { return d.Remote && d.PID == 0 && d.Started.IsZero() },
		},
		"one that does not say where it is": {
			engine29(""), func(d Docker) bool { return d.Remote && d.PID == 0 && d.Started.IsZero() },
		},
		"graph drivers": {
			with(engine29(here), func(_, i object) { i["DriverStatus"] = [][]string{{"Backing Filesystem", "extfs"}} }),
			func(d Docker) bool { return d.ContainerdStore != nil && !*d.ContainerdStore },
		},
		"a build without a version": {
			with(engine29(here), func(v, _ object) { v["Version"] = "library-import" }),
			func(d Docker) bool { return d.Answered && d.Version == "" && d.APIVersion == "1.52" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := machine(t)
			w.Env = env(map[string]string{"DOCKER_HOST": daemon(t, t.TempDir(), answers(c.answers))})
			got := Dockers(t.Context(), w)
			if len(got) != 1 || !got[0].Answered || !c.check(got[0]) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestPodmansSocketIsNoDocker(t *testing.T) {
	w, _ := machine(t)
	w.Env = env(map[string]string{"DOCKER_HOST": daemon(t, t.TempDir(), answers(map[string]any{
		"/version": object{"Version": "4.3.1", "Components": []object{{"Name": "Podman Engine"}}},
		"/info":    object{},
	}))})
	if got := Dockers(t.Context(), w); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestDockersSaysWhyThereIsNoAnswer(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone.sock")
	silent := make(chan struct{})
	defer close(silent)
	hang := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-silent:
		case <-r.Context().Done():
		}
	})
	for name, c := range map[string]struct{ host, want string }{
		"no socket":   {"unix://" + gone, "not running"},
		"hangs":       {daemon(t, t.TempDir(), hang), "no answer in time"},
		"not docker":  {daemon(t, t.TempDir(), answers(nil)), "answered /version with status 404"},
		"not JSON":    {daemon(t, t.TempDir(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hi")) })), "answered /version with something else than JSON"},
		"ssh":         {"ssh://alice@build.lab", "reached over ssh, which is not dialled"},
		"other host":  {"tcp://10.0.0.7:2376", "on another machine"},
		"nothing set": {"npipe:////./pipe/docker_engine", "named pipes are not asked"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := machine(t)
			w.Env = env(map[string]string{"DOCKER_HOST": c.host})
			begin := time.Now()
			got := Dockers(t.Context(), w)
			if len(got) != 1 || got[0].Answered || got[0].Why != c.want || got[0].Silent != (name == "hangs") {
				t.Errorf("got %+v, want %q", got, c.want)
			}
			if e := time.Since(begin); e > askTimeout+time.Second {
				t.Errorf("took %v", e)
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	w, _ := machine(t)
	endless := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write([]byte(`{"Version":"`))
		chunk := []byte(strings.Repeat("9", 1<<16))
		for {
			if _, err := rw.Write(chunk); err != nil {
				return
			}
		}
	})
	w.Env = env(map[string]string{"DOCKER_HOST": daemon(t, t.TempDir(), endless)})
	got := Dockers(t.Context(), w)
	if len(got) != 1 || got[0].Answered {
		t.Errorf("got %+v", got)
	}
}

func TestNothingIsAskedOfATree(t *testing.T) {
	asked := false
	host := daemon(t, t.TempDir(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	w := world.Under(t.TempDir(), "linux")
	w.Env = env(map[string]string{"DOCKER_HOST": host})
	got := Dockers(t.Context(), w)
	if asked || len(got) != 1 || got[0].Answered {
		t.Errorf("asked %v, got %+v", asked, got)
	}
}

// A silent daemon, as an ordinary user sees it: its program and its process are
// there to be looked at all the same.
func TestSilentDaemonIsLookedAtFromOutside(t *testing.T) {
	w, fs := machine(t)
	fs.Put("/usr/sbin/dockerd", nil)
	fs.Put("/run/docker.pid", []byte("4242"))
	fs.Put("/proc/4242/comm", []byte("dockerd\n"))
	fs.Put("/proc/4242/stat", []byte("4242 (dockerd) S 1 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 10 0 60000 99 9"))
	fs.Put("/proc/uptime", []byte("1000.50 1800.00\n"))
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	w.Now = func() time.Time { return now }
	w.Run = programs{"/usr/sbin/dockerd --version": "Docker version 20.10.24+dfsg1, build 297e128\n"}

	got := Dockers(t.Context(), w)
	want := []Docker{{
		Host: "unix:///run/docker.sock", Current: true, Why: "not running", Version: "20.10.24+dfsg1",
		PID: 4242, Started: now.Add(600*time.Second - 1000500*time.Millisecond),
	}}
	if _, err := os.Stat("/run/docker.sock"); err == nil {
		t.Skip("a real daemon listens on /run/docker.sock")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestProcessNamesDoNotConfuseTheParser(t *testing.T) {
	for stat, want := range map[string]int64{
		"7 (a) b) (c) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 321 0 0": 321,
		"7 (x) S 1": -1, "": -1, "7 (x) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 -5 0": -1,
	} {
		got, ok := startTicks([]byte(stat))
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", stat, got, want)
		}
	}
}
