package enginectl

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is a runner that answers by the first words of a command line, without the
// directories of the programs.
type host struct {
	has     []string // on PATH
	answers map[string]world.Result
	ran     []world.Command
	then    func(line string) // told of each command that ends well
}

func (h *host) Run(_ context.Context, c world.Command) (world.Result, error) {
	h.ran = append(h.ran, c)
	line := lineOf(c.Argv)
	best, found := world.Result{Code: 99, Stderr: []byte("not expected: " + line)}, ""
	for start, res := range h.answers {
		if strings.HasPrefix(line, start) && len(start) > len(found) {
			best, found = res, start
		}
	}
	if best.Code == 0 && h.then != nil {
		h.then(line)
	}
	return best, nil
}

func (h *host) Look(name string) (string, error) {
	if slices.Contains(h.has, name) {
		return "/opt/bin/" + name, nil
	}
	return "", exec.ErrNotFound
}

// lineOf is a command line without the directories of its programs.
func lineOf(argv []string) string {
	var words []string
	for _, a := range argv {
		if strings.HasPrefix(a, "/") {
			a = a[strings.LastIndex(a, "/")+1:]
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}

func (h *host) lines() []string {
	var out []string
	for _, c := range h.ran {
		out = append(out, lineOf(c.Argv))
	}
	return out
}

// process is an engine as it is seen, one sight after another; the last stays.
type process struct{ sights []sight }

func (p *process) see(context.Context, trust.Engine) sight {
	s := p.sights[0]
	if len(p.sights) > 1 {
		p.sights = p.sights[1:]
	}
	return s
}

var (
	oldOne = sight{answers: true, marks: []string{"7"}}
	newOne = sight{answers: true, marks: []string{"8"}}
	none   = sight{}
)

func control(w world.World, h *host, sights ...sight) Control {
	w.Run = h
	c := New(w, false)
	c.see = (&process{sights}).see
	c.wait = patience{answer: 600 * time.Millisecond, old: 20 * time.Millisecond}
	return c
}

func restart(e trust.Engine) trust.Restart {
	return trust.Restart{Name: "of the plan", Command: "rm -rf /", Engine: e}
}

func quiet(Stage) {}

// TestRestart goes through how a restart by systemd can end.
func TestRestart(t *testing.T) {
	const do, word, show = "systemctl restart docker", "journalctl --unit=docker", "systemctl show"
	ok := world.Result{}
	journal := world.Result{Stdout: []byte("failed to start daemon: no \x1b[31mspace\nleft\n")}
	for name, c := range map[string]struct {
		sights  []sight
		answers map[string]world.Result
		code    Code
		detail  string
		is      error
	}{
		"well":           {sights: []sight{oldOne, none, none, newOne}, answers: map[string]world.Result{do: ok}},
		"not running":    {sights: []sight{none}, code: NotRunning},
		"no rights":      {sights: []sight{oldOne}, answers: map[string]world.Result{do: {Code: 4, Stderr: []byte("Failed to restart docker.service: Access denied\n")}}, code: NoRights, detail: "Access denied", is: change.ErrNoRights},
		"nobody asks":    {sights: []sight{oldOne}, answers: map[string]world.Result{do: {Code: 1, Stderr: []byte("Failed to restart docker.service: Interactive authentication required.\n")}}, code: NoAgent, is: change.ErrNoAgent},
		"it fails":       {sights: []sight{oldOne}, answers: map[string]world.Result{do: {Code: 1, Stderr: []byte("Job for docker.service failed.\n")}, word: journal}, code: Failed, detail: "left"},
		"without a word": {sights: []sight{oldOne}, answers: map[string]world.Result{do: {Code: 1, Stderr: []byte("Job for docker.service failed.\n")}, word: {Code: 1}, show: {Stdout: []byte("Result=exit-code\nActiveState=failed\n")}}, code: Failed, detail: "Result=exit-code ActiveState=failed"},
		"no such unit":   {sights: []sight{oldOne}, answers: map[string]world.Result{do: {Code: 5, Stderr: []byte("Failed to restart docker.service: Unit docker.service not found.\n")}, word: ok, show: {Code: 1}}, code: Failed, detail: "Unit docker.service not found."},
		"another unit's": {sights: []sight{oldOne}, answers: map[string]world.Result{do: ok, word: ok, show: ok}, code: Unchanged},
		"never again":    {sights: []sight{oldOne, none}, answers: map[string]world.Result{do: ok, word: journal}, code: Silent, detail: "left"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{answers: c.answers}
			var stages []Stage
			err := control(machine(t, "linux", append(managers[systemd], "/usr/bin/journalctl")...), h, c.sights...).
				Restart(t.Context(), restart(trust.EngineDocker), func(s Stage) { stages = append(stages, s) })
			if c.code == "" {
				if err != nil || !slices.Equal(stages, []Stage{Restarting, Waiting}) || !slices.Equal(h.lines(), []string{do}) {
					t.Fatal(err, stages, h.lines())
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || e.Code != c.code || !strings.HasSuffix(e.Detail, c.detail) || e.Name != "docker" || e.Command != do {
				t.Errorf("%+v", e)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v is not %v", err, c.is)
			}
			if strings.ContainsAny(e.Detail, "\x1b\n") {
				t.Errorf("detail %q", e.Detail)
			}
		})
	}
}

// TestOnlyTheTableIsRun hands in what a hostile plan or journal may hold.
func TestOnlyTheTableIsRun(t *testing.T) {
	for _, e := range []trust.Engine{"", "sh", "docker; reboot", "--help", "../docker", "DOCKER"} {
		h := &host{}
		c := control(machine(t, "linux", managers[systemd]...), h, oldOne)
		var known *Error
		if err := c.Restart(t.Context(), restart(e), quiet); !errors.As(err, &known) || known.Code != NotOurs || len(h.ran) > 0 {
			t.Errorf("%q: %v, ran %v", e, err, h.lines())
		}
		if _, err := c.Impact(t.Context(), restart(e)); !errors.As(err, &known) {
			t.Errorf("impact of %q: %v", e, err)
		}
	}
	c := control(world.Under(t.TempDir(), "linux"), nil, oldOne)
	c.World.Run = nil
	var known *Error
	if err := c.Restart(t.Context(), restart(trust.EngineDocker), quiet); !errors.As(err, &known) || known.Code != NotOurs {
		t.Errorf("below --root: %v", err)
	}
}

// TestRights is who runs what: the program itself where it asks for rights, sudo in
// a terminal and pkexec in a window where it does not.
func TestRights(t *testing.T) {
	ok := world.Result{}
	nobody := world.Result{Code: 1, Stderr: []byte("Interactive authentication required.")}
	denied := world.Result{Code: 4, Stderr: []byte("Access denied")}
	askers := []string{"/usr/bin/sudo", "/usr/bin/pkexec"}
	for name, c := range map[string]struct {
		manager  manager
		engine   trust.Engine
		has      []string
		terminal bool
		root     bool
		answers  map[string]world.Result
		want     []string
		code     Code
	}{
		"root needs nobody":           {manager: openrc, engine: trust.EngineDocker, root: true, terminal: true, want: []string{"rc-service docker restart"}},
		"systemd asks polkit":         {manager: systemd, engine: trust.EngineDocker, has: askers, want: []string{"systemctl restart docker"}},
		"its text agent":              {manager: systemd, engine: trust.EngineDocker, has: askers, terminal: true, want: []string{"systemctl restart docker"}},
		"without polkit, sudo":        {manager: systemd, engine: trust.EngineDocker, has: askers, terminal: true, answers: map[string]world.Result{"systemctl": nobody}, want: []string{"systemctl restart docker", "sudo -k -- systemctl restart docker"}},
		"no sudo after a refusal":     {manager: systemd, engine: trust.EngineDocker, has: askers, terminal: true, answers: map[string]world.Result{"systemctl": denied}, want: []string{"systemctl restart docker"}, code: NoRights},
		"no sudo in a window":         {manager: systemd, engine: trust.EngineDocker, has: askers, answers: map[string]world.Result{"systemctl": nobody}, want: []string{"systemctl restart docker"}, code: NoAgent},
		"the person's own needs none": {manager: systemd, engine: trust.EngineDockerRootless, terminal: true, has: []string{"systemctl"}, want: []string{"systemctl --user restart docker"}},
		"OpenRC in a terminal":        {manager: openrc, engine: trust.EngineDocker, has: askers, terminal: true, want: []string{"sudo -k -- rc-service docker restart"}},
		"OpenRC in a window":          {manager: openrc, engine: trust.EngineDocker, has: askers, want: []string{"pkexec --disable-internal-agent rc-service docker restart"}},
		"declined":                    {manager: openrc, engine: trust.EngineDocker, has: askers, answers: map[string]world.Result{"pkexec": {Code: 126, Stderr: []byte("Error executing command as another user: Request dismissed\n")}}, want: []string{"pkexec --disable-internal-agent rc-service docker restart"}, code: NoRights},
		"a wrong password":            {manager: sysv, engine: trust.EngineDocker, has: askers, terminal: true, answers: map[string]world.Result{"sudo": {Code: 1, Stderr: []byte("sudo: 3 incorrect password attempts\n")}}, want: []string{"sudo -k -- service docker restart"}, code: NoRights},
		"nobody to ask":               {manager: sysv, engine: trust.EngineDocker, want: nil, code: NoAgent},
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{has: c.has, answers: c.answers}
			if h.answers == nil {
				h.answers = map[string]world.Result{}
			}
			for _, line := range []string{"systemctl", "rc-service", "sudo", "pkexec"} {
				if _, set := h.answers[line]; !set {
					h.answers[line] = ok
				}
			}
			files := slices.Clone(managers[c.manager])
			for _, a := range c.has {
				if strings.HasPrefix(a, "/") {
					files = append(files, a)
				}
			}
			w := machine(t, "linux", files...)
			if c.root {
				w.User.UID = 0
			}
			ctl := control(w, h, oldOne, newOne)
			ctl.Terminal = c.terminal
			err := ctl.Restart(t.Context(), restart(c.engine), quiet)
			var e *Error
			if errors.As(err, &e); c.code != "" && (e == nil || e.Code != c.code) || c.code == "" && err != nil {
				t.Error(err)
			}
			lines := slices.DeleteFunc(h.lines(), func(l string) bool { return strings.Contains(l, "show") })
			if !slices.Equal(lines, c.want) {
				t.Errorf("ran %q, want %q", lines, c.want)
			}
			for _, cmd := range h.ran {
				if cmd.Terminal && (!c.terminal || c.root) {
					t.Errorf("%v may ask in a terminal", cmd.Argv)
				}
			}
		})
	}
}

// TestDesktop restarts a virtual machine by its own command, and on macOS before
// that came, by quitting and opening the application.
func TestDesktop(t *testing.T) {
	ok, unknown := world.Result{}, world.Result{Code: 1, Stderr: []byte("docker: 'desktop' is not a docker command.")}
	vm := sight{answers: true}
	for name, c := range map[string]struct {
		os      string
		version world.Result
		sights  []sight
		want    []string
		code    Code
	}{
		"macOS":                     {"darwin", ok, []sight{vm}, []string{"docker desktop version", "docker desktop restart"}, ""},
		"Windows, nobody is asked":  {"windows", ok, []sight{{unseen: whyUnasked}}, []string{"docker desktop restart"}, ""},
		"before 4.37":               {"darwin", unknown, []sight{vm, vm, none, none, vm}, []string{"docker desktop version", `osascript -e quit app "Docker"`, "open -a Docker"}, ""},
		"before 4.37, and it stays": {"darwin", unknown, []sight{vm}, []string{"docker desktop version", `osascript -e quit app "Docker"`, "open -a Docker"}, Unchanged},
	} {
		t.Run(name, func(t *testing.T) {
			h := &host{has: []string{"docker", "osascript", "open"}, answers: map[string]world.Result{
				"docker desktop version": c.version, "docker desktop restart": ok, "osascript": ok, "open": ok,
			}}
			ctl := control(machine(t, c.os), h, c.sights...)
			ctl.wait.old = 600 * time.Millisecond
			ctl.wait.answer = 2 * time.Second
			err := ctl.Restart(t.Context(), restart(trust.EngineDockerDesktop), quiet)
			var e *Error
			if errors.As(err, &e); c.code != "" && (e == nil || e.Code != c.code) || c.code == "" && err != nil {
				t.Error(err)
			}
			if !slices.Equal(h.lines(), c.want) {
				t.Errorf("ran %q, want %q", h.lines(), c.want)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h := &host{answers: map[string]world.Result{"systemctl restart docker": {}}, then: func(string) { cancel() }}
	err := control(machine(t, "linux", managers[systemd]...), h, oldOne, none).Restart(ctx, restart(trust.EngineDocker), quiet)
	var e *Error
	if !errors.As(err, &e) || e.Code != Cancelled || !errors.Is(err, change.ErrCancelled) {
		t.Error(err)
	}
}

// TestReload needs no other process afterwards.
func TestReload(t *testing.T) {
	h := &host{answers: map[string]world.Result{"systemctl reload docker": {}}}
	r := restart(trust.EngineDocker)
	r.Reload = true
	if err := control(machine(t, "linux", managers[systemd]...), h, oldOne).Restart(t.Context(), r, quiet); err != nil || len(h.ran) != 1 {
		t.Error(err, h.lines())
	}
}
