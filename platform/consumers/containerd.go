package consumers

import (
	"context"
	"strings"
	"sync"
	"time"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// containerd is containerd's clients, all with its hosts loader: nerdctl, CRI
// (Kubernetes) and ctr, which reads the directory named by --hosts-dir.
type containerd struct {
	mu    sync.Mutex
	found map[string]client // by instance
}

// client is one client of containerd.
type client struct {
	instance  string
	installed bool
	loader    hostsLoader
	// noPlace: it finds no directory at all until its configuration names one.
	noPlace bool
	unknown string // why nothing can be said of it
	// daemon: containerd itself connects, with the roots that it read at started.
	daemon  bool
	started time.Time
}

const (
	containerdCerts = "/etc/containerd/certs.d"
	instanceNerdctl = "nerdctl"
	instanceCRI     = "cri"
	instanceCtr     = "ctr --hosts-dir " // and the directory
)

// Party implements Reader.
func (*containerd) Party() trust.Party { return trust.Containerd }

// Consumers implements Reader.
func (k *containerd) Consumers(_ context.Context, w world.World) []trust.Consumer {
	all := containerdClients(w)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.found = map[string]client{}
	var out []trust.Consumer
	for _, c := range all {
		k.found[c.instance] = c
		out = append(out, trust.Consumer{
			Party: trust.Containerd, Instance: c.instance, Operation: trust.OpPull,
			Installed: c.installed, Loader: loaderContainerd,
		})
	}
	return out
}

// containerdClients finds the clients that w has, or forecasts nerdctl's.
func containerdClients(w world.World) []client {
	var out []client
	if installed(w, "nerdctl") {
		out = append(out, nerdctl(w, true))
	}
	if installed(w, "containerd") {
		started := containerdStarted(w)
		if c, ok := cri(w, ""); ok {
			c.started = started
			out = append(out, c)
		}
		if len(out) == 0 {
			c := ctr(w)
			c.started = started
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		out = append(out, nerdctl(w, false))
	}
	return out
}

const containerdSocket = "/run/containerd/containerd.sock"

func containerdStarted(w world.World) time.Time {
	if _, at := engine.ContainerdProcess(w); !at.IsZero() {
		return at
	}
	return socketTime(w, containerdSocket)
}

// nerdctl reads the directories of its defaults (nerdctl pkg/defaults), or those
// that nerdctl.toml names. That may also keep it from verifying anybody.
func nerdctl(w world.World, installed bool) client {
	c := client{instance: instanceNerdctl, installed: installed, loader: hostsLoader{nerdctl: true}}
	switch {
	case w.OS == "windows":
		data := programData(w)
		c.loader.roots = []string{w.Join(data, "containerd", "certs.d"), w.Join(data, "docker", "certs.d")}
	case w.User.UID != 0:
		home := configHome(w)
		c.loader.roots = []string{w.Join(home, "containerd", "certs.d"), w.Join(home, "docker", "certs.d")}
	default:
		c.loader.roots = []string{containerdCerts, systemCerts}
	}
	conf := readNerdctlConf(w)
	if conf.HostsDir != nil {
		c.loader.roots = conf.HostsDir
	}
	if conf.Insecure {
		c.loader.insecure = conf.path
	}
	return c
}

// ctr stands for the one client that a bare containerd has. Its directory is what
// the person gives; docker's serves where containerd has none of its own.
func ctr(w world.World) client {
	root := containerdCerts
	if w.OS == "windows" {
		return client{instance: instanceCtr + w.Join(programData(w), "containerd", "certs.d"), installed: true}
	}
	if !world.IsDir(w.FS, root) && (world.IsDir(w.FS, systemCerts) || installed(w, "dockerd")) {
		root = systemCerts
	}
	return client{instance: instanceCtr + root, installed: true}
}

// containerdOne reports whether the installed containerd is a 1.x, which came
// with shims that 2.0 dropped.
func containerdOne(w world.World) bool { return installed(w, "containerd-shim-runc-v1") }

// Policy implements Reader. Tokens and blobs are fetched with the client of the
// host's entry.
func (k *containerd) Policy(w world.World, c trust.Consumer, q Query) trust.Policy {
	cl := k.of(w, c)
	store := q.System
	if !cl.daemon {
		store = store.session()
	}
	r := begin(w, c, store)
	r.own = w.User.UID == 0 || cl.instance == instanceNerdctl
	r.policy.OldSuites = cl.loader.oldSuites
	if cl.daemon {
		if world.Exists(w.FS, containerdSocket) {
			r.loaded(c, cl.started)
		}
		r.restart(enginectl.Of(w, trust.EngineContainerd, false))
	}
	if cl.unknown != "" {
		r.unknown(cl.unknown)
		return r.done()
	}
	host := dockerName(q.Registry)
	r.hosts(cl.loader, host, q)
	if roots := cl.loader.roots; len(roots) > 0 {
		near := strings.Split(strings.Join(roots, ":"), ":")
		if w.OS == "windows" {
			near = roots
		}
		r.nearMisses(host, near, cl.loader.candidates(w, host), w.Join(roots[0], plainName(w, host)))
	}
	return r.done()
}

// Place implements Reader.
func (k *containerd) Place(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	cl := k.of(w, c)
	if cl.noPlace || cl.unknown != "" {
		return Place{}, false
	}
	return hostsPlace(w, cl.loader, dockerName(reg))
}

// of returns the client behind a consumer, with the rules of its version.
func (k *containerd) of(w world.World, c trust.Consumer) client {
	k.mu.Lock()
	cl := k.found[c.Instance]
	k.mu.Unlock()
	started := cl.started
	switch root, isCtr := strings.CutPrefix(c.Instance, instanceCtr); {
	case isCtr:
		cl.loader = hostsLoader{roots: []string{root}}
		cl.daemon = containerdAtLeast(w, c.Version, 2, 0) // then the daemon fetches for ctr
		cl.loader.setVersion(w, c.Version)
	case c.Instance == instanceCRI:
		cl, _ = cri(w, c.Version)
		cl.started = started
		cl.loader.setVersion(w, c.Version)
	case cl.instance == "":
		cl = nerdctl(w, c.Installed)
	}
	cl.instance = c.Instance
	return cl
}

// setVersion chooses the rules of an older containerd.
func (l *hostsLoader) setVersion(w world.World, version string) {
	l.needsHost = !containerdAtLeast(w, version, 2, 0)
	v, known := parseVersion(version)
	l.oldSuites = known && (v[0] < 1 || v[0] == 1 && v[1] < 7)
	l.plainHTTP = l.oldSuites && !versionAtLeast(version, 1, 6) || beforePatch(version, 1, 6, 25) || beforePatch(version, 1, 7, 7)
}
