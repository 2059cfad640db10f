package helper

import (
	"os"

	"golang.org/x/sys/unix"

	"mooring.dev/mooring/platform/change"
)

// harden makes sure that this process is root, was started from a file that only
// root can change, and carries nothing of its caller's. It returns that file: the
// kernel knows it, while the name that a program is given is its caller's choice.
func harden() (self string, err error) {
	if os.Geteuid() != 0 {
		return "", change.Refuse(change.ErrNoRights, "", "not started as root")
	}
	if err := shed("/usr/sbin:/usr/bin:/sbin:/bin", "/root"); err != nil {
		return "", err
	}
	// Descriptors that the caller left open end at the first exec.
	_ = unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	if err := dropCapabilities(); err != nil {
		return "", change.Refuse(change.ErrNoRights, "", "capabilities: %v", err)
	}
	self, err = os.Readlink("/proc/self/exe")
	if err != nil {
		return "", change.Refuse(change.ErrHelperUnsafe, "", "%v", err)
	}
	return self, CheckInstalled(self)
}
