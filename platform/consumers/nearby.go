package consumers

import (
	"errors"
	"io/fs"
	"net"
	"slices"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// shadowed notes directories that hold certificate files which winner lacks and
// are not read because winner is. containerd's _default is a fallback by intent,
// so it does not count.
func (r *reading) shadowed(winner string, hidden []string) {
	for _, d := range hidden {
		if base(r.w, d) != "_default" && d != winner && lacks(r.w, winner, d) {
			r.note(trust.ShadowedDirectory, d, winner)
		}
	}
}

// lacks reports whether a certificate file of other holds something that no file
// in dir does: the same CA or client certificate in both, as a plan for two tools
// leaves it, hides nothing.
func lacks(w world.World, dir, other string) bool {
	held := map[trust.Fingerprint]bool{}
	for _, name := range readFiles(w, dir) {
		for _, c := range readCA(w, w.Join(dir, name)).certs {
			held[trust.FingerprintOf(c)] = true
		}
	}
	entries, _ := w.FS.ReadDir(other)
	for _, e := range entries[:min(len(entries), maxHostFiles)] {
		if !regular(e) || !certName(e.Name()) {
			continue
		}
		certs := readCA(w, w.Join(other, e.Name())).certs
		if len(certs) == 0 || !isRead(e.Name()) {
			return true
		}
		for _, c := range certs {
			if !held[trust.FingerprintOf(c)] {
				return true
			}
		}
	}
	return false
}

// nearMisses notes directories whose name nearly is that of host and which hold
// certificates, when the consumer has found none of its own: another port, no
// port, another case, containerd's spelling, or a root that others read. read are
// the directories that were looked at; want is the one that would serve.
func (r *reading) nearMisses(host string, roots, read []string, want string) {
	if len(r.policy.Anchors) > 0 || r.policy.SkipVerify != "" {
		return
	}
	for _, root := range roots {
		for _, name := range hostNames(r.w, root)[foldedHost(host)] {
			d := r.w.Join(root, name)
			if !slices.Contains(read, d) && hasCerts(r.w, d) {
				r.note(trust.WrongDirectory, d, want)
			}
		}
	}
}

// hostNames indexes the host directories under root by their host's name in
// lower case.
func hostNames(w world.World, root string) map[string][]string {
	return memo(w.FS, "names "+root, func() map[string][]string {
		out := map[string][]string{}
		entries, _ := w.FS.ReadDir(root)
		for _, e := range entries {
			host := foldedHost(e.Name())
			out[host] = append(out[host], e.Name())
		}
		return out
	})
}

// foldedHost is the host of a directory's name, without the port in any
// spelling, in lower case.
func foldedHost(name string) string {
	if s, ok := strings.CutSuffix(name, "_"); ok {
		if i := strings.LastIndexByte(s, '_'); i > 0 && digits(s[i+1:]) {
			name = s[:i]
		}
	}
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	return strings.ToLower(strings.Trim(name, "[]"))
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// hasCerts reports whether dir holds a file that looks like a certificate's.
func hasCerts(w world.World, dir string) bool {
	entries, err := w.FS.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if regular(e) && certName(e.Name()) {
			return true
		}
	}
	return false
}

// certName reports whether a name has one of the extensions that people give to
// certificates.
func certName(name string) bool {
	switch strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]) {
	case "crt", "cert", "pem", "cer", "der", "ca":
		return true
	}
	return false
}

// crtFiles lists the CA files that a loader reads in dir.
func crtFiles(w world.World, dir string) []string {
	return slices.DeleteFunc(readFiles(w, dir), func(name string) bool { return !strings.HasSuffix(name, ".crt") })
}

// readFiles lists the files with certificates, CAs' and clients', that a loader
// reads in dir.
func readFiles(w world.World, dir string) []string {
	entries, _ := w.FS.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if regular(e) && isRead(e.Name()) {
			out = append(out, e.Name())
		}
	}
	return out
}

func isRead(name string) bool {
	return strings.HasSuffix(name, ".crt") || strings.HasSuffix(name, ".cert")
}

// placeIn describes dir for a planner.
func placeIn(w world.World, dir string) Place {
	p := Place{Dir: dir, Exists: world.IsDir(w.FS, dir), UserWritable: ownedByUser(w, dir)}
	if p.Exists {
		p.Files = crtFiles(w, dir)
	}
	return p
}

// hostsPlace is the directory in which the containerd loader reads flat files
// for host: the one that wins now, else the literal name under the first root.
func hostsPlace(w world.World, l hostsLoader, host string) (Place, bool) {
	var p trust.Policy
	r := reading{w: w, policy: &p}
	dir, ok := r.find(l, host)
	if !ok || len(l.roots) == 0 {
		return Place{}, false
	}
	if dir == "" || base(w, dir) == "_default" {
		return newPlace(w, l.roots[0], host)
	}
	place := placeIn(w, dir)
	file := w.Join(dir, hostsTOML)
	if winsOverFiles(w, l, dir, file) {
		place.HostsTOML = file
	}
	return place, true
}

// winsOverFiles reports whether the hosts.toml in dir keeps containerd from
// reading the flat files there. One that Mooring cannot read counts, too.
func winsOverFiles(w world.World, l hostsLoader, dir, file string) bool {
	data, err := w.FS.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false
	case err != nil:
		return true
	case len(data) == 0:
		return false
	}
	_, err = parseHostsTOML(w, dir, data, l.needsHost)
	return err == nil || errors.Is(err, world.ErrTooLarge)
}
