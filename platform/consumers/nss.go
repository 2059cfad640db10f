package consumers

import (
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"strings"

	"mooring.dev/mooring/platform/nssdb"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// nss is Firefox, Chromium and their kin: programs that bring public roots of their
// own, and take further anchors from a database of NSS. Each database is a consumer.
//
// They are judged in Go's dialect. Their own (mozilla::pkix, Chromium's verifier)
// differs in what no private CA meets by accident: a certificate without SAN, SHA-1
// and RSA below 1024 bits all three refuse. The limit of 398 days and Certificate
// Transparency hold for public roots only
// (chromium net/docs/certificate_lifetimes.md, mozilla security.pki.certificate_transparency).
type nss struct{}

// Party implements Reader.
func (nss) Party() trust.Party { return trust.NSS }

// browsers are the programs by which the party is installed where it has no
// database yet.
var browsers = []string{"firefox", "firefox-esr", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "brave-browser"}

// Consumers implements Reader.
func (nss) Consumers(_ context.Context, w world.World) []trust.Consumer {
	var out []trust.Consumer
	for _, p := range nssdb.Find(w) {
		out = append(out, trust.Consumer{Party: trust.NSS, Instance: p.Dir, Operation: trust.OpConnect, Installed: true})
	}
	if len(out) == 0 {
		out = append(out, trust.Consumer{Party: trust.NSS, Instance: "nss", Operation: trust.OpConnect, Installed: installed(w, browsers...)})
	}
	return out
}

// Policy implements Reader.
func (nss) Policy(w world.World, c trust.Consumer, q Query) trust.Policy {
	r := begin(w, c, nil)
	r.own = true
	db := nssDatabase{dir: c.Instance}
	if isAbsolute(w, db.dir) {
		db = memo(w.FS, "nss "+db.dir, func() nssDatabase { return readNSS(w, c.Instance) })
		r.look(w.Join(db.dir, nssdb.File), db.why == "")
		r.unknown(db.why)
	}
	r.policy.Denied = db.distrusted
	r.policy.Anchors = q.Shift.of(trust.NewStoreID(trust.StoreNSS, db.dir)).on(db.anchors)
	store := q.System
	if w.OS == "windows" {
		store = store.session() // Firefox takes the person's roots over as well
	}
	switch roots, known := nssRoots(w, db.dir, store); {
	case known:
		r.policy.System = roots
	case r.policy.Unknown == "":
		r.unknown("which public roots are built into the program cannot be seen here")
	}
	return r.done()
}

// Place implements Reader: a database holds for every server.
func (nss) Place(world.World, trust.Consumer, trust.Registry) (Place, bool) {
	return Place{}, false
}

func isAbsolute(w world.World, path string) bool {
	return strings.HasPrefix(path, "/") || w.OS == "windows" && strings.Contains(path, `:\`)
}

// nssDatabase is what one database says.
type nssDatabase struct {
	dir        string
	anchors    []trust.Anchor
	distrusted []*x509.Certificate
	why        string // it cannot be read
}

func readNSS(w world.World, dir string) nssDatabase {
	db := nssDatabase{dir: dir}
	certs, err := nssdb.Read(w, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return db // it went since it was found
	}
	if err != nil {
		db.why = w.Join(dir, nssdb.File) + ": " + cause(err)
		return db
	}
	source := trust.StoreSource(trust.NewStoreID(trust.StoreNSS, dir))
	for _, c := range certs {
		switch {
		case c.Anchor():
			db.anchors = append(db.anchors, trust.Anchor{Cert: c.Cert, Source: source})
		case c.Distrusted():
			db.distrusted = append(db.distrusted, c.Cert)
		}
	}
	return db
}

// cause is an error without the operation and path around it.
func cause(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// nssRoots are the roots that a program has besides its database. On Windows and
// macOS Firefox takes over what the system's store holds (EnterpriseRoots.cpp, on by
// default since 120). On Linux it does so where the distribution has put p11-kit in
// the place of the list that comes with NSS; else there is that list alone, which
// is Mozilla's, as the distribution packages it.
func nssRoots(w world.World, dir string, store *SystemStore) (*trust.AnchorSet, bool) {
	switch {
	case store == nil:
		return nil, false
	case w.OS != "linux":
		return store.Anchors, store.Unknown == "" && !enterpriseRootsOff(w, dir)
	case !sandboxed(dir) && p11KitForNSS(w) && !strings.HasSuffix(dir, "nssdb"):
		return store.Anchors, store.Unknown == ""
	}
	public := memo(w.FS, "public roots", func() *trust.AnchorSet { return publicOf(w, store) })
	return public, public.Len() > 0
}

// sandboxed: a snap or flatpak brings its own NSS.
func sandboxed(dir string) bool {
	return strings.Contains(dir, "/snap/") || strings.Contains(dir, "/.var/app/")
}

// p11KitForNSS reports whether NSS reads the store of the operating system: Fedora's
// and openSUSE's alternatives and Arch's package make the library with the roots a
// link to p11-kit's.
func p11KitForNSS(w world.World) bool {
	for _, dir := range []string{"/usr/lib64", "/usr/lib", "/usr/lib/x86_64-linux-gnu/nss", "/usr/lib/aarch64-linux-gnu/nss"} {
		real, err := world.Resolve(w.FS, dir+"/libnssckbi.so")
		if err == nil && strings.Contains(base(w, real), "p11-kit") {
			return true
		}
	}
	return false
}

// enterpriseRootsOff reports whether a profile's settings keep Firefox from taking
// over the system's roots.
func enterpriseRootsOff(w world.World, dir string) bool {
	for _, name := range []string{"user.js", "prefs.js"} {
		data, _ := w.FS.ReadFile(w.Join(dir, name))
		for line := range strings.Lines(string(data)) {
			line = strings.ReplaceAll(line, " ", "")
			if strings.HasPrefix(line, `user_pref("security.enterprise_roots.enabled",false`) {
				return true
			}
		}
	}
	return false
}

// publicBundles are where distributions that use p11-kit keep Mozilla's list.
var publicBundles = []string{
	"/usr/share/pki/ca-trust-source/ca-bundle.trust.p11-kit",
	"/usr/share/ca-certificates/trust-source/mozilla.trust.p11-kit",
	"/usr/share/pki/trust/ca-certificates-mozilla.trust.p11-kit",
}

// publicOf are the roots of a store that a package of Mozilla's list brought.
func publicOf(w world.World, store *SystemStore) *trust.AnchorSet {
	packaged := map[trust.Fingerprint]bool{}
	take := func(path string) {
		data, err := w.FS.ReadFile(path)
		if err != nil {
			return
		}
		for der := range pemCertificates(data) {
			packaged[fingerprintOf(der)] = true
		}
	}
	entries, _ := w.FS.ReadDir(strings.TrimSuffix(publicRoots, "/"))
	for _, e := range entries[:min(len(entries), maxSourceFiles)] {
		take(publicRoots + e.Name())
	}
	for _, path := range publicBundles {
		take(path)
	}
	var out []trust.Anchor
	for _, a := range store.Anchors.All() {
		if packaged[a.Fingerprint()] {
			out = append(out, a)
		}
	}
	return trust.NewAnchorSet(out)
}
