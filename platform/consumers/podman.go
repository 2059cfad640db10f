package consumers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"mooring.dev/mooring/platform/enginectl"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// podman is everything built on containers/image: podman, Buildah and Skopeo as
// the user runs them, and CRI-O. Login and pull go the same way.
type podman struct{}

const instanceCRIO = "cri-o"

// Party implements Reader.
func (podman) Party() trust.Party { return trust.Podman }

// Consumers implements Reader.
func (podman) Consumers(_ context.Context, w world.World) []trust.Consumer {
	out := []trust.Consumer{{
		Party: trust.Podman, Instance: "user " + w.User.Name, Operation: trust.OpPull,
		Installed: w.OS == "linux" && installed(w, "podman", "buildah", "skopeo"),
	}}
	if w.OS == "linux" && installed(w, "crio") {
		out = append(out, trust.Consumer{Party: trust.Podman, Instance: instanceCRIO, Operation: trust.OpPull, Installed: true})
	}
	return out
}

// asItself is the world in which a consumer looks: CRI-O's user is root.
func (podman) asItself(w world.World, c trust.Consumer) world.World {
	if c.Instance == instanceCRIO {
		w.User, w.Env = world.User{Name: "root", Home: "/root"}, nil
	}
	return w
}

// Policy implements Reader. Tokens and blobs are fetched with the registry's own
// client; a mirror has its own directory and its own insecure switch.
func (k podman) Policy(w world.World, c trust.Consumer, q Query) trust.Policy {
	store := q.System.session()
	if c.Instance == instanceCRIO {
		store = q.System
	}
	r := begin(k.asItself(w, c), c, store)
	r.own = r.w.User.UID == w.User.UID
	r.containersTLS(c.Version)
	if c.Instance == instanceCRIO {
		if started := socketTime(w, "/run/crio/crio.sock"); !started.IsZero() {
			r.loaded(c, started)
		}
		r.restart(enginectl.Of(w, trust.EngineCRIO, false))
	}
	if w.OS != "linux" {
		r.unknown("podman runs inside a virtual machine here")
		return r.done()
	}
	host := dockerName(q.Registry)
	if q.Role == trust.RoleMirror {
		host = q.Host
	}
	if r.hostName(host) {
		r.containersDir(host)
		r.registriesConf(dockerName(q.Registry), q)
	}
	return r.done()
}

// containersTLS takes over what the library of this podman offers: CBC suites
// until 5.6 (go-connections v0.5), TLS 1.0 until 4.5 (containers/image v5.25).
// Buildah and Skopeo have version numbers of their own, below 3.
func (r *reading) containersTLS(version string) {
	v, known := parseVersion(version)
	known = known && v[0] >= 3
	r.policy.AEADOnly = !known || versionAtLeast(version, 5, 7)
	if known && !versionAtLeast(version, 4, 6) {
		r.policy.MinTLS = tls.VersionTLS10
	}
}

// Place implements Reader: the directory that wins now, else a new one for all
// users, unless only the person's own is wanted.
func (k podman) Place(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	if w.OS != "linux" {
		return Place{}, false
	}
	u := k.asItself(w, c)
	dirs := containersDirs(u, dockerName(reg))
	for _, d := range dirs {
		if world.Exists(w.FS, d) {
			return placeIn(w, d), true
		}
	}
	p := placeIn(w, dirs[1])
	if c.Instance != instanceCRIO {
		p.Alternative = dirs[0]
	}
	return p, true
}

// containersDirs are the directories for host in the order of
// containers/image docker/docker_client.go dockerCertDir, in which HOME/.config is
// literal. The first that exists wins; there is no merging.
func containersDirs(w world.World, host string) []string {
	return []string{
		w.Join(w.User.Home, ".config", "containers", "certs.d", host),
		w.Join("/etc/containers/certs.d", host),
		w.Join(systemCerts, host),
	}
}

// containersDir reads the directory for host that wins.
func (r *reading) containersDir(host string) {
	dirs := containersDirs(r.w, host)
	roots := make([]string, len(dirs))
	for i, d := range dirs {
		roots[i] = dir(r.w, d)
	}
	defer func() { r.nearMisses(host, roots, dirs, dirs[1]) }()
	for i, d := range dirs {
		_, err := r.w.FS.Stat(d)
		switch {
		case err == nil:
			r.flatDir(d, containersRules)
			r.shadowed(d, dirs[i+1:])
			return
		case errors.Is(err, fs.ErrNotExist):
			r.look(d, false)
		case errors.Is(err, fs.ErrPermission):
			r.look(d, false) // passed over with a debug message
			r.denied(d, err)
		default:
			f := faultOf(r.w, d, err)
			r.lookOdd(d, f.code)
			r.note(f.code, d, f.text)
			r.fail(f.code, d, f.text)
			return
		}
	}
}

// registriesConf takes over what registries.conf says of a registry's images.
func (r *reading) registriesConf(host string, q Query) {
	conf := readRegistriesConf(r.w)
	for _, f := range conf.files {
		r.look(f.path, f.found)
	}
	if conf.err != nil {
		if !r.denied(conf.errPath, conf.err) {
			r.note(trust.Unreadable, conf.errPath, conf.err.Error())
			r.fail(trust.Unreadable, conf.errPath, fmt.Sprintf("loading registries configuration %q: %s", conf.errPath, conf.err))
		}
		return
	}
	for _, n := range conf.namespaces(host) {
		r.note(trust.InsecureRegistry, conf.pathOf(n.Prefix), "only for "+n.Prefix)
	}
	reg, ok := conf.find(host)
	if !ok {
		return
	}
	if reg.Blocked { // whatever certificate it has
		r.unknown(fmt.Sprintf("registry %s is blocked in %s", reg.Prefix, conf.pathOf(reg.Prefix)))
		return
	}
	if q.Role == trust.RoleMirror {
		r.mirrorConf(conf, reg, q.Host)
		return
	}
	if at := reg.at(host); at != host {
		r.unknown(fmt.Sprintf("%s sends requests for %s to %s", conf.pathOf(reg.Prefix), host, at))
	}
	if reg.Insecure {
		r.skip(conf.pathOf(reg.Prefix), host)
	}
}

// mirrorConf applies the mirror's own insecure switch.
func (r *reading) mirrorConf(conf registriesConf, reg registryEntry, mirror string) {
	for _, m := range reg.Mirrors {
		if m.Insecure && hostPart(m.Location) == mirror {
			r.skip(conf.pathOf(reg.Prefix), mirror)
		}
	}
}

// socketTime is when a service made its socket, which it does at its start: an
// estimate where its process cannot be asked.
func socketTime(w world.World, path string) (t time.Time) {
	if i, err := w.FS.Lstat(path); err == nil && w.Live() {
		t = i.Changed
	}
	return t
}
