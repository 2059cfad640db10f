package consumers

import (
	"crypto/sha256"
	"encoding/pem"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Where bundles are made from: by the administrator, and by packages.
var (
	adminSources = []string{
		"/usr/local/share/ca-certificates",
		"/etc/pki/ca-trust/source/anchors", "/etc/pki/ca-trust/source",
		"/etc/ca-certificates/trust-source/anchors", "/etc/ca-certificates/trust-source",
		"/etc/pki/trust/anchors", "/etc/pki/trust",
	}
	vendorSources = []string{
		"/usr/share/pki/ca-trust-source", "/usr/share/pki/ca-trust-source/anchors",
		"/usr/share/ca-certificates/trust-source", "/usr/share/ca-certificates/trust-source/anchors",
		"/usr/share/pki/trust", "/usr/share/pki/trust/anchors",
		"/usr/share/ca-certificates/mozilla",
	}
)

const (
	// settled is how long an administrator's file must have been there before the
	// bundle for the bundle not to be the first that holds it. A copy and the
	// command that belongs to it are minutes apart, or an afternoon when the second
	// was forgotten, with a restart of the daemon in between that saw nothing.
	settled        = 24 * time.Hour
	maxSourceFiles = 2000
)

// The directories in which everything is made anew by the command that rebuilds
// the store: the age of a file there says nothing.
var derivedDirs = []string{
	"/etc/pki/ca-trust/extracted/", "/etc/ca-certificates/extracted/", "/var/lib/ca-certificates/",
}

// publicRoots is where Debian's and Alpine's packages keep the roots of Mozilla.
const publicRoots = "/usr/share/ca-certificates/mozilla/"

func (f storeFile) public() bool { return strings.HasPrefix(f.target, publicRoots) }

// evidence is what a file of a certificate's own says of since when it is there.
type evidence struct {
	path  string
	since time.Time // zero: long
	none  bool      // it says nothing
}

// take adds evidence: the earliest counts.
func (f *found) take(e evidence) {
	if e.none {
		return
	}
	if !f.dated || e.since.Before(f.anchor.Since) {
		f.anchor.Since = e.since
	}
	if !f.dated {
		f.anchor.Source = trust.FileSource(e.path)
	}
	f.dated = true
}

// evidence looks at when an entry of a directory came to hold what it holds.
//
// A public root is there as long as its package: upgrades write its file, and
// "update-ca-certificates --fresh" its link, anew. The link to an administrator's
// file tells exactly, unless it was made anew together with all others; then the
// file's own age counts, if it is great enough.
func (r *storeReader) evidence(f storeFile) evidence {
	e := evidence{path: f.path}
	entry, err := r.w.FS.Lstat(f.path)
	if err != nil {
		return evidence{none: true}
	}
	if f.public() {
		r.relinked = later(r.relinked, entry.Changed)
		return e
	}
	e.since, e.none = entry.Changed, r.derived(f)
	if f.target == "" || e.none {
		return e
	}
	file, err := r.w.FS.Stat(f.path)
	switch {
	case err != nil:
	case file.Changed.After(entry.Changed): // replaced under the same name
		e.since = file.Changed
	case r.relinked.Sub(entry.Changed).Abs() < time.Minute && entry.Changed.Sub(file.Changed) > settled:
		e.since = file.Changed
	}
	return e
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// derived reports whether a file is the bundle or made together with it. Links
// are followed by one step for the directory and one for the file, which is how
// the families lay them.
func (r *storeReader) derived(f storeFile) bool {
	at := f.path
	if r.dirAt != "" {
		at = path.Join(r.dirAt, f.name)
	}
	if f.target != "" {
		at = absFrom(path.Dir(at), f.target)
	}
	if slices.ContainsFunc(derivedDirs, func(d string) bool { return strings.HasPrefix(at, d) }) {
		return true
	}
	i, err := r.w.FS.Stat(f.path)
	return err == nil && i.Changed.Equal(r.rebuilt)
}

func absFrom(dir, target string) string {
	if path.IsAbs(target) {
		return path.Clean(target)
	}
	return path.Join(dir, target)
}

// history says since when a certificate that is in the bundle only has been
// there. The bundle is made anew each time, so its own age says nothing of one
// that a package brought; of one without any source it is all there is to say.
func (r *storeReader) history() {
	undated := false
	for _, f := range r.all {
		undated = undated || !f.dated && !f.broken
	}
	if !undated {
		return
	}
	admin, vendor := sources(r.w, adminSources), sources(r.w, vendorSources)
	for i := range r.all {
		f := &r.all[i]
		if f.dated || f.broken {
			continue
		}
		f.anchor.Since = r.rebuilt
		fp := f.anchor.Fingerprint()
		if at, ok := admin[fp]; ok {
			if r.rebuilt.Sub(at) > settled {
				f.anchor.Since = at
			}
		} else if _, ok := vendor[fp]; ok {
			f.anchor.Since = time.Time{}
		}
	}
}

// sources finds the certificates in dirs, with the change time of their files.
func sources(w world.World, dirs []string) map[trust.Fingerprint]time.Time {
	out := map[trust.Fingerprint]time.Time{}
	for _, dir := range dirs {
		entries, _ := w.FS.ReadDir(dir)
		for _, e := range entries[:min(len(entries), maxSourceFiles)] {
			if regular(e) {
				addSource(w, w.Join(dir, e.Name()), out)
			}
		}
	}
	return out
}

func addSource(w world.World, path string, out map[trust.Fingerprint]time.Time) {
	data, err := w.FS.ReadFile(path)
	if err != nil {
		return
	}
	at := changed(w, path)
	note := func(der []byte) {
		fp := fingerprintOf(der)
		if old, ok := out[fp]; !ok || at.Before(old) {
			out[fp] = at
		}
	}
	none := true
	for der := range pemCertificates(data) {
		none = false
		note(der)
	}
	if none && len(data) > 0 && data[0] == 0x30 {
		note(data)
	}
}

// changed is when a path came to hold what it holds, be it a link or a file.
func changed(w world.World, path string) time.Time {
	file, err := w.FS.Stat(path)
	if err != nil {
		return time.Time{}
	}
	if link, err := w.FS.Lstat(path); err == nil && link.Mode&fs.ModeSymlink != 0 && link.Changed.After(file.Changed) {
		return link.Changed
	}
	return file.Changed
}

// pemCertificates yields the blocks that AppendCertsFromPEM takes.
func pemCertificates(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for {
			var b *pem.Block
			if b, data = pem.Decode(data); b == nil {
				return
			}
			if b.Type == "CERTIFICATE" && len(b.Headers) == 0 && !yield(b.Bytes) {
				return
			}
		}
	}
}

func fingerprintOf(der []byte) trust.Fingerprint { return sha256.Sum256(der) }
