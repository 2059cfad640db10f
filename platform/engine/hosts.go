package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/world"
)

// maxContexts bounds how many docker contexts are looked at.
const maxContexts = 32

// The places where a daemon of this machine listens unless told otherwise.
const (
	defaultSocket = "unix:///run/docker.sock"
	macSocket     = "unix:///var/run/docker.sock"
	windowsPipe   = "npipe:////./pipe/docker_engine"
)

// hosts lists the daemons that this session could use, without asking any: the
// current one first, then this machine's own, then those of other contexts.
func hosts(w world.World) []Docker {
	l := hostList{w: w, at: map[string]int{}}
	l.current()
	l.defaults()
	for _, c := range contexts(w) {
		l.add(Docker{Host: c.Host, Context: c.Name})
	}
	return l.all
}

// hostList collects daemons, each once.
type hostList struct {
	w   world.World
	all []Docker
	at  map[string]int // canonical host -> index
}

func (l *hostList) add(d Docker) {
	d.Host = canonical(l.w, d.Host)
	if d.Host == "" {
		return
	}
	if i, ok := l.at[d.Host]; ok {
		old := &l.all[i]
		old.Current = old.Current || d.Current
		old.Context = cmp.Or(old.Context, d.Context)
		return
	}
	l.at[d.Host] = len(l.all)
	l.all = append(l.all, guess(l.w, d))
}

// current adds the daemon that the docker command line talks to, in its order of
// precedence (docker/cli command.resolveContextName). The default one is added
// by defaults, and only if there are signs of it.
func (l *hostList) current() {
	if host := l.w.Getenv("DOCKER_HOST"); host != "" {
		l.add(Docker{Host: host, Current: true})
		return
	}
	name := currentContext(l.w)
	if name == "" {
		return
	}
	if c, ok := contextNamed(l.w, name); ok {
		l.add(Docker{Host: c.Host, Context: name, Current: true})
		return
	}
	l.add(Docker{
		Host: "context:" + name, Context: name, Current: true, Remote: true,
		Why: "this docker context cannot be read",
	})
}

// defaults adds the daemons of this machine of which there are signs: a socket,
// or an installed program that would make one.
func (l *hostList) defaults() {
	byDefault := l.w.Getenv("DOCKER_HOST") == "" && currentContext(l.w) == ""
	for i, host := range defaultHosts(l.w) {
		if present(l.w, host) {
			l.add(Docker{Host: host, Current: i == 0 && byDefault})
		}
	}
}

// defaultHosts lists where this machine's own daemons listen; the first is what
// the command line uses when nothing is configured.
func defaultHosts(w world.World) []string {
	home := func(elem ...string) string {
		return "unix://" + w.Join(append([]string{w.User.Home, ".docker"}, elem...)...)
	}
	switch w.OS {
	case "windows":
		return []string{windowsPipe}
	case "darwin":
		return []string{macSocket, home("run", "docker.sock")}
	default:
		return []string{
			defaultSocket,
			"unix://" + w.Join(RuntimeDir(w), "docker.sock"),
			home("run", "docker.sock"),
			home("desktop", "docker.sock"),
		}
	}
}

// RuntimeDir is the directory of the user's own sockets on Linux, which
// containers' tools and rootless Docker use.
func RuntimeDir(w world.World) string {
	return cmp.Or(w.Getenv("XDG_RUNTIME_DIR"), w.Join("/run/user", itoa(w.User.UID)))
}

// present reports whether host exists or would once its daemon is started.
func present(w world.World, host string) bool {
	path, isSocket := strings.CutPrefix(host, "unix://")
	switch {
	case isSocket && world.Exists(w.FS, path):
		return true
	case host == defaultSocket:
		return dockerdPath(w) != ""
	case host == windowsPipe:
		// Where it is installed, or the images that a daemon keeps (moby
		// daemon/graphdriver/windows). C:\ProgramData\docker alone says nothing: who
		// writes certs.d or daemon.json before there is a Docker makes it too.
		return world.IsDir(w.FS, `C:\Program Files\Docker`) || world.IsDir(w.FS, `C:\ProgramData\docker\windowsfilter`)
	case isSocket && rootlessPath(w, path):
		// dockerd-rootless-setuptool.sh makes this unit.
		return world.Exists(w.FS, w.Join(w.User.Home, ".config/systemd/user/docker.service"))
	}
	return false
}

// dockerdPath is the path of the daemon's program, "" when it is not installed. An
// ordinary user's PATH often lacks /usr/sbin, so it is looked for by place.
func dockerdPath(w world.World) string {
	for _, dir := range []string{"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/snap/bin", w.Join(w.User.Home, "bin")} {
		name := "dockerd"
		if dir == "/snap/bin" {
			name = "docker.dockerd"
		}
		if p := w.Join(dir, name); world.Exists(w.FS, p) {
			return p
		}
	}
	return ""
}

// guess tells what a daemon is from where it listens; asking it may correct this.
func guess(w world.World, d Docker) Docker {
	path, isSocket := strings.CutPrefix(d.Host, "unix://")
	switch {
	case d.Remote:
	case !isSocket:
		d.Remote = !isLocal(d.Host)
		d.Desktop = strings.Contains(d.Host, "dockerDesktop")
	case strings.Contains(path, "/.docker/desktop/"), w.OS != "linux" && strings.Contains(path, "/.docker/run/"):
		d.Desktop = true
	case rootlessPath(w, path):
		d.Rootless = true
	case d.Host == defaultSocket:
		d.Snap = dockerdPath(w) == "/snap/bin/docker.dockerd"
	}
	return d
}

func rootlessPath(w world.World, path string) bool {
	if w.OS != "linux" {
		return false
	}
	return strings.HasPrefix(path, w.Join(RuntimeDir(w))+"/") || strings.HasPrefix(path, "/run/user/") ||
		strings.HasPrefix(path, w.Join(w.User.Home, ".docker/run")+"/")
}

// canonical writes a host in one way, so that the same daemon is listed once,
// and without a password someone may have put into it.
func canonical(w world.World, host string) string {
	host = strings.TrimSpace(host)
	if host == "" || strings.HasPrefix(host, "context:") {
		return host
	}
	scheme, rest, ok := strings.Cut(host, "://")
	if !ok {
		scheme, rest = "tcp", host
	}
	switch scheme {
	case "unix":
		return "unix://" + runPath(w, cmp.Or(rest, "/run/docker.sock"))
	case "npipe":
		return "npipe://" + rest
	case "tcp", "http", "https", "ssh":
	default:
		return "" // no client can dial it
	}
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil || u.Host == "" {
		return ""
	}
	short := url.URL{Scheme: u.Scheme, Host: u.Host}
	if name := u.User.Username(); name != "" {
		short.User = url.User(name)
	}
	return short.String()
}

// runPath rewrites /var/run, which is a link to /run on every current Linux.
func runPath(w world.World, path string) string {
	rest, ok := strings.CutPrefix(path, "/var/run/")
	if !ok || w.OS != "linux" {
		return path
	}
	if to, err := w.FS.Readlink("/var/run"); err == nil && (to == "/run" || to == "../run") {
		return "/run/" + rest
	}
	return path
}

// isLocal reports whether a tcp or ssh host names this machine itself.
func isLocal(host string) bool {
	if strings.HasPrefix(host, "npipe://") {
		return strings.HasPrefix(host, "npipe:////./pipe/")
	}
	u, err := url.Parse(host)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// address is the host:port of a tcp host.
func address(host string) string {
	u, err := url.Parse(host)
	if err != nil {
		return ""
	}
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "2375"))
}

// currentContext is the docker context in use, "" for the default one.
func currentContext(w world.World) string {
	name := w.Getenv("DOCKER_CONTEXT")
	if name == "" {
		data, err := w.FS.ReadFile(w.Join(DockerConfigDir(w), "config.json"))
		if err != nil {
			return ""
		}
		cfg, _ := configfile.ReadDockerConfig(data)
		clear(data) // it may hold passwords
		name = cfg.CurrentContext
	}
	if name == "default" {
		return ""
	}
	return name
}

// DockerConfigDir is where the docker command line keeps its settings.
func DockerConfigDir(w world.World) string {
	return cmp.Or(w.Getenv("DOCKER_CONFIG"), w.Join(w.User.Home, ".docker"))
}

func contextsDir(w world.World) string { return w.Join(DockerConfigDir(w), "contexts", "meta") }

// contextNamed reads one context; its directory is named by the SHA-256 of its
// name (docker/cli context/store).
func contextNamed(w world.World, name string) (configfile.DockerContext, bool) {
	sum := sha256.Sum256([]byte(name))
	return readContext(w, hex.EncodeToString(sum[:]))
}

func readContext(w world.World, dir string) (configfile.DockerContext, bool) {
	data, err := w.FS.ReadFile(w.Join(contextsDir(w), dir, "meta.json"))
	if err != nil {
		return configfile.DockerContext{}, false
	}
	c, err := configfile.ReadDockerContext(data)
	return c, err == nil && c.Host != ""
}

func contexts(w world.World) []configfile.DockerContext {
	entries, err := w.FS.ReadDir(contextsDir(w))
	if err != nil {
		return nil
	}
	var out []configfile.DockerContext
	for _, e := range entries[:min(len(entries), maxContexts)] {
		if c, ok := readContext(w, e.Name()); ok {
			out = append(out, c)
		}
	}
	return out
}
