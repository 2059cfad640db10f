package probe

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"mooring.dev/mooring/trust"
)

// place is the part of the address space that an address lies in.
type place string

const (
	public    place = "public"
	private   place = "private"
	linkLocal place = "link-local"
	loopback  place = "loopback"
	nowhere   place = "special-purpose" // multicast and reserved: no server is there
)

// guard keeps a registry from sending the probe to machines that only this one
// can reach: what it names may be public, or where the registry itself is. It
// sees the address that is dialled, not the name, so a name that resolves anew
// cannot get around it. Behind a proxy, which looks names up itself, no address is
// seen: there it lets pass only the registry's own host.
type guard struct {
	host     string // the registry's
	at       place
	role     trust.Role
	verified bool // the registry is: behind a proxy its word is taken
}

type guardError struct {
	role trust.Role
	why  string
}

func (e *guardError) Error() string { return "not visited: " + e.why }

func (g *guard) check(ip netip.Addr) error {
	if p := placeOfIP(ip); g != nil && p != public && (p != g.at || p == nowhere) {
		return &guardError{g.role, fmt.Sprintf("%s is a %s address, and the registry is not there itself", ip, p)}
	}
	return nil
}

func (g *guard) checkAddress(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	return g.check(ap.Addr())
}

// checkProxied checks a host that a proxy would look up. Not even what looks like
// a name or an address can be told apart here: 127.1, 0x7f000001 and localtest.me
// all lead a proxy to itself.
func (g *guard) checkProxied(host string) error {
	if g == nil || g.verified || strings.EqualFold(host, g.host) {
		return nil
	}
	return &guardError{g.role, fmt.Sprintf("behind a proxy it cannot be told where %s is", host)}
}

// control is a net.Dialer's: it runs for every address before it is dialled.
func (g *guard) control(_, address string, _ syscall.RawConn) error { return g.checkAddress(address) }

// placeOf is where ep answered. Behind a proxy that is not known, and the
// registry counts as public.
func placeOf(ep trust.Endpoint) place {
	if ep.IP.IsValid() {
		return placeOfIP(ep.IP)
	}
	if ip, err := netip.ParseAddr(ep.Host); err == nil {
		return placeOfIP(ip)
	}
	return public
}

// special lists what netip does not tell by itself (IANA's special-purpose
// address registries), more specific ranges first.
var special = []struct {
	prefix netip.Prefix
	place  place
}{
	{netip.MustParsePrefix("0.0.0.0/32"), loopback}, // Linux connects to itself
	{netip.MustParsePrefix("0.0.0.0/8"), nowhere},
	{netip.MustParsePrefix("100.64.0.0/10"), private}, // carriers' NAT, and VPNs
	{netip.MustParsePrefix("192.0.0.0/24"), private},
	{netip.MustParsePrefix("198.18.0.0/15"), private},
	{netip.MustParsePrefix("240.0.0.0/4"), nowhere},
	{netip.MustParsePrefix("::/128"), loopback},
	{netip.MustParsePrefix("64:ff9b:1::/48"), private}, // local NAT64
	{netip.MustParsePrefix("fec0::/10"), private},      // site-local, deprecated
}

// nat64 addresses carry an IPv4 address in their last four bytes.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func placeOfIP(ip netip.Addr) place {
	ip = ip.Unmap().WithZone("")
	if nat64.Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
	for _, s := range special {
		if s.prefix.Contains(ip) {
			return s.place
		}
	}
	switch {
	case ip.IsLoopback():
		return loopback
	case ip.IsLinkLocalUnicast():
		return linkLocal
	case ip.IsPrivate():
		return private
	case ip.IsMulticast():
		return nowhere
	default:
		return public
	}
}

// remoteIP is the address at the other end of c.
func remoteIP(c net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
