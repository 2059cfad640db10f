package guest

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// PodmanMachine is the certificates that podman reads for single registries inside
// its virtual machines: the least reach there is. A membership's settings are those
// registries, sorted, with commas between.
//
// What lies on this machine says nothing to a podman inside (its --cert-dir does not
// work from outside either), and the store of the machine's system would count for
// every registry.
type PodmanMachine struct{}

var _ store.Kind = PodmanMachine{}

const (
	podmanExe = "podman"
	certsDir  = "/etc/containers/certs.d"
)

// Name implements [store.Kind].
func (PodmanMachine) Name() string { return trust.StorePodmanMachine }

// Find implements [store.Kind].
func (k PodmanMachine) Find(ctx context.Context, w world.World) ([]store.Info, error) {
	if !w.Live() || w.OS == "linux" && !hasMachines(w) {
		return nil, nil
	}
	if _, err := w.Run.Look(podmanExe); err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxList)
	defer cancel()
	out, err := guest{w: w, prefix: []string{podmanExe}}.run(ctx, nil, 0, "machine", "list", "--format", "json")
	if err != nil {
		return nil, err
	}
	var found []store.Info
	for _, name := range running(out) {
		found = append(found, machineNamed(w, name).info())
	}
	return found, nil
}

// hasMachines: on Linux machines are rare, and podman slow to say that there are none.
func hasMachines(w world.World) bool {
	return world.IsDir(w.FS, w.Join(w.User.Home, ".config/containers/podman/machine"))
}

// running are the machines of a list that run. Podman marks none with a star in JSON
// (containers/podman cmd/podman/machine/list.go).
func running(b []byte) []string {
	var listed []struct {
		Name    string
		Running bool
	}
	if json.Unmarshal(b, &listed) != nil {
		return nil
	}
	var out []string
	for _, m := range listed {
		if m.Running && nameForm().MatchString(m.Name) && len(out) < maxGuests {
			out = append(out, m.Name)
		}
	}
	return out
}

// Open implements [store.Kind].
func (PodmanMachine) Open(w world.World, name string) (store.Store, error) {
	if !nameForm().MatchString(name) {
		return nil, change.Refuse(change.ErrOutsideAllowList, name, "no name of a machine")
	}
	return machineNamed(w, name), nil
}

// machine is one virtual machine.
type machine struct {
	guest
	name string
}

// machineNamed is a machine's root. Its shell reads the command line inside, with the
// words joined by spaces (containers/podman pkg/machine/ssh.go): all of them are fixed
// or of forms that mean nothing to it.
func machineNamed(w world.World, name string) machine {
	return machine{guest{w: w, prefix: []string{podmanExe, "machine", "ssh", "--username", "root", name}}, name}
}

func (m machine) info() store.Info {
	return store.Info{
		ID: trust.NewStoreID(trust.StorePodmanMachine, m.name), Party: trust.Podman, Location: trust.LocationUser,
		Want: func(_ *x509.Certificate, regs []trust.Registry) trust.Membership {
			var hosts []string
			for _, r := range regs {
				hosts = append(hosts, r.String())
			}
			return holding(hosts)
		},
		Limited: func(trust.Membership) bool { return true }, // its OS store is not changed
		Join: func(was, want trust.Membership) trust.Membership {
			return holding(append(hostsOf(was), hostsOf(want)...))
		},
		Part: func(was, want trust.Membership) trust.Membership {
			gone := hostsOf(want)
			return holding(slices.DeleteFunc(hostsOf(was), func(h string) bool { return slices.Contains(gone, h) }))
		},
		Commands: func(cert *x509.Certificate, want trust.Membership) []string {
			var lines []string
			for _, h := range hostsOf(want) {
				dir := path.Join(certsDir, h)
				lines = append(lines, m.shown("mkdir", "-p", dir), m.shown("tee", path.Join(dir, fileFor(cert)))+" < FILE")
			}
			return lines
		},
		Asks: []trust.ConsequenceCode{trust.GuestMachine},
	}
}

// holding is the membership for registries.
func holding(hosts []string) trust.Membership {
	hosts = slices.Clone(hosts)
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	return trust.Membership{Held: len(hosts) > 0, Settings: strings.Join(hosts, ",")}
}

func hostsOf(m trust.Membership) []string {
	if m.Settings == "" {
		return nil
	}
	return strings.Split(m.Settings, ",")
}

// hostForm is a registry that can be a directory's name inside without meaning
// anything to a shell. Addresses in brackets do not pass.
var hostForm = pattern(`^[A-Za-z0-9][A-Za-z0-9._-]{0,252}(:[0-9]{1,5})?$`)

// placed is the path of a file for a registry inside, as find prints it.
var placed = pattern(`^/etc/containers/certs\.d/([A-Za-z0-9][A-Za-z0-9._-]*(?::[0-9]{1,5})?)/([A-Za-z0-9_][A-Za-z0-9._-]*\.crt)$`)

// findCommand prints each file with its content behind, and a line's end, which not
// every file has. The quotes are for the shell inside.
var findCommand = []string{
	"find", certsDir, "-mindepth", "2", "-maxdepth", "2", "-type", "f", "-size", "-64k", "-name", "'*.crt'",
	"-print", "-exec", "cat", "{}", `\;`, "-exec", "echo", `\;`,
}

// files are the files inside that podman reads for registries, with their content.
func (m machine) files(ctx context.Context) (map[string][]byte, error) {
	out, err := m.run(ctx, nil, 1, findCommand...) // 1: the directory is not there
	if err != nil {
		return nil, err
	}
	return split(out), nil
}

// split takes apart what findCommand printed. A line in a file that looks like a path
// of a file ends it: then less of it is taken for a certificate, and nothing is.
func split(out []byte) map[string][]byte {
	files := map[string][]byte{}
	name := ""
	for line := range bytes.Lines(out) {
		if p := string(bytes.TrimRight(line, "\r\n")); placed().MatchString(p) {
			name = p
			files[name] = nil
			continue
		}
		if name != "" {
			files[name] = append(files[name], line...)
		}
	}
	return files
}

// Get implements [store.Store].
func (m machine) Get(ctx context.Context, cert *x509.Certificate) (trust.Membership, error) {
	ctx, cancel := context.WithTimeout(ctx, maxList)
	defer cancel()
	files, err := m.files(ctx)
	if err != nil {
		return trust.Membership{}, err
	}
	var hosts []string
	for name, content := range files {
		if holds(content, cert) {
			hosts = append(hosts, placed().FindStringSubmatch(name)[1])
		}
	}
	return holding(hosts), nil
}

// Set implements [store.Store]. What it removes are files that are this certificate
// and nothing else, whoever made them; one that is in a bundle with others stays, and
// is told.
func (m machine) Set(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	hosts := hostsOf(want)
	if want != holding(hosts) || slices.ContainsFunc(hosts, func(h string) bool { return !hostForm().MatchString(h) }) {
		return change.Refuse(change.ErrOutsideAllowList, m.name, "%q names a registry that cannot be a directory there", want.Settings)
	}
	files, err := m.files(ctx)
	if err != nil {
		return err
	}
	var have []string
	for name, content := range files {
		host := placed().FindStringSubmatch(name)[1]
		switch {
		case slices.Contains(hosts, host) && holds(content, cert):
			have = append(have, host)
		case !slices.Contains(hosts, host) && alone(content, cert):
			if err := m.remove(ctx, name); err != nil {
				return err
			}
		}
	}
	for _, host := range hosts {
		if slices.Contains(have, host) {
			continue
		}
		if err := m.add(ctx, host, cert); err != nil {
			return err
		}
	}
	return m.expect(ctx, cert, want)
}

func (m machine) add(ctx context.Context, host string, cert *x509.Certificate) error {
	dir := path.Join(certsDir, host)
	if _, err := m.run(ctx, nil, 0, "mkdir", "-p", dir); err != nil {
		return err
	}
	return m.put(ctx, path.Join(dir, fileFor(cert)), bare(cert))
}

// remove removes a file, and its directory if nothing else is in it: an empty one
// would hide those that podman looks at next.
func (m machine) remove(ctx context.Context, name string) error {
	if _, err := m.run(ctx, nil, 0, "rm", "-f", name); err != nil {
		return err
	}
	_, err := m.run(ctx, nil, 0, "rmdir", "--ignore-fail-on-non-empty", path.Dir(name))
	return err
}

func (m machine) expect(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	now, err := m.Get(ctx, cert)
	if err == nil && now != want {
		return change.Refuse(change.ErrNotTaken, m.name, "%s", trust.FingerprintOf(cert))
	}
	return err
}
