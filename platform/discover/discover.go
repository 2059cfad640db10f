// Package discover finds the registries that this machine knows already: from
// the files of docker, podman and containerd, and from the images they hold.
// It only reads, and it never sees a password for longer than it takes to notice
// that one is there.
package discover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/platform/engine"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// maxEntries bounds how many entries of one directory or file are looked at.
const maxEntries = 10000

// The kinds of an origin.
const (
	KindDockerConfig   = "docker-config"
	KindContainersAuth = "containers-auth"
	KindCertsD         = "certs.d"
	KindDaemonJSON     = "daemon.json"
	KindRegistriesConf = "registries.conf"
	KindImage          = "image"
)

// Options says what Find may do.
type Options struct {
	// AskEngines: also ask running engines which images they hold.
	AskEngines bool
}

// Origin is one place where a registry was found.
type Origin struct {
	Kind string // one of the constants
	Path string // the file or directory; for an image, the engine that holds it
	Note string // the key or rule it was found under, e.g. "insecure-registries"
}

// Found is a registry with all places where it was found, in their order.
type Found struct {
	Registry trust.Registry
	Origins  []Origin
	// Plaintext are the files in which a password or token for it lies open.
	Plaintext []string
}

// Problem is a file that could not be used.
type Problem struct {
	Path string
	Err  error
}

// Error names the file and the reason.
func (p Problem) Error() string { return fmt.Sprintf("%s: %v", p.Path, p.Err) }

// Unwrap returns the reason.
func (p Problem) Unwrap() error { return p.Err }

// Find lists the registries that w's files name, in the order of the sources. A
// file that cannot be read or understood is a problem and stops nothing else.
// Names that no image reference could hold are passed over, and so are address
// ranges and wildcards.
func Find(ctx context.Context, w world.World, o Options) ([]Found, []Problem) {
	f := finder{w: w, at: map[trust.Registry]int{}}
	f.credentials()
	f.certsD()
	f.daemonJSON()
	f.registriesConf()
	if o.AskEngines {
		f.images(ctx)
	}
	return f.found, f.problems
}

// finder collects what the sources give.
type finder struct {
	w        world.World
	found    []Found
	at       map[trust.Registry]int
	problems []Problem
}

// add notes that name, which begins with host[:port], was found.
func (f *finder) add(name string, o Origin) *Found {
	r, ok := RegistryOf(name)
	if !ok {
		return nil
	}
	i, known := f.at[r]
	if !known {
		i = len(f.found)
		f.at[r] = i
		f.found = append(f.found, Found{Registry: r})
	}
	found := &f.found[i]
	for _, old := range found.Origins {
		if old == o {
			return found
		}
	}
	found.Origins = append(found.Origins, o)
	return found
}

// RegistryOf reads host[:port] off the front of a key, location or URL. Its first
// part is always a host here, which in a pasted image reference it need not be.
func RegistryOf(name string) (trust.Registry, bool) {
	if _, rest, ok := strings.Cut(name, "://"); ok {
		name = rest
	}
	name, _, _ = strings.Cut(name, "/")
	if name == "" || strings.ContainsAny(name, " @*") {
		return trust.Registry{}, false
	}
	r, _, err := trust.ParseRegistry(name)
	return r, err == nil
}

// read returns a file, nil if there is none; any other trouble is a problem.
func (f *finder) read(path string) []byte {
	data, err := f.w.FS.ReadFile(path)
	if err != nil {
		f.problem(path, err)
		return nil
	}
	return data
}

// problem notes an error unless it only says that there is nothing at path.
func (f *finder) problem(path string, err error) {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // the path is said already, and without the root
	}
	f.problems = append(f.problems, Problem{path, err})
}

// daemonJSON reads the settings of every kind of Docker daemon.
func (f *finder) daemonJSON() {
	for _, path := range configfile.DaemonJSONFiles(f.w) {
		data := f.read(path)
		if data == nil {
			continue
		}
		d, err := configfile.ReadDaemonJSON(data)
		f.problem(path, err)
		for _, entry := range d.Insecure[:min(len(d.Insecure), maxEntries)] {
			if _, _, isRange := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(entry, "http://"), "https://"), "/"); !isRange {
				f.add(entry, Origin{KindDaemonJSON, path, "insecure-registries"})
			}
		}
		for _, mirror := range d.Mirrors[:min(len(d.Mirrors), maxEntries)] {
			f.add(mirror, Origin{KindDaemonJSON, path, "mirror of docker.io"})
		}
	}
}

// registriesConf reads what podman and its relatives would, file by file: which
// file named a registry matters here, and what wins does not.
func (f *finder) registriesConf() {
	if f.w.OS == "windows" {
		return
	}
	paths, err := configfile.RegistriesConfFiles(f.w)
	f.problem("registries.conf.d", err)
	for _, path := range paths[:min(len(paths), maxEntries)] {
		data := f.read(path)
		if data == nil {
			continue
		}
		c, err := configfile.ReadRegistriesConf(data)
		f.problem(path, err)
		f.containersRegistries(path, c)
	}
}

func (f *finder) containersRegistries(path string, c configfile.RegistriesConf) {
	for _, r := range c.Registries[:min(len(c.Registries), maxEntries)] {
		f.add(r.Prefix, Origin{KindRegistriesConf, path, settingsOf(r)})
		if r.Location != r.Prefix {
			f.add(r.Location, Origin{KindRegistriesConf, path, "location of " + r.Prefix})
		}
		for _, m := range r.Mirrors[:min(len(r.Mirrors), maxEntries)] {
			f.add(m.Location, Origin{KindRegistriesConf, path, "mirror of " + r.Prefix})
		}
	}
	for _, s := range c.Search[:min(len(c.Search), maxEntries)] {
		f.add(s, Origin{KindRegistriesConf, path, "unqualified-search-registries"})
	}
}

func settingsOf(r configfile.ContainersRegistry) string {
	switch {
	case r.Blocked:
		return "blocked"
	case r.Insecure:
		return "insecure"
	}
	return ""
}

// images asks the engines that run.
func (f *finder) images(ctx context.Context) {
	for _, i := range engine.Images(ctx, f.w) {
		path := i.Engine
		if i.Instance != "" {
			path = i.Instance
		}
		f.add(i.Registry, Origin{KindImage, path, i.Engine})
	}
}
