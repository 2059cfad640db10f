package peer

import "golang.org/x/sys/unix"

// of asks for SO_PEERCRED (unix(7)).
func of(fd int) (Process, bool) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Process{}, false
	}
	return Process{UID: int(cred.Uid), PID: int(cred.Pid)}, true
}
