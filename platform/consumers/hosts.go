package consumers

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"strings"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

// hostsLoader is containerd's way from a registry's name to the servers asked and
// their TLS files, as dockerd's containerd store, BuildKit in dockerd, CRI, ctr and
// nerdctl use it (containerd core/remotes/docker/config).
type hostsLoader struct {
	roots []string // directories of host directories, the first with a hit wins
	// nerdctl adds the port 443 to names without one, then also tries the bare
	// name, ignores roots that are not directories, and speaks plain HTTP to
	// localhost (pkg/imgutil/dockerconfigresolver).
	nerdctl bool
	// insecure is the nerdctl.toml that says insecure_registry, "" for none: no
	// server is verified but those whose entry demands it, and what nothing is
	// configured for is spoken plain HTTP to if it knows nothing else.
	insecure string
	// needsHost: a hosts.toml without any [host] is invalid, as before containerd 2.
	needsHost bool
	// plainHTTP: with the scheme http TLS is never tried, and localhost has that
	// scheme whatever its port, as before containerd 1.6.25 and 1.7.7.
	plainHTTP bool
	// oldSuites: built with a Go that still offers RSA key exchange.
	oldSuites bool
}

// hostCandidates lists the directories under root in which containerd looks for
// host, in order. The name is split at its last colon, so a bare IPv6 address
// comes out as odd as "[:_1]_".
func hostCandidates(w world.World, root, host string) []string {
	var names []string
	if i := strings.LastIndexByte(host, ':'); i > 0 {
		names = append(names, host[:i]+"_"+host[i+1:]+"_")
	}
	names = append(names, host, "_default")
	out := make([]string, len(names))
	for i, n := range names {
		if w.OS == "windows" {
			n = strings.ReplaceAll(n, ":", "")
		}
		out[i] = w.Join(root, n)
	}
	return out
}

// candidates lists the directories for host over all roots, in order.
func (l hostsLoader) candidates(w world.World, host string) []string {
	var out []string
	for _, root := range l.roots {
		if !l.nerdctl {
			out = append(out, hostCandidates(w, root, host)...)
			continue
		}
		if !world.IsDir(w.FS, root) {
			continue
		}
		bare, withPort := standardPort(host)
		out = append(out, hostCandidates(w, root, withPort)...)
		if bare != "" {
			out = append(out, hostCandidates(w, root, bare)...)
		}
	}
	return out
}

// standardPort returns host with a port, 443 if none was written, and without it
// if it is 443.
func standardPort(host string) (bare, withPort string) {
	_, port, err := net.SplitHostPort(host)
	switch {
	case err != nil:
		return host, host + ":443"
	case port == "443":
		return strings.TrimSuffix(host, ":443"), host
	default:
		return "", host
	}
}

// find returns the directory that wins, "" if there is none. ok is false when
// looking failed, which stops containerd.
func (r *reading) find(l hostsLoader, host string) (dir string, ok bool) {
	all := l.candidates(r.w, host)
	for i, d := range all {
		_, err := r.w.FS.Stat(d)
		switch {
		case err == nil:
			r.look(d, true)
			r.shadowed(d, all[i+1:])
			return d, true
		case errors.Is(err, fs.ErrNotExist):
			r.look(d, false)
		default:
			f := faultOf(r.w, d, err)
			r.lookOdd(d, f.code)
			if !r.denied(d, err) {
				r.fail(f.code, d, "stat"+strings.TrimPrefix(f.text, "open"))
			}
			return "", false
		}
	}
	return "", true
}

// entries returns the servers that containerd asks for host, the host's own last.
func (r *reading) entries(l hostsLoader, host string) (entries []hostEntry, ok bool) {
	dir, ok := r.find(l, host)
	if !ok {
		return nil, false
	}
	if dir != "" {
		if entries, ok = r.hostDir(l, dir); !ok {
			return nil, false
		}
	} else {
		entries = []hostEntry{{pull: true}}
	}
	if last := &entries[len(entries)-1]; last.host == "" {
		last.complete(host, l)
	}
	if l.insecure != "" && !isLocalhost(host) { // which is spoken plain HTTP to anyway
		for i := range entries {
			entries[i].trustAnybody(l.insecure)
		}
	}
	return entries, true
}

// trustAnybody applies nerdctl's insecure_registry (nerdctl
// pkg/imgutil/dockerconfigresolver NewHostOptions, DefaultTLS).
func (h *hostEntry) trustAnybody(file string) {
	if h.skip == nil {
		skip := true
		h.skip, h.skipBy = &skip, file
	}
}

// complete fills in the server of a registry for which no other is configured.
// For localhost containerd does not verify, and tries plain HTTP unless the port
// says HTTPS; nerdctl and older releases go straight to plain HTTP.
func (h *hostEntry) complete(host string, l hostsLoader) {
	h.scheme, h.host, h.pull, h.own = "https", host, true, true
	switch {
	case host == "docker.io":
		h.host = "registry-1.docker.io"
	case !isLocalhost(host):
	case l.nerdctl, l.plainHTTP:
		h.scheme, h.origin = "http", ruleLocalhost
	default:
		_, port, _ := net.SplitHostPort(host)
		if port != "" && port != "443" {
			h.scheme = "http"
		}
		h.origin = ruleLocalhost
		if port != "80" {
			skip := true
			h.skip = &skip
		}
	}
}

func isLocalhost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// hostDir reads one host directory: hosts.toml where it says anything, else the
// flat files. ok is false when containerd stops there.
func (r *reading) hostDir(l hostsLoader, dir string) (entries []hostEntry, ok bool) {
	file := r.w.Join(dir, hostsTOML)
	data, err := r.w.FS.ReadFile(file)
	switch {
	case err == nil:
		r.look(file, true)
	case errors.Is(err, fs.ErrNotExist):
		r.look(file, false)
	default:
		f := faultOf(r.w, file, err)
		r.lookOdd(file, f.code)
		if !r.denied(file, err) {
			r.note(f.code, file, f.text)
			r.fail(f.code, file, f.text)
		}
		return nil, false
	}
	if len(data) > 0 {
		entries, err := parseHostsTOML(r.w, dir, data, l.needsHost)
		if err == nil {
			r.beside(dir, file, entries)
			for i := range entries {
				entries[i].origin = file
			}
			return entries, true
		}
		if errors.Is(err, world.ErrTooLarge) {
			r.unknown(file + " is larger than Mooring reads")
			return nil, false
		}
		r.note(trust.HostsTOMLInvalid, file, err.Error())
	}
	return r.flatEntry(dir)
}

// flatEntry makes an entry of the flat files in dir. Unlike dockerd's own reader
// this one minds no key without a certificate.
func (r *reading) flatEntry(dir string) ([]hostEntry, bool) {
	e := hostEntry{pull: true}
	list, err := r.list(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f := faultOf(r.w, dir, err)
		if !r.denied(dir, err) {
			r.note(f.code, dir, f.text)
			r.fail(f.code, dir, f.text)
		}
		return nil, false
	}
	for _, f := range list {
		full := r.w.Join(dir, f.Name())
		switch {
		case f.IsDir():
		case strings.HasSuffix(f.Name(), ".crt"):
			e.cas = append(e.cas, full)
		case strings.HasSuffix(f.Name(), ".cert"):
			key := strings.TrimSuffix(full, ".cert") + ".key"
			if !world.Exists(r.w.FS, key) {
				key = ""
			}
			e.pairs = append(e.pairs, [2]string{full, key})
		case strings.HasSuffix(f.Name(), ".key"):
			if !world.Exists(r.w.FS, strings.TrimSuffix(full, ".key")+".cert") {
				r.note(trust.KeyWithoutCert, full, "")
			}
		default:
			r.stray(dir, f)
		}
	}
	return []hostEntry{e}, true
}

// beside notes flat files that a hosts.toml keeps from being read.
func (r *reading) beside(dir, file string, entries []hostEntry) {
	used := named(entries)
	list, _ := r.list(dir)
	var unread []string
	for _, f := range list {
		name := f.Name()
		flat := strings.HasSuffix(name, ".crt") || strings.HasSuffix(name, ".cert")
		if flat && regular(f) && !used[r.w.Join(dir, name)] {
			unread = append(unread, name)
		}
	}
	if len(unread) > 0 {
		r.note(trust.HostsTOMLWins, file, strings.Join(unread, ", "))
	}
}
