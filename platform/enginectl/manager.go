package enginectl

import "mooring.dev/mooring/platform/world"

// manager is a service manager of Linux.
type manager string

const (
	systemd manager = "systemctl"
	openrc  manager = "rc-service"
	runit   manager = "sv"
	sysv    manager = "service"
)

// managerOf finds the service manager that runs: systemd by the directory that it
// makes at its start (sd_booted(3)), OpenRC likewise; the others by their program,
// with which nothing but they answers. "" where there is none.
func managerOf(w world.World) manager {
	there := func(m manager) bool { return find(w, string(m)) != "" }
	switch {
	case world.IsDir(w.FS, "/run/systemd/system") && there(systemd):
		return systemd
	case world.IsDir(w.FS, "/run/openrc") && there(openrc):
		return openrc
	case world.IsDir(w.FS, "/run/runit") && there(runit):
		return runit
	case !world.IsDir(w.FS, "/run/systemd/system") && world.IsDir(w.FS, "/etc/init.d") && there(sysv):
		return sysv
	}
	return ""
}

// way is how m restarts a service. Only systemd has services of the person's own.
// Its reload is the init script's where that has one (moby
// contrib/init/openrc/docker.initd); runit and sysvinit know none for docker.
func (m manager) way(en entry, reload bool) way {
	y := way{asRoot: true}
	switch m {
	case openrc:
		y.reload = reload
		y.steps = [][]string{{"rc-service", en.service, verb(reload)}}
	case runit:
		y.steps = [][]string{{"sv", "restart", en.service}}
	case sysv:
		y.steps = [][]string{{"service", en.service, "restart"}}
	case systemd:
		return systemdWay(en, reload)
	default:
		y = systemdWay(en, reload)
		y.guessed = true
		return y
	}
	if en.user {
		return way{guessed: true}
	}
	return y
}

func systemdWay(en entry, reload bool) way {
	y := way{polkit: !en.user, reload: reload}
	argv := []string{"systemctl"}
	if en.user {
		argv = append(argv, "--user")
	}
	do := verb(reload)
	if en.dozes {
		do = "try-restart"
	}
	y.steps = [][]string{append(argv, do, en.service)}
	return y
}

func verb(reload bool) string {
	if reload {
		return "reload"
	}
	return "restart"
}
