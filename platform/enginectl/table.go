// Package enginectl restarts container engines. What it runs comes from its own
// fixed table of engines and service managers; a plan or journal only names an
// entry. It decides nothing: it is called when a person has agreed.
package enginectl

import (
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// hold is what containers hang on, and so what a restart stops.
type hold int

const (
	byDaemon hold = iota // dockerd: they stop with it, unless live-restore is on
	byShim               // a process of their own each: they go on
	byVM                 // the virtual machine stops with all that is in it
)

// entry is one engine of the table.
type entry struct {
	party   trust.Party
	name    string // as people call it
	service string // its name for the service manager; "" where there is none
	user    bool   // a service of the person's own session
	holds   hold
	// reloads: its service can be told to read its configuration again (ExecReload of
	// moby contrib/init/systemd/docker.service).
	reloads bool
	// dozes: the service runs only while it is asked something, and is not to be
	// started for being restarted (podman.service with podman.socket).
	dozes bool
	// socket tells whether it is there, and since when, where its process does not.
	socket string
}

// table is every engine that Mooring restarts. k3s, RKE2 and others that bring an
// engine along are the administrator's.
var table = map[trust.Engine]entry{
	trust.EngineDocker:         {party: trust.Docker, name: "docker", service: "docker", reloads: true},
	trust.EngineDockerRootless: {party: trust.Docker, name: "docker", service: "docker", user: true, reloads: true},
	trust.EngineDockerSnap:     {party: trust.Docker, name: "docker", service: "docker"},
	trust.EngineDockerDesktop:  {party: trust.Docker, name: "Docker Desktop", service: "docker-desktop", user: true, holds: byVM},
	trust.EngineColima:         {party: trust.Docker, name: "Colima", holds: byVM},
	trust.EngineContainerd:     {party: trust.Containerd, name: "containerd", service: "containerd", holds: byShim, socket: "/run/containerd/containerd.sock"},
	trust.EngineCRIO:           {party: trust.Podman, name: "crio", service: "crio", holds: byShim, socket: "/run/crio/crio.sock"},
	trust.EnginePodman:         {party: trust.Podman, name: "podman", service: "podman", holds: byShim, dozes: true},
	trust.EnginePodmanUser:     {party: trust.Podman, name: "podman", service: "podman", user: true, holds: byShim, dozes: true},
}

// Engines lists the keys of the table.
func Engines() []trust.Engine {
	var out []trust.Engine
	for e := range table {
		out = append(out, e)
	}
	slices.Sort(out)
	return out
}

// Of is how an engine is restarted on w, for plans and previews; with reload, how
// it is told to read its configuration again, if that can be done, and a restart if
// not. It is zero for an engine that is not in the table.
func Of(w world.World, e trust.Engine, reload bool) trust.Restart {
	en, ok := table[e]
	if !ok {
		return trust.Restart{}
	}
	way := wayFor(w, e, reload)
	return trust.Restart{Party: en.party, Name: en.name, Command: way.shown(), Engine: e, Reload: way.reload}
}

// way is how an engine is restarted on one machine.
type way struct {
	steps   [][]string // command lines, with the program's name first
	asRoot  bool       // the program itself asks nobody for rights: root has to run it
	polkit  bool       // the program asks polkit itself
	windows string     // the service of Windows that is stopped and started instead
	reload  bool       // nothing stops
	guessed bool       // no service manager was found
	instead [][]string // are the steps where probe fails
	probe   []string
}

// shown is the way as a person reads it.
func (y way) shown() string {
	if y.windows != "" {
		return "Restart-Service -Force " + y.windows
	}
	var lines []string
	for _, argv := range y.steps {
		lines = append(lines, strings.Join(argv, " "))
	}
	return strings.Join(lines, " && ")
}

// wayFor chooses by engine and system. Without a known service manager it is
// systemd's way, for the person to read.
func wayFor(w world.World, e trust.Engine, reload bool) way {
	en := table[e]
	switch {
	case e == trust.EngineColima:
		return way{steps: [][]string{{"colima", "restart"}}}
	case e == trust.EngineDockerDesktop && w.OS != "linux":
		return desktop(w)
	case e == trust.EngineDockerSnap:
		return way{steps: [][]string{{"snap", "restart", "docker"}}, polkit: true}
	case w.OS == "windows":
		return way{windows: en.service}
	}
	return managerOf(w).way(en, reload && en.reloads)
}

// desktop is Docker Desktop's own command, which came with 4.37
// (docs.docker.com/desktop/features/desktop-cli); before it, on macOS, the
// application is asked to quit and opened again.
func desktop(w world.World) way {
	y := way{steps: [][]string{{"docker", "desktop", "restart"}}, probe: []string{"docker", "desktop", "version"}}
	if w.OS == "darwin" {
		y.instead = [][]string{{"osascript", "-e", `quit app "Docker"`}, {"open", "-a", "Docker"}}
	}
	return y
}

// programDirs are where the programs of service managers lie; PATH is not asked, for
// root may run them.
var programDirs = []string{"/usr/bin", "/usr/sbin", "/bin", "/sbin"}

// find is the place of a program of the system's, "" if it is not installed.
func find(w world.World, name string) string {
	for _, dir := range programDirs {
		p := path.Join(dir, name)
		if i, err := w.FS.Stat(p); err == nil && i.Mode.IsRegular() {
			return p
		}
	}
	return ""
}
