package helper

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/store/keychain"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// site is where root's half of a plan may go on one system. It is a value of the
// target system, so that all of them are judged, and tested, by the same code.
type site struct {
	// certs are the directories below which anchors of a registry lie.
	certs []string
	// names are what a registry's directory is called there.
	names func(trust.Registry) []string
	// sep parts the names of a path; plain reports whether a path has the one
	// spelling that is accepted.
	sep   string
	plain func(string) bool
	// stores has the stores with members that the wide action may change, and what
	// they may then say of a certificate. Stores of one person are not among them:
	// nothing of a person's is changed with root's rights.
	stores map[trust.StoreID]settings
	// keys: private keys can be kept from other users there.
	keys bool
}

// siteOf is the site of a target system. programData is where Windows keeps what
// all users share, as the system says it; others have no use for it.
func siteOf(system, programData string) site {
	switch system {
	case "windows":
		return site{
			certs: []string{programData + `\docker\certs.d`, programData + `\containerd\certs.d`},
			names: windowsNames, sep: `\`, plain: plainWindows,
			stores: map[trust.StoreID]settings{trust.NewStoreID(trust.StoreWindows, `LocalMachine\Root`): noSettings},
		}
	case "darwin":
		// The engines of a Mac run in virtual machines and read the person's own
		// directory; what remains is the docker command line itself.
		return site{
			certs: []string{"/etc/docker/certs.d", "/etc/containers/certs.d"},
			names: unixNames, sep: "/", plain: plainUnix, keys: true,
			stores: map[trust.StoreID]settings{trust.NewStoreID(trust.StoreKeychain, keychain.Admin): keychain.Admissible},
		}
	}
	return site{certs: certsDirs, names: unixNames, sep: "/", plain: plainUnix, keys: true}
}

// settings judges what a store shall say of a certificate that it said was of.
type settings func(was, want string) bool

func noSettings(_, want string) bool { return want == "" }

// split parts a path at its last separator.
func (s site) split(p string) (dir, name string) {
	i := strings.LastIndex(p, s.sep)
	return p[:max(i, 0)], p[i+1:]
}

// unixNames are the names of a registry's directory: as written, and with
// underscores, the first that containerd's loader tries
// (containerd core/remotes/docker/config, hostDirectory).
func unixNames(r trust.Registry) []string {
	name := r.String()
	if r.Port() == "" {
		return []string{name}
	}
	return []string{name, strings.TrimSuffix(name, ":"+r.Port()) + "_" + r.Port() + "_"}
}

// windowsNames are those without the colons, which no file name may have there
// (moby daemon/pkg/registry/registry.go hostCertsDir; containerd
// core/remotes/docker/config/config_windows.go).
func windowsNames(r trust.Registry) []string {
	out := unixNames(r)
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], ":", "")
	}
	return out
}

func plainUnix(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p && !strings.ContainsRune(p, 0)
}

var (
	drive = regexp.MustCompile(`^[A-Z]:\\`)
	// device is what Windows takes for a device in any directory and whatever comes
	// after the first dot (learn.microsoft.com "Naming Files, Paths, and Namespaces").
	device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)`)
	// short is a name that Windows may have made from a longer one.
	short = regexp.MustCompile(`~[0-9]`)
)

// plainWindows reports whether p is a path of a local drive which means the file
// that it says: no other namespace (`\\?\`, `\\.\`, a share), no slash that some
// programs turn round, no stream of a file, no device, no short name, and nothing
// that Windows drops from the end of a name.
func plainWindows(p string) bool {
	if !drive.MatchString(p) || len(p) > 1024 {
		return false
	}
	return !slices.ContainsFunc(strings.Split(p[3:], `\`), func(name string) bool {
		return name == "" || strings.ContainsAny(name, `<>:"/|?*`) || !plain(name) ||
			strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || strings.HasPrefix(name, " ") ||
			device.MatchString(name) || short.MatchString(name)
	})
}

// with is s with further directories of registries below the home of root itself,
// who works without a helper.
func (s site) with(w world.World, dirs ...string) site {
	for i := range dirs {
		dirs[i] = w.Join(w.User.Home, dirs[i])
	}
	s.certs = append(dirs, s.certs...)
	return s
}
