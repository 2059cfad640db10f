package consumers

import (
	"context"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// dockerBuild is docker build with the default driver. BuildKit in the daemon
// talks to the registry, by the loader of the containerd store whatever store is
// in use (moby daemon/command/daemon.go RegistryHosts); the token is fetched by the docker
// command line, with the roots of the OS and nothing else (buildkit
// session/auth/authprovider FetchToken).
type dockerBuild struct{ *dockers }

// Party implements Reader.
func (dockerBuild) Party() trust.Party { return trust.DockerBuild }

// Consumers implements Reader.
func (k dockerBuild) Consumers(ctx context.Context, w world.World) []trust.Consumer {
	cli := installed(w, "docker")
	var out []trust.Consumer
	for _, d := range k.list(ctx, w) {
		out = append(out, trust.Consumer{
			Party: trust.DockerBuild, Instance: d.Host, Operation: trust.OpBuild, Loader: d.hostsLoaderName(),
			Installed: cli && d.installed, Version: d.Version, Remote: d.Remote,
		})
	}
	return out
}

// Policy implements Reader.
func (k dockerBuild) Policy(w world.World, c trust.Consumer, q Query) trust.Policy {
	if q.Role == trust.RoleToken {
		p := begin(w, c, q.System.session()).done()
		p.Dialect = systemDialect(w)
		return p
	}
	r, d := k.start(w, c, q)
	if r.policy.Unknown == "" {
		r.dockerHosts(d, q)
	} else {
		r.elsewhere(d, c, q)
	}
	return r.done()
}

// Place implements Reader.
func (k dockerBuild) Place(w world.World, c trust.Consumer, reg trust.Registry) (Place, bool) {
	return k.place(w, c, reg)
}
