package enginectl

import (
	"context"
	"fmt"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// sight is what can be seen of a running engine.
type sight struct {
	answers bool
	unseen  string // why it cannot be told whether it runs: a code of [Impact.Why]
	// marks tell its processes from those that a restart makes; empty where nothing
	// does.
	marks   []string
	started time.Time // zero when unknown
	daemons []engine.Docker
}

func (s sight) stopped() bool { return !s.answers && s.unseen == "" && len(s.marks) == 0 }

// differs: as many run as before, and not the same.
func (s sight) differs(before sight) bool {
	return len(before.marks) > 0 && len(s.marks) >= len(before.marks) && !slices.Equal(s.marks, before.marks)
}

// sight looks at an engine.
func (c Control) sight(ctx context.Context, e trust.Engine) sight {
	en := table[e]
	switch {
	case en.party == trust.Docker:
		return c.seeDocker(ctx, e)
	case e == trust.EngineContainerd && c.World.OS == "linux":
		pid, started := engine.ContainerdProcess(c.World)
		s := sight{started: started, answers: pid > 0 && connects(ctx, en.socket)}
		if pid > 0 {
			s.marks = []string{mark(en.socket, pid)}
		}
		return s
	case en.socket != "":
		return c.seeSocket(ctx, en.socket)
	}
	return sight{answers: true, unseen: whyUnasked} // a service that dozes is there when it is asked
}

// seeSocket tells an engine by its socket, which it makes when it starts.
func (c Control) seeSocket(ctx context.Context, socket string) sight {
	i, err := c.World.FS.Lstat(socket)
	if err != nil {
		return sight{}
	}
	s := sight{started: i.Changed, answers: connects(ctx, socket)}
	if s.answers {
		s.marks = []string{socket + " " + i.Changed.String()}
	}
	return s
}

// mark is a process. Its start is reckoned from the clock and the uptime, and differs by
// some milliseconds each time it is looked at: it is no part of it.
func mark(where string, pid int) string { return fmt.Sprintf("%s %d", where, pid) }

// connects reports whether somebody listens at a Unix socket, or whether it is there
// for others than this person.
func connects(ctx context.Context, socket string) bool {
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, "unix", socket)
	if err != nil {
		return strings.Contains(err.Error(), "permission denied")
	}
	conn.Close()
	return true
}

// seeDocker asks the daemons that an entry stands for.
func (c Control) seeDocker(ctx context.Context, e trust.Engine) sight {
	var s sight
	all := true
	for _, d := range engine.Dockers(ctx, c.World) {
		if OfDocker(c.World, d) != e {
			continue
		}
		s.daemons = append(s.daemons, d)
		switch {
		case d.Answered, d.Why == engine.WhyDenied && d.PID > 0:
			if d.PID > 0 {
				s.marks = append(s.marks, mark(d.Host, d.PID))
			}
		case d.Why == engine.WhyNotRunning:
			continue
		default:
			all, s.unseen = false, whyOf(d)
			continue
		}
		s.answers = true
		if s.started.IsZero() || d.Started.Before(s.started) {
			s.started = d.Started
		}
	}
	if s.started.IsZero() && table[e].holds == byVM {
		s.started = c.socketsSince(s.daemons)
	}
	s.answers = s.answers && all
	return s
}

// socketsSince is when the sockets of a virtual machine were made, which happens at
// its start.
func (c Control) socketsSince(daemons []engine.Docker) (since time.Time) {
	for _, d := range daemons {
		socket, ok := strings.CutPrefix(d.Host, "unix://")
		if i, err := c.World.FS.Stat(socket); ok && err == nil && i.Changed.After(since) {
			since = i.Changed
		}
	}
	return since
}

// Why an engine cannot be asked; the words are under "restart.why.<code>".
const (
	whyDenied  = "denied"
	whySilent  = "silent"
	whyUnasked = "unasked"
)

// Whys lists the codes.
func Whys() []string { return []string{whyDenied, whySilent, whyUnasked} }

func whyOf(d engine.Docker) string {
	switch {
	case d.Why == engine.WhyDenied:
		return whyDenied
	case d.Silent:
		return whySilent
	}
	return whyUnasked
}

// OfDocker is the entry that a Docker daemon belongs to: "" for one that runs on
// another machine, or as a service of another name.
func OfDocker(w world.World, d engine.Docker) trust.Engine {
	switch {
	case IsColima(d.Host):
		return trust.EngineColima
	case d.Desktop:
		return trust.EngineDockerDesktop
	case d.Remote:
		return ""
	case d.Snap:
		return trust.EngineDockerSnap
	case d.Rootless:
		return trust.EngineDockerRootless
	}
	if unit := unitOf(w, d.PID); unit != "" && unit != "docker.service" {
		return ""
	}
	return trust.EngineDocker
}

// ForDocker is how a daemon is restarted. One that Mooring does not restart has a name,
// and where its unit is known a command for the person.
func ForDocker(w world.World, d engine.Docker) trust.Restart {
	if e := OfDocker(w, d); e != "" {
		return Of(w, e, false)
	}
	r := trust.Restart{Party: trust.Docker, Name: "docker"}
	if unit := unitOf(w, d.PID); unit != "" {
		r.Command = "systemctl restart " + unit
	}
	return r
}

// IsColima reports whether a docker host is the socket of Colima's default machine
// (abiosoft/colima config/profile.go).
func IsColima(host string) bool {
	return strings.HasPrefix(host, "unix://") && (strings.HasSuffix(host, "/.colima/default/docker.sock") ||
		strings.HasSuffix(host, "/colima/default/docker.sock"))
}

// unitOf is the systemd unit that a process belongs to, by its control group; "" for
// none.
func unitOf(w world.World, pid int) string {
	if w.OS != "linux" || pid <= 0 {
		return ""
	}
	b, err := w.FS.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if unit := path.Base(strings.TrimSpace(line)); strings.HasSuffix(unit, ".service") {
			return unit
		}
	}
	return ""
}
