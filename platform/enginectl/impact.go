package enginectl

import (
	"context"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Impact is what restarting an engine means at this moment.
type Impact struct {
	Known bool   // false: what runs could not be learned, and Why says why
	Why   string // a code: its words are under "restart.why.<code>"
	// Running is how many containers run now, Stops how many of them would stop, and
	// Containers the names of some that run.
	Running, Stops int
	Containers     []string
	LiveRestore    bool // dockerd leaves them running
	Swarm          bool // a node of a swarm, which takes over what stops here
	Apart          bool // containers do not hang on this engine
	Stopped        bool // it does not run, and has nothing to be restarted for
	// Docker stops with it: systemd holds its service to this one.
	Docker bool
	Reload bool // it only reads its configuration again
}

// Impact says what carrying out r would stop. Nothing is changed by asking.
func (c Control) Impact(ctx context.Context, r trust.Restart) (Impact, error) {
	en, ok := table[r.Engine]
	if !ok || !c.World.Live() {
		return Impact{}, &Error{Code: NotOurs, Name: r.Name, Command: r.Command}
	}
	s := c.see(ctx, r.Engine)
	i := Impact{Known: s.unseen == "" || en.dozes, Why: s.unseen, Stopped: s.stopped(), Apart: en.holds == byShim}
	i.Reload = r.Reload && wayFor(c.World, r.Engine, true).reload
	switch {
	case i.Stopped, en.dozes:
	case en.party == trust.Docker:
		i.count(ctx, s.daemons, en.holds)
	case r.Engine == trust.EngineContainerd:
		i.Running = shims(c.World)
		if i.Docker = c.carries(ctx, en.service, "docker.service"); i.Docker {
			i.Apart = false
			i.count(ctx, c.see(ctx, trust.EngineDocker).daemons, byDaemon)
		}
	}
	if i.Reload {
		i.Stops = 0
	}
	return i, nil
}

// count adds up what hangs on Docker daemons. live-restore is a word of dockerd's:
// a virtual machine that stops takes its containers with it.
func (i *Impact) count(ctx context.Context, daemons []engine.Docker, h hold) {
	live, asked := true, 0
	i.Running = 0
	for _, d := range daemons {
		if !d.Answered {
			if d.Why != engine.WhyNotRunning {
				i.Known, i.Why = false, whyOf(d)
			}
			continue
		}
		asked++
		i.Running += d.Containers
		i.Swarm = i.Swarm || d.Swarm
		live = live && d.LiveRestore
		if !d.LiveRestore || h == byVM {
			i.Stops += d.Containers
		}
		if names, err := engine.Running(ctx, d); err == nil {
			i.Containers = append(i.Containers, names...)
		}
	}
	i.LiveRestore = live && asked > 0 && h == byDaemon
}

// carries reports whether stopping one unit of systemd's stops another, too
// (systemd.unit(5): Requires=, BindsTo= and PartOf= of the other).
func (c Control) carries(ctx context.Context, unit, other string) bool {
	if managerOf(c.World) != systemd {
		return false
	}
	out := c.output(ctx, string(systemd), "show", "--property=RequiredBy", "--property=BoundBy", "--property=ConsistsOf", unit)
	return slices.Contains(strings.FieldsFunc(out, func(r rune) bool { return r == ' ' || r == '\n' || r == '=' }), other)
}

// maxProcesses bounds a walk over the process table.
const maxProcesses = 1 << 15

// shims counts the processes in which containerd keeps containers, one each
// (containerd-shim-runc-v2; the kernel shows fifteen letters of a name).
func shims(w world.World) int {
	entries, err := w.FS.ReadDir("/proc")
	if err != nil {
		return 0
	}
	n := 0
	for _, e := range entries[:min(len(entries), maxProcesses)] {
		if strings.Trim(e.Name(), "0123456789") != "" {
			continue
		}
		b, err := w.FS.ReadFile("/proc/" + e.Name() + "/comm")
		if err == nil && strings.TrimSpace(string(b)) == "containerd-shim" {
			n++
		}
	}
	return n
}
