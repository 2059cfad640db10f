//go:build !linux && !darwin

package instance

import (
	"io/fs"
	"net"
	"syscall"
)

// On Windows a socket is a file of the person's local profile: its access list,
// which that directory hands down, lets nobody else open it, and the system tells
// nothing of the other end.
const hasModes = false

// noSockets is how the system says that it has none: WSAEAFNOSUPPORT.
const noSockets = syscall.Errno(10047)

func isMine(fs.FileInfo) bool { return true }

func samePeer(*net.UnixConn) bool { return true }
