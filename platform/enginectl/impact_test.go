package enginectl

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// recorded is what a Docker daemon answered: 28.2.2, shortened to what is read.
type recorded struct{ info, containers string }

const twoRun = `[{"Id":"3f","Names":["/web"],"State":"running"},{"Id":"9a","Names":["/db","/web/db"],"State":"running"}]`

// daemon serves recorded answers at a socket, which it returns.
func (r recorded) daemon(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "m") // a socket's name may have 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case q.URL.Path == "/version":
			_, _ = w.Write([]byte(`{"Version":"28.2.2","ApiVersion":"1.50"}`))
		case q.URL.Path == "/info" && r.info != "":
			_, _ = w.Write([]byte(r.info))
		case q.URL.Path == "/containers/json" && q.URL.Query().Get("filters") == `{"status":["running"]}` && q.URL.Query().Get("limit") != "":
			_, _ = w.Write([]byte(r.containers))
		default:
			http.Error(w, "no", http.StatusInternalServerError)
		}
	})}
	go func() { _ = s.Serve(l) }() // until the test closes it
	t.Cleanup(func() { s.Close() })
	return socket
}

// info is an answer of /info on this machine.
func info(more string) string {
	name, _ := os.Hostname()
	return `{"Name":"` + name + `","OSType":"linux","ContainersRunning":2` + more + `}`
}

func here(socket string) world.World {
	w := world.Here()
	w.FS = booted{w.FS, socket}
	w.User = world.User{UID: os.Getuid(), Home: "/nonexistent"}
	w.Env = func(name string) string { return map[string]string{"DOCKER_HOST": "unix://" + socket}[name] }
	return w
}

// TestImpact asks a daemon over its real protocol.
func TestImpact(t *testing.T) {
	names := []string{"web", "db"}
	for name, c := range map[string]struct {
		answers recorded
		reload  bool
		want    Impact
	}{
		"they stop":              {recorded{info(""), twoRun}, false, Impact{Known: true, Running: 2, Stops: 2, Containers: names}},
		"live-restore":           {recorded{info(`,"LiveRestoreEnabled":true`), twoRun}, false, Impact{Known: true, Running: 2, Containers: names, LiveRestore: true}},
		"a swarm's":              {recorded{info(`,"Swarm":{"LocalNodeState":"active"}`), twoRun}, false, Impact{Known: true, Running: 2, Stops: 2, Containers: names, Swarm: true}},
		"no swarm's":             {recorded{info(`,"Swarm":{"LocalNodeState":"inactive"}`), twoRun}, false, Impact{Known: true, Running: 2, Stops: 2, Containers: names}},
		"a reload stops nothing": {recorded{info(""), twoRun}, true, Impact{Known: true, Running: 2, Containers: names, Reload: true}},
		"names are not needed":   {recorded{info(""), `garbage`}, false, Impact{Known: true, Running: 2, Stops: 2}},
		"it says nothing":        {recorded{}, false, Impact{Why: whyUnasked}},
		"rootless is another":    {recorded{info(`,"SecurityOptions":["name=rootless"]`), twoRun}, false, Impact{Known: true, Stopped: true}},
	} {
		t.Run(name, func(t *testing.T) {
			w := here(c.answers.daemon(t))
			r := Of(w, trust.EngineDocker, c.reload)
			got, err := New(w, false).Impact(t.Context(), r)
			if err != nil || !same(got, c.want) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	t.Run("a virtual machine stops with all", func(t *testing.T) {
		w := here(recorded{info(`,"LiveRestoreEnabled":true,"OperatingSystem":"Docker Desktop"`), twoRun}.daemon(t))
		got, err := New(w, false).Impact(t.Context(), Of(w, trust.EngineDockerDesktop, false))
		if want := (Impact{Known: true, Running: 2, Stops: 2, Containers: names}); err != nil || !same(got, want) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func same(a, b Impact) bool {
	if !slices.Equal(a.Containers, b.Containers) {
		return false
	}
	a.Containers, b.Containers = nil, nil
	return a.Known == b.Known && a.Why == b.Why && a.Running == b.Running && a.Stops == b.Stops && a.LiveRestore == b.LiveRestore &&
		a.Swarm == b.Swarm && a.Apart == b.Apart && a.Stopped == b.Stopped && a.Docker == b.Docker && a.Reload == b.Reload
}

// booted is a machine with systemd and one daemon, whatever it has.
type booted struct {
	world.FS
	socket string
}

func (b booted) Stat(path string) (world.Info, error) {
	switch path {
	case "/run/systemd/system":
		return world.Info{Mode: os.ModeDir | 0o755}, nil
	case "/usr/bin/systemctl":
		return world.Info{Mode: 0o755}, nil
	}
	if path != b.socket && (strings.HasSuffix(path, "/docker.sock") || strings.Contains(path, "dockerd")) {
		return world.Info{}, os.ErrNotExist
	}
	return b.FS.Stat(path)
}

// TestContainerdCarriesDocker: containers outlive containerd, but not where systemd
// stops Docker with it.
func TestContainerdCarriesDocker(t *testing.T) {
	const ask = "systemctl show --property=RequiredBy --property=BoundBy --property=ConsistsOf containerd"
	for out, want := range map[string]bool{
		"RequiredBy=\nBoundBy=\nConsistsOf=\n":                               false,
		"RequiredBy=docker.service kubelet.service\nBoundBy=\nConsistsOf=\n": true,
		"RequiredBy=\nBoundBy=docker.service\nConsistsOf=\n":                 true,
		"RequiredBy=mydocker.service\nBoundBy=\nConsistsOf=\n":               false,
	} {
		h := &host{answers: map[string]world.Result{ask: {Stdout: []byte(out)}}}
		w := machine(t, "linux", append(managers[systemd], "/proc/4/comm", "/proc/5/comm", "/proc/self/comm")...)
		for pid, comm := range map[string]string{"4": "containerd-shim\n", "5": "containerd\n"} {
			if err := os.WriteFile(filepath.Join(w.FS.(world.Disk).Root, "proc", pid, "comm"), []byte(comm), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := control(w, h, oldOne).Impact(t.Context(), restart(trust.EngineContainerd))
		if err != nil || got.Docker != want || got.Apart == want || got.Stops != 0 || !want && got.Running != 1 {
			t.Errorf("%q: %+v, %v", strings.TrimSpace(out), got, err)
		}
	}
}
