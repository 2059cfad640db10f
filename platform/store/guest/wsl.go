package guest

import (
	"context"
	"crypto/x509"
	"path"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// WSL is the OS stores of WSL's distributions. Programs inside use them and not that
// of Windows: among them the docker command line there, which fetches the tokens of
// builds itself. So they belong to the whole computer, whose person asks for that.
type WSL struct{}

var _ store.Kind = WSL{}

const wslExe = "wsl.exe"

// notOurs are distributions that a program keeps for itself: Docker's and Rancher's
// take the roots of Windows over, podman's are its virtual machines.
func notOurs(distribution string) bool {
	name := strings.ToLower(distribution)
	return slices.Contains([]string{"docker-desktop", "docker-desktop-data", "rancher-desktop", "rancher-desktop-data"}, name) ||
		strings.HasPrefix(name, "podman-")
}

// Name implements [store.Kind].
func (WSL) Name() string { return trust.StoreWSL }

// Find implements [store.Kind]. Names alone, of what runs, are printed without
// words of the system's language (microsoft/WSL src/windows/common/WslClient.cpp
// ListDistributionsHelper).
func (k WSL) Find(ctx context.Context, w world.World) ([]store.Info, error) {
	if w.OS != "windows" || !w.Live() {
		return nil, nil
	}
	if _, err := w.Run.Look(wslExe); err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, maxList)
	defer cancel()
	awake, err := distributions(ctx, w)
	if err != nil {
		return nil, err
	}
	var found []store.Info
	for _, name := range awake {
		if notOurs(name) {
			continue
		}
		d := distribution{inside(w, name), name}
		if f, err := d.look(ctx); err == nil {
			found = append(found, d.info(f))
		}
	}
	return found, nil
}

// distributions are those that run.
func distributions(ctx context.Context, w world.World) ([]string, error) {
	out, err := guest{w: w, prefix: []string{wslExe}}.run(ctx, nil, 0, "--list", "--running", "--quiet")
	return names(out), err
}

// Open implements [store.Kind].
func (WSL) Open(w world.World, name string) (store.Store, error) {
	if w.OS != "windows" || !nameForm().MatchString(name) || notOurs(name) {
		return nil, change.Refuse(change.ErrOutsideAllowList, name, "no distribution whose store may be changed")
	}
	return distribution{inside(w, name), name}, nil
}

// inside is a distribution's root, without a shell (--exec).
func inside(w world.World, name string) guest {
	return guest{w: w, prefix: []string{wslExe, "-d", name, "-u", "root", "--exec"}}
}

// distribution is the OS store of one distribution.
type distribution struct {
	guest
	name string
}

// family is a distribution's way to keep anchors, with the places it has.
type family struct {
	anchors.Family
	bundle  string // what programs read
	refresh string // the path of its command
}

// look finds the family by what is there. It does not wake a distribution that has
// come to rest since it was listed: that would be a change of its own.
func (d distribution) look(ctx context.Context) (family, error) {
	awake, err := distributions(ctx, d.w)
	if err != nil {
		return family{}, err
	}
	if !slices.Contains(awake, d.name) {
		return family{}, change.Refuse(change.ErrCommandFailed, d.name, "the distribution %s is not running; start it first", d.name)
	}
	asked := anchors.Looked()
	out, err := d.run(ctx, nil, 2, append([]string{"ls", "-1dLp"}, asked...)...) // 1 or 2: some are not there
	if err != nil {
		return family{}, err
	}
	l := listed(out, asked)
	f, ok := anchors.Detect(world.World{OS: "linux", FS: l})
	if !ok || f.Command == "" {
		return family{}, change.Refuse(change.ErrOutsideAllowList, d.name, "no trust store that Mooring can change was found in it")
	}
	found := family{Family: f}
	for _, b := range f.Bundles {
		if _, there := l[b]; there {
			found.bundle = b
			break
		}
	}
	program, _, _ := strings.Cut(f.Shown, " ")
	for p := range l {
		if path.Base(p) == program && (found.refresh == "" || p < found.refresh) {
			found.refresh = p
		}
	}
	return found, nil
}

// info describes the store.
func (d distribution) info(f family) store.Info {
	return store.Info{
		ID: trust.NewStoreID(trust.StoreWSL, d.name), Party: trust.System, Location: trust.LocationComputer,
		Want: func(*x509.Certificate, []trust.Registry) trust.Membership { return trust.Membership{Held: true} },
		Commands: func(cert *x509.Certificate, want trust.Membership) []string {
			file := path.Join(f.Dir, fileFor(cert))
			if !want.Held {
				return []string{d.shown("rm", "-f", file), d.shown(f.argv(true)...)}
			}
			return []string{d.shown("tee", file) + " < FILE", d.shown(f.argv(false)...)}
		},
		Asks: []trust.ConsequenceCode{trust.GuestStore},
	}
}

// argv is the command that derives the store anew.
func (f family) argv(removed bool) []string {
	line := f.Shown
	if removed {
		line = f.ShownUndo
	}
	return append([]string{f.refresh}, strings.Fields(line)[1:]...)
}

// Get implements [store.Store]: by what programs read, not by whose file it is.
func (d distribution) Get(ctx context.Context, cert *x509.Certificate) (trust.Membership, error) {
	ctx, cancel := context.WithTimeout(ctx, maxList)
	defer cancel()
	f, err := d.look(ctx)
	if err != nil || f.bundle == "" {
		return trust.Membership{}, err
	}
	return d.held(ctx, f, cert)
}

func (d distribution) held(ctx context.Context, f family, cert *x509.Certificate) (trust.Membership, error) {
	out, err := d.run(ctx, nil, 0, "cat", f.bundle)
	return trust.Membership{Held: err == nil && holds(out, cert)}, err
}

// Set implements [store.Store]. An anchor that the store does not take is not left
// lying in it.
func (d distribution) Set(ctx context.Context, cert *x509.Certificate, want trust.Membership) error {
	if want.Settings != "" {
		return change.Refuse(change.ErrBadPlan, d.name, "%q is no way to hold a certificate", want.Settings)
	}
	f, err := d.look(ctx)
	if err != nil {
		return err
	}
	file := path.Join(f.Dir, fileFor(cert))
	if !want.Held {
		return d.takeOut(ctx, f, file, cert)
	}
	if err = d.put(ctx, file, bare(cert)); err == nil {
		_, err = d.run(ctx, nil, 0, f.argv(false)...)
	}
	if err == nil {
		err = d.expect(ctx, f, cert, true)
	}
	if err != nil {
		// Its own error says what happened; this is to leave nothing behind.
		_ = d.takeOut(context.WithoutCancel(ctx), f, file, cert)
	}
	return err
}

// takeOut removes Mooring's file. A certificate that somebody else put there, too,
// stays, and is told.
func (d distribution) takeOut(ctx context.Context, f family, file string, cert *x509.Certificate) error {
	if _, err := d.run(ctx, nil, 0, "rm", "-f", file, file+unfinished); err != nil {
		return err
	}
	if _, err := d.run(ctx, nil, 0, f.argv(true)...); err != nil {
		return err
	}
	return d.expect(ctx, f, cert, false)
}

// expect reads back.
func (d distribution) expect(ctx context.Context, f family, cert *x509.Certificate, want bool) error {
	if f.bundle == "" { // the command has made the first
		var err error
		if f, err = d.look(ctx); err != nil {
			return err
		}
	}
	now, err := d.held(ctx, f, cert)
	if err == nil && now.Held != want {
		return change.Refuse(change.ErrNotTaken, d.name, "%s", trust.FingerprintOf(cert))
	}
	return err
}
