package consumers

import (
	"cmp"
	"errors"
	"io/fs"
	"net"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/trust"
)

// daemonFiles reads every daemon.json there may be, whether or not its daemon was
// seen. One that cannot be used says nothing of a daemon that answered.
func (f *unverified) daemonFiles(all []engine.Docker) {
	answered := map[string]bool{}
	for _, d := range all {
		if d.Answered {
			answered[describe(f.w, d, true).config] = true
		}
	}
	for _, path := range configfile.DaemonJSONFiles(f.w) {
		data, err := f.w.FS.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var conf configfile.Daemon
		if err == nil {
			conf, err = configfile.ReadDaemonJSON(data)
		}
		if err != nil {
			if !answered[path] {
				f.unknown(trust.Docker, path)
			}
			continue
		}
		l := insecureList{names: map[string]string{}}
		for _, e := range conf.Insecure {
			l.add(e, path)
		}
		f.list(l)
	}
}

// containers looks through registries.conf. The tools ask for credentials by the
// host they connect to, which an entry for another name may say; and an entry for
// some images of the registry sends the password for all of them.
func (f *unverified) containers() {
	if f.w.OS == "windows" {
		return
	}
	conf := readRegistriesConf(f.w)
	if conf.err != nil {
		f.unknown(trust.Podman, conf.errPath)
	}
	if r, ok := conf.find(f.host); ok && r.Insecure {
		f.say(trust.Podman, conf.pathOf(r.Prefix))
	}
	for _, r := range conf.merged.Registries {
		insecure := r.Insecure && (hostPart(r.Prefix) == f.host || hostPart(r.Location) == f.host)
		for _, m := range r.Mirrors {
			insecure = insecure || m.Insecure && hostPart(m.Location) == f.host
		}
		if insecure {
			f.say(trust.Podman, conf.pathOf(r.Prefix))
		}
	}
}

// nerdctl reads root's settings of nerdctl and the user's own: it may be installed
// in a virtual machine that shares them.
func (f *unverified) nerdctl() {
	own := readNerdctlConf(f.w)
	for _, conf := range []nerdctlConf{
		own, readNerdctlTOML(f.w, nerdctlTOML), readNerdctlTOML(f.w, f.w.Join(configHome(f.w), "nerdctl", "nerdctl.toml")),
	} {
		switch {
		case conf.err != nil:
			f.unknown(trust.Containerd, conf.path)
		case conf.Insecure:
			f.say(trust.Containerd, conf.path)
		}
	}
}

// buildkit reads the settings of BuildKit's own daemons, which their builders take
// along: root's, the user's, and those that buildx gives to each builder it makes
// (buildx util/confutil DefaultConfigFile).
func (f *unverified) buildkit() {
	buildx := cmp.Or(f.w.Getenv("BUILDX_CONFIG"), f.w.Join(engine.DockerConfigDir(f.w), "buildx"))
	for _, path := range []string{
		"/etc/buildkit/buildkitd.toml",
		f.w.Join(configHome(f.w), "buildkit", "buildkitd.toml"),
		f.w.Join(buildx, "buildkitd.default.toml"),
	} {
		var conf struct {
			Registries map[string]struct {
				HTTP     bool `toml:"http"`
				Insecure bool `toml:"insecure"`
			} `toml:"registry"`
		}
		if err := readTOML(f.w, path, &conf); err != nil {
			f.unknown(trust.DockerBuild, path)
			continue
		}
		for name, r := range conf.Registries {
			itself := strings.EqualFold(name, f.host) || f.reg.IsHub() && strings.EqualFold(name, f.reg.ServerName())
			if itself && (r.HTTP || r.Insecure) {
				f.say(trust.DockerBuild, path)
			}
		}
	}
}

// hostsFiles looks for entries that send requests for the registry to another port
// of it, without verification.
func (f *unverified) hostsFiles(found []daemon) {
	roots := []string{systemCerts}
	for _, d := range found {
		if !d.elsewhere() && !slices.Contains(roots, d.certs) {
			roots = append(roots, d.certs)
		}
	}
	for _, root := range roots {
		f.hosts(trust.Docker, hostsLoader{roots: []string{root}})
	}
	for _, c := range containerdClients(f.w) {
		if c.installed {
			f.hosts(trust.Containerd, c.loader)
		}
	}
}

func (f *unverified) hosts(party trust.Party, l hostsLoader) {
	r := begin(f.w, trust.Consumer{Party: party}, nil)
	entries, ok := r.entries(l, f.host)
	// Looking ended at a directory or a hosts.toml that is there; where there is none,
	// the flat files that could not be listed hold no rule.
	if looked := r.policy.Looked; !ok && looked[len(looked)-1].Found {
		f.unknown(party, looked[len(looked)-1].Path)
	}
	for _, e := range entries {
		configured := e.origin != ruleLocalhost // which consumers have said already
		if configured && f.served(e.host) && (e.scheme == "http" || e.skip != nil && *e.skip) {
			f.say(party, cmp.Or(e.skipBy, e.origin))
		}
	}
}

// served reports whether a server of hosts.toml is the registry's, on any port.
func (f *unverified) served(server string) bool {
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		host = strings.Trim(server, "[]")
	}
	return strings.EqualFold(host, f.reg.Host()) || strings.EqualFold(host, f.reg.ServerName())
}
