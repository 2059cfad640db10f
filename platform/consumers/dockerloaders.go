package consumers

import (
	"mooring.dev/mooring/trust"
)

// dockerClassic fills the policy by dockerd's own loader. Tokens and redirected
// blobs are fetched with the registry's TLS settings (moby
// daemon/pkg/registry/auth.go v2AuthHTTPClient); a mirror has its own.
func (r *reading) dockerClassic(d daemon, q Query) {
	// go-connections tlsconfig.ServerDefault dropped the CBC suites with v0.6.0.
	_, known := parseVersion(d.Version)
	r.policy.AEADOnly = !known || versionAtLeast(d.Version, 29, 0)
	host, ip := dockerName(q.Registry), q.IP
	if q.Role == trust.RoleMirror {
		host = q.Host
	}
	if !r.hostName(host) {
		return
	}
	if host == hubName {
		return // system roots only, whatever certs.d/docker.io holds
	}
	list := r.insecure(d)
	if origin, ok := list.match(host, ip); ok {
		r.skip(origin, host) // certs.d is not even loaded
		return
	}
	if !ip.IsValid() && q.Role == trust.RoleRegistry {
		r.policy.InsecureNets = list.nets
	}
	dir := r.w.Join(d.certs, plainName(r.w, host))
	rules := classicRules
	if known && !versionAtLeast(d.Version, 29, 0) {
		rules = oldClassicRules
	}
	r.flatDir(dir, rules)
	r.nearMisses(host, append([]string{d.certs}, d.otherCerts()...), []string{dir}, dir)
}

// dockerHosts fills the policy of a build, or of a pull into the containerd store:
// by containerd's loader, with the insecure list merged in if one is configured
// (moby daemon/hosts.go).
func (r *reading) dockerHosts(d daemon, q Query) {
	if d.hostsLoaderName() == loaderBuildKit {
		r.dockerBuildKit(d, q)
		return
	}
	if q.Role == trust.RoleToken {
		switch authWithHostClient(d) {
		case no:
			return // a default client: system roots, nothing else
		case maybe:
			defer r.doubtToken()
		}
	}
	list := r.insecure(d)
	host := dockerName(q.Registry)
	taken, alone, ok := r.hosts(d.loader(), host, q)
	r.nearMisses(host, append([]string{d.certs}, d.otherCerts()...),
		d.loader().candidates(r.w, host), r.w.Join(d.certs, plainName(r.w, host)))
	if !ok || !alone || !list.set {
		return
	}
	server, ip := taken.host, q.IP
	if q.Role == trust.RoleMirror {
		server = q.Host
	}
	if origin, match := list.match(server, ip); match {
		r.skip(origin, server)
		return
	}
	if !ip.IsValid() && q.Role == trust.RoleRegistry {
		r.policy.InsecureNets = list.nets
	}
}

// elsewhere takes over the one thing that can be said of a daemon whose files are
// not here: that by its own word it does not verify the registry.
func (r *reading) elsewhere(d daemon, c trust.Consumer, q Query) {
	if !d.Answered || c.Loader != loaderClassic && q.Role == trust.RoleToken && authWithHostClient(d) != yes {
		return
	}
	host := dockerName(q.Registry)
	if q.Role == trust.RoleMirror {
		host = q.Host
	}
	list := r.insecure(d)
	if c.Loader == loaderContainerd && !list.set {
		return
	}
	if origin, ok := list.match(host, q.IP); ok {
		r.policy.Unknown = ""
		r.skip(origin, host)
	}
}

// tristate is yes, no or maybe.
type tristate int

const (
	no tristate = iota
	yes
	maybe
)

// authWithHostClient reports whether a daemon with the containerd store fetches
// tokens with the registry's TLS settings: since 29.5.0 (moby#52600). An engine
// built without a version still tells its API: 1.52 came with 29.0, and 1.56 was
// read to have it.
func authWithHostClient(d daemon) tristate {
	if _, known := parseVersion(d.Version); known {
		if versionAtLeast(d.Version, 29, 5) {
			return yes
		}
		return no
	}
	api, known := parseVersion(d.APIVersion)
	switch {
	case !d.installed, known && (api[0] > 1 || api[1] >= 56):
		return yes
	case known && api[1] < 52:
		return no
	default:
		return maybe
	}
}

// doubtToken makes the verdict on a token server unknown where the daemon's
// version decides and cannot be read.
func (r *reading) doubtToken() {
	p := r.policy
	if len(p.Anchors) > 0 || len(p.ClientPairs) > 0 || p.SkipVerify != "" || p.ConfigError != "" {
		r.unknown("the daemon's version cannot be read, and before 29.5.0 it fetches tokens with the system's roots only")
	}
}
