package discover

import (
	"slices"

	"mooring.dev/mooring/platform/configfile"
)

// credentials reads the files in which docker and podman keep sign-ins.
func (f *finder) credentials() {
	docker := f.w.Join(dockerConfigDir(f.w), "config.json")
	f.auths(KindDockerConfig, docker, func(data []byte) (configfile.ContainersAuth, error) {
		c, err := configfile.ReadDockerConfig(data)
		return configfile.ContainersAuth{Auths: c.Auths, CredHelpers: c.CredHelpers}, err
	})
	for _, path := range containersAuthPaths(f.w) {
		f.auths(KindContainersAuth, path, configfile.ReadContainersAuth)
	}
	f.auths(KindDockerConfig, f.w.Join(f.w.User.Home, ".dockercfg"), configfile.ReadLegacyDockercfg)
}

func (f *finder) auths(kind, path string, read func([]byte) (configfile.ContainersAuth, error)) {
	data := f.read(path)
	c, err := read(data)
	clear(data) // it may hold passwords
	f.problem(path, err)
	for _, a := range c.Auths[:min(len(c.Auths), maxEntries)] {
		found := f.add(a.Key, Origin{kind, path, "auths"})
		if found != nil && a.Plaintext && !slices.Contains(found.Plaintext, path) {
			found.Plaintext = append(found.Plaintext, path)
		}
	}
	for _, key := range sortedKeys(c.CredHelpers) {
		f.add(key, Origin{kind, path, "credHelpers"})
	}
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out[:min(len(out), maxEntries)]
}
