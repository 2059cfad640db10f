package discover

import (
	"bytes"
	"crypto/x509"
	"io/fs"
	"path"
	"slices"

	"mooring.dev/mooring/platform/anchors"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// CAFile is a file in which CA certificates lie, in a directory of a registry or
// where administrators put anchors for the whole computer, whoever put it there.
type CAFile struct {
	Path, Dir, Name string // Name is the last element of Path
	// Registry is whose directory it is; zero for a directory of anchors, and for one
	// that stands for no single registry, such as containerd's _default.
	Registry trust.Registry
	Store    bool // it is in a directory of anchors for the whole computer
	Info     world.Info
	// Real is the path without links: of a link, that of the file it leads to.
	Real  string
	Certs []*x509.Certificate
	// Only: it holds these certificates and nothing else.
	Only bool
	Keys int // private keys in it
	// Named is the hosts.toml of its directory, if that names it: containerd refuses
	// the registry when it is gone.
	Named string
}

// Link reports whether a link lies at the path, rather than the file.
func (f CAFile) Link() bool { return f.Info.Mode&fs.ModeSymlink != 0 }

// Needs reports whether what f holds would go with g: f is g, or a link to it.
func (f CAFile) Needs(g CAFile) bool { return f.Real == g.Real }

// Holds reports whether the certificate with this fingerprint is in the file.
func (f CAFile) Holds(fp trust.Fingerprint) bool {
	return slices.ContainsFunc(f.Certs, func(c *x509.Certificate) bool { return trust.FingerprintOf(c) == fp })
}

// caExtensions are the extensions of files in which CA certificates lie.
var caExtensions = []string{".crt", ".pem", ".cer"}

// CAFiles lists the CA files in the directories of registries, for all registries
// or only those that wanted takes; nil takes all, and then also directories that
// stand for no single one. Client certificates are none of them. What cannot be
// read is passed over: whoever reads it has a finding for that.
func CAFiles(w world.World, wanted func(trust.Registry) bool) []CAFile {
	s := caScan{w: w}
	for _, d := range AllDirs(w) {
		if wanted == nil || !d.Registry.IsZero() && wanted(d.Registry) {
			s.directory(CAFile{Dir: d.Dir, Registry: d.Registry})
		}
	}
	return s.found
}

// CAFilesIn is CAFiles for one directory.
func CAFilesIn(w world.World, dir string, reg trust.Registry) []CAFile {
	s := caScan{w: w}
	s.directory(CAFile{Dir: dir, Registry: reg})
	return s.found
}

// RegistryDir is a directory of a registry.
type RegistryDir struct {
	Dir      string
	Registry trust.Registry // zero where it stands for no single one
}

// AllDirs lists the directories of all registries below those that any engine reads.
func AllDirs(w world.World) []RegistryDir {
	s := caScan{w: w}
	var out []RegistryDir
	for _, root := range certsDRoots(w) {
		for _, e := range s.list(root) {
			reg, _ := registryOfDir(w, e.Name())
			out = append(out, RegistryDir{w.Join(root, e.Name()), reg})
		}
	}
	return out
}

// StoreFiles lists the files in the directories where administrators put anchors,
// of whatever family, and one level below: Debian's script descends.
func StoreFiles(w world.World) []CAFile {
	s := caScan{w: w}
	if w.OS != "linux" {
		return nil
	}
	for _, dir := range anchors.Dirs() {
		s.directory(CAFile{Dir: dir, Store: true})
		for _, e := range s.list(dir) {
			if e.IsDir() {
				s.directory(CAFile{Dir: w.Join(dir, e.Name()), Store: true})
			}
		}
	}
	return s.found
}

func registryOfDir(w world.World, name string) (trust.Registry, bool) {
	host, ok := decode(name, w.OS == "windows")
	if !ok {
		return trust.Registry{}, false
	}
	return RegistryOf(host)
}

// caScan collects CA files; it is bounded as [Held] is.
type caScan struct {
	w     world.World
	files int
	found []CAFile
}

func (s *caScan) list(dir string) []fs.DirEntry {
	entries, err := s.w.FS.ReadDir(dir)
	if err != nil {
		return nil
	}
	return entries[:min(len(entries), maxEntries)]
}

// directory reads the files of in.Dir.
func (s *caScan) directory(in CAFile) {
	entries := s.list(in.Dir)
	var hosts []byte
	for _, e := range entries {
		if e.Name() == "hosts.toml" && !in.Store {
			hosts, _ = s.w.FS.ReadFile(s.w.Join(in.Dir, e.Name()))
		}
	}
	for _, e := range entries {
		if e.IsDir() || !slices.Contains(caExtensions, path.Ext(e.Name())) {
			continue
		}
		if s.files++; s.files > maxHeld {
			return
		}
		f := in
		f.Path, f.Name = s.w.Join(in.Dir, e.Name()), e.Name()
		if bytes.Contains(hosts, []byte(e.Name())) {
			f.Named = s.w.Join(in.Dir, "hosts.toml")
		}
		s.file(f)
	}
}

func (s *caScan) file(f CAFile) {
	data, err := s.w.FS.ReadFile(f.Path)
	if err != nil {
		return
	}
	if f.Info, err = s.w.FS.Lstat(f.Path); err != nil {
		return
	}
	f.Real = f.Path
	if s.w.OS != "windows" {
		if real, err := world.Resolve(s.w.FS, f.Path); err == nil {
			f.Real = real
		}
	}
	if f.Certs, f.Only = certfile.Only(data); !f.Only {
		got := certfile.Examine(data)
		f.Certs, f.Keys = got.Certs, got.Keys
	}
	if len(f.Certs) > 0 || f.Keys > 0 {
		s.found = append(s.found, f)
	}
}
