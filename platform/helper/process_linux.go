package helper

import (
	"os"
	"os/signal"

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
	// A terminal that is closed, or a caller that does not wait, stops nothing half
	// way; SIGTERM and SIGINT roll back.
	signal.Ignore(unix.SIGHUP, unix.SIGPIPE)
	os.Clearenv()
	for _, kv := range [][2]string{{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C"}, {"HOME", "/root"}} {
		if err := os.Setenv(kv[0], kv[1]); err != nil {
			return "", err
		}
	}
	// Commands of the table inherit it; files of ours get their modes explicitly.
	unix.Umask(0o022)
	if err := os.Chdir("/"); err != nil {
		return "", err
	}
	// Descriptors that the caller left open end at the first exec.
	_ = unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	for what, max := range map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 256 << 20, unix.RLIMIT_NOFILE: 1024} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: max, Max: max}); err != nil {
			return "", err
		}
	}
	if err := dropCapabilities(); err != nil {
		return "", change.Refuse(change.ErrNoRights, "", "capabilities: %v", err)
	}
	self, err = os.Readlink("/proc/self/exe")
	if err != nil {
		return "", change.Refuse(change.ErrHelperUnsafe, "", "%v", err)
	}
	return self, CheckInstalled(self)
}
