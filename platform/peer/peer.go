// Package peer tells who is at the other end of a local socket, as the kernel knows
// it: the process that called listen or connect there.
package peer

import "net"

// Process is a process of this machine. PID is 0 where the system does not say; with
// socket activation it is that of the service manager.
type Process struct{ UID, PID int }

// Of returns the process at the other end of c; ok is false where the system does
// not tell.
func Of(c *net.UnixConn) (p Process, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return p, false
	}
	err = raw.Control(func(fd uintptr) { p, ok = of(int(fd)) })
	return p, ok && err == nil
}
