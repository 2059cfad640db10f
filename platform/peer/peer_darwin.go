package peer

import "golang.org/x/sys/unix"

// of asks for LOCAL_PEERCRED (unix(4)).
func of(fd int) (Process, bool) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return Process{}, false
	}
	return Process{UID: int(cred.Uid)}, true
}
