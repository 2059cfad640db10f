// Package java changes the keystores in which Java runtimes keep the certificates
// they trust, each lib/security/cacerts that is no copy of the system's store.
//
// The file is edited here and not by keytool. keytool empties it before it writes it
// anew (sun/security/tools/keytool/Main.java), so that a crash leaves a runtime that
// trusts nobody; and root would have to run a program of a runtime that others may
// be able to change. So root runs nothing: it replaces a file, in one step, in a
// directory that only root can change.
package java

import (
	"context"
	"crypto/x509"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/javahome"
	"mooring.dev/mooring/platform/store"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Kind is the keystores as a [store.Kind].
type Kind struct{}

var _ store.Kind = Kind{}

// Name implements [store.Kind].
func (Kind) Name() string { return trust.StoreJava }

// Find implements [store.Kind].
func (Kind) Find(_ context.Context, w world.World) ([]store.Info, error) {
	var out []store.Info
	for _, h := range javahome.Find(w) {
		if w.OS == "windows" && !writable(w, h.Cacerts) {
			continue // the helper has none there: who else may write can hardly be told
		}
		info := store.Info{
			ID: trust.NewStoreID(trust.StoreJava, h.Cacerts), Party: trust.Java, Location: locationOf(w, h.Cacerts),
			Privileged: !writable(w, h.Cacerts), Derived: h.Derived,
			Want: func(*x509.Certificate, []trust.Registry) trust.Membership { return trust.Membership{Held: true} },
			Join: func(was, want trust.Membership) trust.Membership {
				if was.Held { // under another name it is trusted all the same
					return was
				}
				return want
			},
			// The roots of a JDK have names such as "isrgrootx1 [jdk]".
			Bundled: func(was trust.Membership) bool { return strings.Contains(was.Settings, "%5Bjdk%5D") },
			Asks:    []trust.ConsequenceCode{trust.JavaRunning},
		}
		out = append(out, info)
	}
	return out, nil
}

// locationOf is whose programs a runtime runs: one in the person's home is theirs.
func locationOf(w world.World, file string) trust.Location {
	if inside(w, file, w.User.Home) {
		return trust.LocationUser
	}
	return trust.LocationComputer
}

func inside(w world.World, file, dir string) bool {
	return dir != "" && strings.HasPrefix(file, w.Join(dir, "x")[:len(w.Join(dir, "x"))-1])
}

// writable reports whether the person may replace a file: it and its directory are
// theirs.
func writable(w world.World, file string) bool {
	if w.User.UID == 0 {
		return true
	}
	for _, p := range []string{file, parent(file)} {
		if i, err := w.FS.Stat(p); err != nil || i.UID != w.User.UID && i.UID != -1 || i.Mode.Perm()&0o200 == 0 {
			return false
		}
	}
	// Windows tells no owners; what lies in the person's own directory is theirs.
	return w.OS != "windows" || inside(w, file, w.User.Home)
}

func parent(file string) string { return file[:max(0, strings.LastIndexAny(file, `/\`))] }

// Open implements [store.Kind]. The name has the one shape that Find gives it, and
// no link on the way; for root, nobody else may have a say in what lies there.
func (Kind) Open(w world.World, name string) (store.Store, error) {
	refuse := func(why string) (store.Store, error) {
		return nil, change.Refuse(change.ErrOutsideAllowList, name, "%s", why)
	}
	if !shaped(w, name) {
		return refuse("it is no keystore of a Java runtime")
	}
	if w.OS != "windows" {
		if real, err := world.Resolve(w.FS, name); err != nil || real != name {
			return refuse("a link leads there")
		}
	}
	if w.Live() && w.OS != "windows" && w.User.UID == 0 {
		if err := world.OnlyRoot(w.FS, name); err != nil {
			return refuse(err.Error())
		}
	}
	return &keystore{w: w, file: name, derived: javahome.IsDerived(name)}, nil
}

// shaped: …/lib/security/cacerts, or one that is made from the system's store.
func shaped(w world.World, name string) bool {
	if javahome.IsDerived(name) {
		return true
	}
	slashed := name
	if w.OS == "windows" {
		drive, rest, ok := strings.Cut(name, `:\`)
		if !ok || len(drive) != 1 || strings.ContainsAny(rest, ":/") {
			return false
		}
		slashed = "/" + strings.ReplaceAll(rest, `\`, "/")
	}
	dir, base := path.Split(slashed)
	return path.IsAbs(slashed) && path.Clean(slashed) == slashed && !strings.ContainsRune(name, 0) &&
		slices.Contains([]string{"cacerts", "jssecacerts"}, base) && strings.HasSuffix(dir, "/lib/security/")
}

// target is the file for what writes it.
func (k *keystore) target() change.Target {
	name := k.file
	if k.w.Root != "" {
		name = filepath.FromSlash(world.InTree(name))
	}
	return change.Target{Root: k.w.Root, Path: name, NoLinks: true}
}
