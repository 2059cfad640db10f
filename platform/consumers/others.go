package consumers

import (
	"slices"

	"mooring.dev/mooring/trust"
)

// Others lists the servers besides reg itself that the Docker daemon at instance
// may ask for reg's images, as its hosts.toml says: what answers a pull may be one
// of them, and then proves nothing of reg. Where the file cannot be read, that is
// listed instead. Mirrors of daemon.json are not: the daemon itself names those.
func (s *Set) Others(instance string, reg trust.Registry) []string {
	var out []string
	for _, m := range s.Members {
		k, ok := m.Reader.(docker)
		if !ok || m.Consumer.Instance != instance || m.Consumer.Loader != loaderContainerd {
			continue
		}
		r := reading{w: s.World, policy: new(trust.Policy)}
		for _, name := range r.others(k.of(s.World, m.Consumer).loader(), reg) {
			if !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

func (r *reading) others(l hostsLoader, reg trust.Registry) []string {
	entries, _ := r.entries(l, dockerName(reg)) // none after a mistake, which stops containerd
	if r.policy.Unknown != "" {
		return []string{r.policy.Unknown}
	}
	var out []string
	for _, e := range entries {
		switch {
		case !e.pull || e.own:
		case e.scheme == "http": // even to reg itself: whoever answers proves nothing
			out = append(out, e.scheme+"://"+e.host)
		case e.address() != reg.Address():
			out = append(out, e.host)
		}
	}
	return out
}

// namedByHosts reports whether the hosts.toml in dir names full, which containerd
// then reads whatever its extension.
func (r *reading) namedByHosts(dir, full string) bool {
	return memo(r.w.FS, "hosts.toml "+dir, func() map[string]bool {
		data, err := r.w.FS.ReadFile(r.w.Join(dir, hostsTOML))
		if err != nil {
			return nil
		}
		entries, err := parseHostsTOML(r.w, dir, data, false)
		if err != nil {
			return nil
		}
		return named(entries)
	})[full]
}

// named are the files that entries name.
func named(entries []hostEntry) map[string]bool {
	out := map[string]bool{}
	for _, e := range entries {
		for _, ca := range e.cas {
			out[ca] = true
		}
		for _, p := range e.pairs {
			out[p[0]], out[p[1]] = true, true
		}
	}
	return out
}
