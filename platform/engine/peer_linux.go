//go:build linux

package engine

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerPID is the process that listens at the other end of c, 0 when the kernel
// does not say. With socket activation it is systemd's, that is 1.
func peerPID(c *net.UnixConn) int {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	pid := 0
	if err := raw.Control(func(fd uintptr) {
		if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			pid = int(cred.Pid)
		}
	}); err != nil {
		return 0
	}
	return pid
}
