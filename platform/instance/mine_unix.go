//go:build linux || darwin

package instance

import (
	"io/fs"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"mooring.dev/mooring/platform/peer"
)

const hasModes = true

// noSockets is how the system says that it has none.
const noSockets = unix.EAFNOSUPPORT

// isMine reports whether a file belongs to this process's user.
func isMine(i fs.FileInfo) bool {
	st, ok := i.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// samePeer reports whether the other end is a process of this user.
func samePeer(c *net.UnixConn) bool {
	p, ok := peer.Of(c)
	return ok && p.UID == os.Geteuid()
}
