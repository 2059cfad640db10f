package trust

import (
	"net"
	"net/netip"
	"strings"
)

// Registry is host[:port] as written in image references. The zero value names
// no registry; make one with [ParseRegistry]. Registries are comparable: == is
// "written the same", which is how Docker and Podman tell their directories apart.
//
// Its string form becomes the name of a directory that a privileged process
// makes, so no value other than a checked one can exist.
type Registry struct {
	host string // without brackets
	port string // "" when none was written
}

// Docker Hub's name in image references, and the host that serves it.
const (
	hubName   = "docker.io"
	hubServer = "registry-1.docker.io"
)

// String is host[:port] as written, with brackets around an IPv6 address.
func (r Registry) String() string {
	host := r.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if r.port == "" {
		return host
	}
	return host + ":" + r.port
}

// Host is the name or address without port and brackets.
func (r Registry) Host() string { return r.host }

// Port is the port as written, "" when none was.
func (r Registry) Port() string { return r.port }

// IsZero reports whether r names no registry.
func (r Registry) IsZero() bool { return r == Registry{} }

// IsHub reports whether r is Docker Hub, which every engine treats apart.
func (r Registry) IsHub() bool { return r.port == "" && r.host == hubName }

// ServerName is the name that a client verifies in the server's certificate.
func (r Registry) ServerName() string {
	if r.IsHub() {
		return hubServer
	}
	return r.host
}

// Address is host:port to dial, the port being 443 unless one was written.
func (r Registry) Address() string {
	port := r.port
	if port == "" {
		port = "443"
	}
	return net.JoinHostPort(r.ServerName(), port)
}

// IP is the address that r is written as; invalid when it is a name.
func (r Registry) IP() netip.Addr {
	ip, _ := netip.ParseAddr(r.host)
	return ip
}

// Equal is ==, for packages that look for such a method.
func (r Registry) Equal(other Registry) bool { return r == other }

// Folded is r with the host in lower case: DNS names are compared like that, and
// directories of certificates are not.
func (r Registry) Folded() Registry {
	return Registry{host: strings.ToLower(r.host), port: r.port}
}

// Compare orders registries by host without regard to case, then by port.
func (r Registry) Compare(other Registry) int {
	if c := strings.Compare(r.Folded().String(), other.Folded().String()); c != 0 {
		return c
	}
	return strings.Compare(r.String(), other.String())
}

// MarshalText writes the string form.
func (r Registry) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a string form, and nothing else that [ParseRegistry] would
// make sense of: what a program wrote needs no guessing.
func (r *Registry) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*r = Registry{}
		return nil
	}
	got, err := parseHostPort(string(b))
	if err != nil {
		return err
	}
	if got.String() != string(b) {
		return nameError(NameCharacter, string(b))
	}
	*r = got
	return nil
}
