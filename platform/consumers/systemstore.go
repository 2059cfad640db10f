package consumers

import (
	"bytes"
	"crypto/x509"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/platform/store/winstore"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// Where Go looks for the roots of the system on Linux: the first file that can
// be read, and every file in both directories (Go crypto/x509 root_linux.go).
var (
	goRootFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	}
	goRootDirs = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
)

// The bounds of a store: SSL_CERT_DIR may name any directory.
const (
	maxRootFiles = 20000    // of one directory
	maxRootBytes = 64 << 20 // of all files together
)

// ReadSystem reads the OS store of w as it is on disk now. It parses each
// certificate once; still it costs some milliseconds, so read it once a check.
// On systems whose store is no file the running system is asked; of a tree of such
// a system Unknown says that nothing is known.
func ReadSystem(w world.World) *SystemStore {
	switch {
	case w.OS == "darwin" && w.Live():
		return readKeychains(w)
	case w.OS == "windows":
		return readWindows(w, winstore.Read)
	case w.OS != "linux":
		return &SystemStore{Unknown: "the trust store of this system is not kept in files"}
	}
	s := readStore(w, goRootFiles, goRootDirs)
	files, dirs := sessionRoots(w)
	if file := firstReadable(w, files); file != firstReadable(w, goRootFiles) || !slices.Equal(existing(w, dirs), existing(w, goRootDirs)) {
		s.Session = readStore(w, files, dirs)
	}
	return s
}

// sessionRoots is where Go and OpenSSL programs of this session look, as
// SSL_CERT_FILE and SSL_CERT_DIR say. A daemon has an environment of its own.
func sessionRoots(w world.World) (files, dirs []string) {
	files, dirs = goRootFiles, goRootDirs
	if f := w.Getenv("SSL_CERT_FILE"); f != "" {
		files = []string{f}
	}
	if d := w.Getenv("SSL_CERT_DIR"); d != "" {
		dirs = strings.Split(d, ":")
	}
	return files, dirs
}

func firstReadable(w world.World, files []string) string {
	for _, f := range files {
		if i, err := w.FS.Stat(f); err == nil && i.Mode.IsRegular() {
			return f
		}
	}
	return ""
}

func existing(w world.World, dirs []string) []string {
	var out []string
	for _, d := range dirs {
		if world.IsDir(w.FS, d) {
			out = append(out, strings.TrimRight(d, "/"))
		}
	}
	return out
}

// With returns the store as it would be with some anchors more and some less.
func (s *SystemStore) With(shift Shift) *SystemStore {
	if s == nil {
		s = &SystemStore{}
	}
	if len(shift.Added)+len(shift.Gone) == 0 {
		return s
	}
	if s.layered {
		return s.withLayers(shift)
	}
	shifted := func(set *trust.AnchorSet) *trust.AnchorSet { return trust.NewAnchorSet(shift.on(set.All())) }
	out := *s
	out.Anchors, out.OpenSSL = shifted(s.Anchors), shifted(s.OpenSSL)
	return &out
}

// ownRoots is the store as the process pid sees it, whose environment may name
// other files than the system's; store where it does not, or cannot be read.
func ownRoots(w world.World, pid int, store *SystemStore) *SystemStore {
	if pid == 0 || !w.Live() {
		return store
	}
	data, err := w.FS.ReadFile("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil || !bytes.Contains(data, []byte("SSL_CERT_")) {
		return store
	}
	set := map[string]string{}
	for _, e := range strings.Split(string(data), "\x00") {
		name, value, _ := strings.Cut(e, "=")
		set[name] = value
	}
	w.Env = func(name string) string { return set[name] }
	return memo(w.FS, "roots of process "+strconv.Itoa(pid), func() *SystemStore {
		files, dirs := sessionRoots(w)
		return readStore(w, files, dirs)
	})
}

// session is the store as programs of this session see it.
func (s *SystemStore) session() *SystemStore {
	if s != nil && s.Session != nil {
		return s.Session
	}
	return s
}

// hashName is the name by which OpenSSL finds a certificate in a directory.
var hashName = regexp.MustCompile(`^[0-9a-f]{8}\.[0-9]+$`)

// readStore reads the first file and all directories.
func readStore(w world.World, files, dirs []string) *SystemStore {
	r := storeReader{w: w, seen: map[trust.Fingerprint]int{}}
	r.bundle(files)
	for _, d := range dirs {
		r.dir(d)
	}
	r.history()
	return r.store()
}

// found is one certificate of the store with all evidence of it.
type found struct {
	anchor trust.Anchor
	// dated: a file of its own in a directory tells since when it is there. The
	// bundle does not: it is made anew at each change of any certificate.
	dated bool
	// openssl: it is in the bundle, or has a name by which OpenSSL finds it.
	openssl bool
	broken  bool // not a certificate after all
}

// storeReader collects the certificates of a store, each parsed once.
type storeReader struct {
	w      world.World
	all    []found
	seen   map[trust.Fingerprint]int
	looked []trust.Look
	hashed map[string]bool // files of the directory being read that have a hash link
	dirAt  string          // where the directory being read leads to, if it is a link
	bytes  int             // read so far

	bundleAt string
	rebuilt  time.Time // when the bundle was last made
	relinked time.Time // when the newest link to a public root was made
}

// bundle reads the first of files that can be read.
func (r *storeReader) bundle(files []string) {
	for _, path := range files {
		data, err := r.w.FS.ReadFile(path)
		r.looked = append(r.looked, trust.Look{Path: path, Found: err == nil})
		if err != nil {
			continue
		}
		r.bundleAt = path
		if i, err := r.w.FS.Stat(path); err == nil {
			r.rebuilt = i.Changed
		}
		for der := range pemCertificates(data) {
			if f := r.add(der, path); f != nil {
				f.openssl = true
			}
		}
		return
	}
}

// dir reads every file of a directory but links within it, as Go does. Public
// roots come first: their links say when all links were last made.
func (r *storeReader) dir(dir string) {
	entries, err := r.w.FS.ReadDir(dir)
	r.looked = append(r.looked, trust.Look{Path: dir, Found: err == nil})
	entries = entries[:min(len(entries), maxRootFiles)]
	r.hashed, r.dirAt = map[string]bool{}, ""
	if to, err := r.w.FS.Readlink(dir); err == nil {
		r.dirAt = absFrom(path.Dir(dir), to)
	}
	var public, others []storeFile
	for _, e := range entries {
		f := storeFile{path: r.w.Join(dir, e.Name()), name: e.Name()}
		if e.Type()&fs.ModeSymlink != 0 {
			f.target, _ = r.w.FS.Readlink(f.path)
		}
		switch {
		case e.IsDir(), f.path == r.bundleAt: // read already
		case f.target != "" && !strings.Contains(f.target, "/"):
			if hashName.MatchString(e.Name()) {
				r.hashed[f.target] = true
			}
		case f.public():
			public = append(public, f)
		default:
			others = append(others, f)
		}
	}
	for _, f := range append(public, others...) {
		r.file(f)
	}
}

// storeFile is an entry of a directory of the store.
type storeFile struct {
	path, name string
	target     string // of a link
}

// file reads one file of a directory.
func (r *storeReader) file(f storeFile) {
	if r.bytes > maxRootBytes {
		return
	}
	data, err := r.w.FS.ReadFile(f.path)
	if err != nil {
		return
	}
	r.bytes += len(data)
	openssl := r.hashed[f.name] || hashName.MatchString(f.name)
	var ev evidence
	for der := range pemCertificates(data) {
		c := r.add(der, f.path)
		if c == nil {
			continue
		}
		c.openssl = c.openssl || openssl
		if ev.path == "" {
			ev = r.evidence(f)
		}
		c.take(ev)
	}
}

// add takes a certificate over unless it is known; nil if it is none.
func (r *storeReader) add(der []byte, path string) *found {
	fp := fingerprintOf(der)
	if i, known := r.seen[fp]; known {
		if r.all[i].broken {
			return nil
		}
		return &r.all[i]
	}
	r.seen[fp] = len(r.all)
	c, err := x509.ParseCertificate(der)
	r.all = append(r.all, found{anchor: trust.Anchor{Cert: c, Source: trust.FileSource(path)}, broken: err != nil})
	if err != nil {
		return nil
	}
	return &r.all[len(r.all)-1]
}

// store is what was collected.
func (r *storeReader) store() *SystemStore {
	var all, openssl []trust.Anchor
	for _, f := range r.all {
		if f.broken {
			continue
		}
		all = append(all, f.anchor)
		if f.openssl {
			openssl = append(openssl, f.anchor)
		}
	}
	s := &SystemStore{Looked: r.looked}
	if r.bytes > maxRootBytes {
		s.Unknown = "the directories of the trust store hold more than Mooring reads"
	}
	s.Anchors = trust.NewAnchorSet(all)
	s.OpenSSL = s.Anchors
	if len(openssl) != len(all) {
		s.OpenSSL = trust.NewAnchorSet(openssl)
	}
	return s
}
