package helper

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"mooring.dev/mooring/platform/change"
)

// harden makes sure that this process is root, was started from a file that only
// root can change, and carries nothing of its caller's. It returns that file as the
// kernel started it; a link to it is refused.
func harden() (self string, err error) {
	if os.Geteuid() != 0 {
		return "", change.Refuse(change.ErrNoRights, "", "not started as root")
	}
	// osascript's way to root leaves the real user what it was: then a process of that
	// user's could send this one signals, and `security` would take it for theirs.
	if err := errors.Join(unix.Setgroups([]int{0}), unix.Setgid(0), unix.Setuid(0)); err != nil {
		return "", change.Refuse(change.ErrNoRights, "", "%v", err)
	}
	if err := shed("/usr/bin:/bin:/usr/sbin:/sbin", "/var/root"); err != nil {
		return "", err
	}
	for fd := 3; fd < 256; fd++ { // descriptors that the caller left open end at the first exec
		unix.CloseOnExec(fd)
	}
	self, err = os.Executable()
	if err != nil {
		return "", change.Refuse(change.ErrHelperUnsafe, "", "%v", err)
	}
	return self, CheckInstalled(self)
}
