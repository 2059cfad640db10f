package consumers

import (
	"context"
	"strings"
	"sync"
	"time"

	"mooring.dev/mooring/platform/engine"
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
	// noPlace: it reads no directory at all until its configuration names one.
	noPlace bool
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
		if c, ok := cri(w); ok {
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

func containerdStarted(w world.World) time.Time {
	if _, at := engine.ContainerdProcess(w); !at.IsZero() {
		return at
	}
	return socketTime(w, "/run/containerd/containerd.sock")
}

// nerdctl reads the directories of its defaults (nerdctl pkg/defaults), or those
// that nerdctl.toml names.
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
	if dirs, ok := nerdctlHostsDirs(w); ok {
		c.loader.roots = dirs
	}
	return c
}

// ctr stands for the one client that a bare containerd has. Its directory is what
// the person gives; docker's serves where containerd has none of its own.
func ctr(w world.World) client {
	root := containerdCerts
	if !world.IsDir(w.FS, root) && (world.IsDir(w.FS, systemCerts) || installed(w, "dockerd")) {
		root = systemCerts
	}
	return client{
		instance: instanceCtr + root, installed: true, loader: hostsLoader{roots: []string{root}},
		// Since containerd 2 the daemon fetches for ctr.
		daemon: !containerdOne(w),
	}
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
	if cl.daemon {
		r.policy.SystemLoaded = cl.started
		r.policy.Restart, r.policy.RestartCommand = "containerd", "systemctl restart containerd"
	}
	host := dockerName(q.Registry)
	r.hosts(cl.loader, host, q)
	for _, root := range cl.loader.roots[:min(1, len(cl.loader.roots))] {
		r.nearMisses(host, cl.loader.roots, cl.loader.candidates(w, host), w.Join(root, plainName(w, host)))
	}
	return r.done()
}

// Place implements Reader.
func (k *containerd) Place(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	cl := k.of(w, c)
	if cl.noPlace {
		return Place{}, false
	}
	return hostsPlace(w, cl.loader, dockerName(reg))
}

// of returns the client behind a consumer.
func (k *containerd) of(w world.World, c trust.Consumer) client {
	k.mu.Lock()
	cl, ok := k.found[c.Instance]
	k.mu.Unlock()
	if ok {
		return cl
	}
	if root, ok := strings.CutPrefix(c.Instance, instanceCtr); ok {
		return client{instance: c.Instance, loader: hostsLoader{roots: []string{root}}}
	}
	if found, ok := cri(w); ok && c.Instance == instanceCRI {
		return found
	}
	return nerdctl(w, c.Installed)
}
