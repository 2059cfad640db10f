package discover

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"mooring.dev/mooring/platform/world"
)

// certsD lists the directories that tools keep for each registry.
func (f *finder) certsD() {
	for _, root := range certsDRoots(f.w) {
		entries, err := f.w.FS.ReadDir(root)
		f.problem(root, err)
		for _, e := range entries[:min(len(entries), maxEntries)] {
			dir := f.w.Join(root, e.Name())
			name, ok := decode(e.Name(), f.w.OS == "windows")
			if ok && (e.IsDir() || world.IsDir(f.w.FS, dir)) {
				f.add(name, Origin{KindCertsD, dir, ""})
			}
		}
	}
}

// escaped is how containerd writes a port where colons are awkward: host_port_
// (containerd core/remotes/docker/config hostDirectory).
var escaped = regexp.MustCompile(`^(.+)_([0-9]{1,5})_$`)

// decode turns a directory's name into host[:port]; ok is false for names that
// mean none, such as _default. On Windows docker leaves all colons out.
func decode(name string, windows bool) (host string, ok bool) {
	if m := escaped.FindStringSubmatch(name); m != nil {
		return bracketed(m[1]) + ":" + m[2], true
	}
	if strings.Contains(name, "_") {
		return "", false // in no host name; _default among others
	}
	if windows {
		return withColon(name)
	}
	return name, true
}

// bracketed puts back what a bare IPv6 address lacks.
func bracketed(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		return "[" + host + "]"
	}
	return host
}

var digitsAtEnd = regexp.MustCompile(`[0-9]+$`)

// withColon guesses where the colon was in a name like reg.example5000. Labels
// at the end of a domain hold no digits, so there it is certain; of an address
// or a single word it is taken only if one reading alone makes sense.
func withColon(name string) (string, bool) {
	digits := digitsAtEnd.FindString(name)
	switch {
	case digits == "":
		return name, true
	case strings.Trim(name, "0123456789.") == "":
		return addressWithPort(name)
	case strings.HasPrefix(name, "[") && strings.Contains(name, "]"):
		return "", false // an IPv6 address has lost all its colons
	}
	host := strings.TrimSuffix(name, digits)
	if !validPort(digits) || !strings.Contains(host, ".") && len(digits) < 4 {
		return name, true // "node1" is a host
	}
	return host + ":" + digits, true
}

// addressWithPort splits an IPv4 address from a port that follows it directly.
func addressWithPort(name string) (string, bool) {
	var readings []string
	if _, err := netip.ParseAddr(name); err == nil {
		readings = append(readings, name)
	}
	for cut := strings.LastIndexByte(name, '.') + 2; cut < len(name); cut++ {
		if _, err := netip.ParseAddr(name[:cut]); err == nil && validPort(name[cut:]) {
			readings = append(readings, name[:cut]+":"+name[cut:])
		}
	}
	if len(readings) != 1 {
		return "", false
	}
	return readings[0], true
}

func validPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s[0] != '0'
}
