package consumers

import (
	"context"
	"slices"
	"strings"
	"sync"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// The loaders of a Docker daemon.
const (
	loaderClassic    = "classic"
	loaderContainerd = "containerd"
	loaderBuildKit   = "buildkit" // before 28, in place of containerd's
)

// docker is dockerd: pull and push with the loader of its image store, login
// always with the classic one (moby daemon/auth.go).
type docker struct{ *dockers }

// Party implements Reader.
func (docker) Party() trust.Party { return trust.Docker }

// Consumers implements Reader. A daemon whose image store is not known is listed
// once with each loader.
func (k docker) Consumers(ctx context.Context, w world.World) []trust.Consumer {
	var out []trust.Consumer
	for _, d := range k.list(ctx, w) {
		c := trust.Consumer{
			Party: trust.Docker, Instance: d.Host, Installed: d.installed, Version: d.Version, Remote: d.Remote,
		}
		for _, loader := range d.loaders {
			c.Operation, c.Loader = trust.OpPull, loader
			out = append(out, c)
		}
		c.Operation, c.Loader = trust.OpLogin, loaderClassic
		out = append(out, c)
	}
	return out
}

// Policy implements Reader.
func (k docker) Policy(w world.World, c trust.Consumer, q Query) trust.Policy {
	r, d := k.start(w, c, q)
	switch {
	case r.policy.Unknown != "":
		r.elsewhere(d, c, q)
	case c.Loader == loaderClassic:
		r.dockerClassic(d, q)
	default:
		r.dockerHosts(d, q)
	}
	return r.done()
}

// Place implements Reader.
func (k docker) Place(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	return k.place(w, c, reg)
}

// daemon is a Docker daemon with what this machine's files say of it.
type daemon struct {
	engine.Docker
	installed bool
	loaders   []string // of pull
	certs     string   // its certs.d
	config    string   // its daemon.json, "" when it is not on this machine
}

// dockers finds the Docker daemons once and remembers them for the policies,
// which know a consumer's instance only.
type dockers struct {
	ask func(context.Context, world.World) []engine.Docker

	mu    sync.Mutex
	all   []engine.Docker // also those that the found leave out
	found []daemon
	asked bool
}

// list returns the daemons of this machine and the one that the docker command
// line talks to, or a forecast of one.
func (k *dockers) list(ctx context.Context, w world.World) []daemon {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.asked {
		return k.found
	}
	k.asked = true
	k.all = k.ask(ctx, w)
	for _, d := range k.all {
		if relevant(d) {
			k.found = append(k.found, describe(w, d, true))
		}
	}
	if len(k.found) == 0 {
		k.found = []daemon{describe(w, forecastDocker(w), false)}
	}
	return k.found
}

// relevant leaves out what a docker context merely mentions: other machines and
// daemons that do not run.
func relevant(d engine.Docker) bool {
	switch {
	case d.Current || d.Answered && !d.Remote:
		return true
	case d.Remote || d.Desktop:
		return false
	default:
		return d.Context == "" || d.Why != "not running"
	}
}

// forecastDocker is a daemon as the current release would be on a fresh machine.
func forecastDocker(w world.World) engine.Docker {
	host := "unix:///run/docker.sock"
	if w.OS == "windows" {
		host = "npipe:////./pipe/docker_engine"
	}
	store := w.OS != "windows"
	return engine.Docker{Host: host, Current: true, ContainerdStore: &store, Version: currentDocker}
}

// currentDocker is the release that a forecast is made for. It decides what
// several rules depend on: whose TLS settings fetch tokens (since 29.5.0), and
// what an empty insecure-registries means (since 29.10.0).
const currentDocker = "29.10.0"

func describe(w world.World, d engine.Docker, installed bool) daemon {
	out := daemon{Docker: d, installed: installed}
	out.certs, out.config = dockerFiles(w, d)
	switch {
	case d.Remote:
		out.config = ""
	case d.Desktop: // which hands it on into its virtual machine
		out.config = w.Join(w.User.Home, ".docker", "daemon.json")
	}
	out.loaders = pullLoaders(w, out)
	return out
}

// dockerFiles is where a daemon looks (moby daemon/pkg/registry/config.go
// CertsDir; the snap's own description for its directories).
func dockerFiles(w world.World, d engine.Docker) (certs, config string) {
	dir := "/etc/docker"
	switch {
	case w.OS == "windows":
		dir = w.Join(programData(w), "docker")
		return w.Join(dir, "certs.d"), w.Join(dir, "config", "daemon.json")
	case d.Snap:
		return "/var/snap/docker/current/etc/docker/certs.d", "/var/snap/docker/current/config/daemon.json"
	case d.Rootless:
		dir = w.Join(configHome(w), "docker")
	}
	return w.Join(dir, "certs.d"), w.Join(dir, "daemon.json")
}

// pullLoaders are the loaders that a pull may use: one if the daemon or its
// configuration says which image store it has, else both.
func pullLoaders(w world.World, d daemon) []string {
	if d.ContainerdStore != nil && (d.Answered || !d.installed) {
		return []string{d.loaderOf(*d.ContainerdStore)}
	}
	var conf configfile.Daemon
	if data, err := w.FS.ReadFile(d.config); err == nil {
		conf, _ = configfile.ReadDaemonJSON(data)
	}
	if on, set := conf.Features["containerd-snapshotter"]; set {
		return []string{d.loaderOf(on)}
	}
	v, known := parseVersion(d.Version)
	// Before 29 the containerd store had to be asked for; since then a named graph
	// driver or user namespaces keep the old one.
	if known && v[0] < 29 || graphDriver(conf.StorageDriver) || conf.UsernsRemap != "" || w.OS == "windows" {
		return []string{loaderClassic}
	}
	return []string{loaderClassic, loaderContainerd}
}

// loaderOf is the loader of pulls with or without the containerd store.
func (d daemon) loaderOf(containerdStore bool) string {
	if containerdStore {
		return d.hostsLoaderName()
	}
	return loaderClassic
}

// hostsLoaderName is the loader of builds and of the containerd store: since 28
// containerd's own.
func (d daemon) hostsLoaderName() string {
	if v, known := parseVersion(d.Version); known && v[0] < 28 {
		return loaderBuildKit
	}
	return loaderContainerd
}

func graphDriver(name string) bool {
	return slices.Contains([]string{"overlay2", "vfs", "btrfs", "zfs", "fuse-overlayfs", "windowsfilter"}, name)
}

// of returns the daemon of a consumer.
func (k *dockers) of(w world.World, c trust.Consumer) daemon {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range k.found {
		if d.Host == c.Instance {
			return d
		}
	}
	return describe(w, engine.Docker{Host: c.Instance, Remote: c.Remote, Version: c.Version}, c.Installed)
}

// start begins the policy of a consumer that acts through a Docker daemon.
func (k *dockers) start(w world.World, c trust.Consumer, q Query) (*reading, daemon) {
	d := k.of(w, c)
	r := begin(w, c, q.System)
	r.own = d.Rootless || w.User.UID == 0
	p := r.policy
	if d.Why != "not running" {
		r.loaded(c, d.Started)
		r.system = ownRoots(w, d.PID, r.system)
	}
	r.restart(enginectl.ForDocker(w, d.Docker))
	switch {
	case enginectl.IsColima(d.Host):
		p.Unknown = "Colima keeps its certificates inside its virtual machine"
	case d.Remote:
		p.Unknown = "this daemon runs on another machine: " + d.Host
	case d.Desktop:
		p.Unknown = "Docker Desktop keeps its certificates inside its virtual machine"
	}
	return r, d
}

// place is where an anchor has to be put for a consumer behind a daemon.
func (k *dockers) place(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	d := k.of(w, c)
	if dir, vm := machineCerts(w, d.Docker); vm != "" {
		return machinePlace(w, dir, vm, reg)
	}
	if d.elsewhere() {
		return Place{}, false
	}
	if c.Loader == loaderContainerd {
		return hostsPlace(w, d.loader(), dockerName(reg))
	}
	if dockerName(reg) == hubName {
		return Place{}, false // the classic loader never looks for it
	}
	return newPlace(w, d.certs, reg.String())
}

// machineCerts is the directory of the person's own that a virtual machine copies into
// itself when it starts, and that machine; "" for other engines.
//
// Docker Desktop: docs.docker.com/desktop/troubleshoot-and-support/faqs/macfaqs,
// "Directory structures"; of Linux the documentation says nothing. Colima: below the
// configuration directory of docker (abiosoft/colima environment/vm/lima/certs.go).
func machineCerts(w world.World, d engine.Docker) (dir string, vm trust.Engine) {
	switch {
	case enginectl.IsColima(d.Host):
		return w.Join(engine.DockerConfigDir(w), "certs.d"), trust.EngineColima
	case d.Desktop && !d.Remote && w.OS != "linux":
		return w.Join(w.User.Home, ".docker", "certs.d"), trust.EngineDockerDesktop
	}
	return "", ""
}

// machinePlace is where an anchor has to be put for a virtual machine. On Windows a
// name cannot hold a colon; there it is left out, as the daemon itself does.
func machinePlace(w world.World, dir string, vm trust.Engine, reg trust.Registry) (Place, bool) {
	if dockerName(reg) == hubName {
		return Place{}, false
	}
	p, ok := newPlace(w, dir, reg.String())
	p.UserWritable = true
	p.Restart = enginectl.Of(w, vm, false)
	return p, ok
}

// loader is the daemon's containerd loader.
func (d daemon) loader() hostsLoader { return hostsLoader{roots: []string{d.certs}} }

// elsewhere: the daemon's files and its roots are not those of this machine.
func (d daemon) elsewhere() bool { return d.Remote || d.Desktop }

// otherCerts are roots that this daemon does not read, though people expect it to.
func (d daemon) otherCerts() []string {
	if d.certs == systemCerts || strings.Contains(d.certs, `\`) {
		return nil
	}
	return []string{systemCerts}
}

const (
	systemCerts = "/etc/docker/certs.d"
	hubName     = "docker.io"
)

// dockerName is the domain of an image reference as docker's parser leaves it:
// index.docker.io becomes docker.io.
func dockerName(reg trust.Registry) string {
	if s := reg.String(); s != "index.docker.io" {
		return s
	}
	return hubName
}
