package peer

import "golang.org/x/sys/unix"

// of asks for LOCAL_PEERCRED and LOCAL_PEERPID (unix(4)).
func of(fd int) (Process, bool) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return Process{}, false
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	return Process{UID: int(cred.Uid), PID: pid}, err == nil
}
