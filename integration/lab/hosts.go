//go:build integration

package lab

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// Host is a name with an address of its own, so that every port is free.
type Host struct {
	Name string // r17.lab.test
	IP   string // 10.77.1.17
}

// At is name:port, or the name alone for "".
func (h Host) At(port string) string {
	if port == "" {
		return h.Name
	}
	return net.JoinHostPort(h.Name, port)
}

// maxHosts is how many names there are. All are written before any engine runs:
// Go caches /etc/hosts for some seconds.
const maxHosts = 200

func host(n int) Host {
	return Host{Name: fmt.Sprintf("r%d.lab.test", n), IP: fmt.Sprintf("10.77.1.%d", n)}
}

func hostsFile() string {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost loopback.lab.test\n")
	for _, h := range []Host{InsecureHost, InsecureNet} {
		fmt.Fprintf(&b, "%s %s\n", h.IP, h.Name)
	}
	for n := 1; n <= maxHosts; n++ {
		fmt.Fprintf(&b, "%s %s\n", host(n).IP, host(n).Name)
	}
	return b.String()
}

// Loopback is a name that resolves into 127.0.0.0/8.
var Loopback = Host{Name: "loopback.lab.test", IP: "127.0.0.1"}

// Host hands out a name that no other test uses.
func (l *Lab) Host(t *testing.T) Host {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hosts == maxHosts {
		t.Fatal("the lab has no hosts left")
	}
	l.hosts++
	return host(l.hosts)
}
