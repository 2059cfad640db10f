package credentials

import (
	"net"
	"net/url"
	"strings"

	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/trust"
)

// docker is what the docker command line, build and compose read (docker/cli
// cli/config/configfile).
type docker struct {
	env  *source // the variable
	file *source
}

func loadDocker(l *loader) docker {
	d := docker{env: &source{path: Variable}}
	if text := l.w.Getenv(Variable); text != "" {
		l.sources = append(l.sources, d.env)
		if err := d.env.parse([]byte(text)); err != nil {
			l.problem(Variable, err)
		}
		d.env.helpers, d.env.store = nil, "" // docker refuses a variable that has more than auths
	}
	d.file = l.open(l.w.Join(engine.DockerConfigDir(l.w), "config.json"), false)
	return d
}

// uses is one place at most: a helper that is named is asked, and if it has nothing
// docker goes without.
func (d docker) uses(r trust.Registry) []Place {
	key := DockerKey(r)
	if p, ok := d.env.text(r, key); ok {
		return []Place{p}
	}
	helper, named := d.file.helpers[key]
	if !named {
		helper = d.file.store
	}
	if helper != "" {
		return []Place{{Registry: r, Helper: helper, Path: d.file.path, Key: key}}
	}
	if d.file.entries[key] {
		return one(d.file.text(r, key))
	}
	for _, old := range d.file.sorted() {
		if hostOf(old) == key {
			return one(d.file.text(r, old))
		}
	}
	return nil
}

func one(p Place, ok bool) []Place {
	if !ok {
		return nil
	}
	return []Place{p}
}

// hostOf is how docker understands the keys of old files (cli/config/credentials
// ConvertToHostname).
func hostOf(key string) string {
	if _, rest, isURL := strings.Cut(key, "://"); isURL {
		if u, err := url.Parse(key); err == nil && u.Hostname() != "" {
			if u.Port() == "" {
				return u.Hostname()
			}
			return net.JoinHostPort(u.Hostname(), u.Port())
		}
		key = rest
	}
	host, _, _ := strings.Cut(key, "/")
	return host
}
