package consumers

import (
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"mooring.dev/mooring/platform/configfile"
	"mooring.dev/mooring/trust"
)

// The rules of dockerd that are not in a file.
const (
	ruleLoopback = "loopback"            // built in: 127.0.0.0/8 and ::1
	ruleFlag     = "--insecure-registry" // on the daemon's command line
)

var loopbackNets = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// insecureList is what a Docker daemon does not verify (moby
// daemon/pkg/registry/config.go).
type insecureList struct {
	names map[string]string // host[:port], compared exactly -> origin
	nets  []trust.InsecureNet
	// set: entries or mirrors were configured; only then does the containerd store
	// heed the list at all (daemon/hosts.go RegistryHosts).
	set bool
}

// readDaemonJSON reads a daemon.json; ok is false when there is none or dockerd
// would refuse it.
func (r *reading) readDaemonJSON(path string) (configfile.Daemon, bool) {
	type answer struct {
		conf configfile.Daemon
		err  error
	}
	a := memo(r.w.FS, "daemon.json "+path, func() answer {
		data, err := r.w.FS.ReadFile(path)
		if err != nil {
			return answer{err: err}
		}
		conf, err := configfile.ReadDaemonJSON(data)
		return answer{conf, err}
	})
	switch {
	case a.err == nil:
		r.look(path, true)
		return a.conf, true
	case errors.Is(a.err, fs.ErrNotExist):
		r.look(path, false)
	default:
		r.lookOdd(path, trust.Unreadable)
		r.note(trust.Unreadable, path, a.err.Error())
	}
	return configfile.Daemon{}, false
}

// insecure returns what daemon d does not verify: its own word if it answered,
// else its configuration file and the rules that are built in.
func (r *reading) insecure(d daemon) insecureList {
	var conf configfile.Daemon
	if d.config != "" {
		conf, _ = r.readDaemonJSON(d.config)
	}
	l := insecureList{names: map[string]string{}}
	entries := d.Insecure
	if !d.Answered {
		entries = conf.Insecure
		if !conf.InsecureSet || !versionAtLeast(d.Version, 29, 10) {
			entries = append(slices.Clone(entries), loopbackNets[0].String(), loopbackNets[1].String())
		}
	}
	for _, e := range entries {
		l.add(e, d.origin(e, conf))
	}
	l.set = l.set || len(d.Mirrors) > 0 || len(conf.Insecure) > 0 || len(conf.Mirrors) > 0
	return l
}

// origin is where an entry of the list comes from.
func (d daemon) origin(entry string, conf configfile.Daemon) string {
	for _, e := range conf.Insecure {
		if stripScheme(e) == stripScheme(entry) || samePrefix(e, entry) {
			return d.config
		}
	}
	if p, ok := parsePrefix(entry); ok && slices.Contains(loopbackNets, p) {
		return ruleLoopback
	}
	if d.elsewhere() {
		return d.Host // how it was set up cannot be seen from here
	}
	return ruleFlag
}

func samePrefix(a, b string) bool {
	p, ok := parsePrefix(a)
	q, ok2 := parsePrefix(b)
	return ok && ok2 && p == q
}

// parsePrefix reads a range as Go's net.ParseCIDR, which dockerd uses: one of IPv4
// addresses written as IPv6 is one of IPv4 addresses.
func parsePrefix(s string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	if err == nil && p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), err == nil
}

func stripScheme(s string) string {
	for _, scheme := range []string{"http://", "https://"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return s[len(scheme):]
		}
	}
	return s
}

func (l *insecureList) add(entry, origin string) {
	entry = stripScheme(entry)
	l.set = l.set || origin != ruleLoopback
	if p, ok := parsePrefix(entry); ok {
		l.nets = append(l.nets, trust.InsecureNet{Prefix: p, Origin: origin, PlainHTTP: true})
		return
	}
	l.names[entry] = origin
}

// match reports whether host[:port] is on the list, and why. ip is the address
// it resolves to, if known.
func (l insecureList) match(host string, ip netip.Addr) (origin string, ok bool) {
	if host == "docker.io" || host == "index.docker.io" {
		return "", false // always verified
	}
	if o, ok := l.names[host]; ok {
		return o, true
	}
	if literal, ok := hostIP(host); ok {
		ip = literal
	}
	for _, n := range l.nets {
		if n.Holds(ip) {
			return n.Origin, true
		}
	}
	return "", false
}

func hostIP(host string) (netip.Addr, bool) {
	if ap, err := netip.ParseAddrPort(host); err == nil {
		return ap.Addr(), true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return ip, err == nil
}

// skip takes over that host is not verified.
func (r *reading) skip(origin, host string) {
	r.policy.SkipVerify, r.policy.PlainHTTP = origin, true
	switch {
	case origin == ruleLoopback:
		r.note(trust.LoopbackInsecure, "", host)
	case origin == ruleFlag, isDaemon(origin):
		r.note(trust.InsecureRegistry, "", host)
	default:
		r.note(trust.InsecureRegistry, origin, host)
	}
}

// isDaemon tells the address of a daemon from a file.
func isDaemon(origin string) bool { return strings.Contains(origin, "://") }

// versionAtLeast compares a version like "29.5.1"; one that cannot be read is
// not at least anything.
func versionAtLeast(version string, major, minor int) bool {
	got, ok := parseVersion(version)
	return ok && (got[0] > major || got[0] == major && got[1] >= minor)
}

// beforePatch reports whether a version is of the release major.minor and older
// than its given patch.
func beforePatch(version string, major, minor, patch int) bool {
	v, ok := parseVersion(version)
	if !ok || v != [2]int{major, minor} {
		return false
	}
	rest := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(rest) < 3 {
		return true
	}
	end := strings.IndexFunc(rest[2], func(c rune) bool { return c < '0' || c > '9' })
	if end >= 0 {
		rest[2] = rest[2][:end]
	}
	n, err := strconv.Atoi(rest[2])
	return err == nil && n < patch
}

// parseVersion reads the first two numbers of a version.
func parseVersion(version string) (v [2]int, ok bool) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return v, false
	}
	for i := range v {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return v, false
		}
		v[i] = n
	}
	return v, true
}
