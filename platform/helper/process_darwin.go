package helper

import (
	"errors"
	"os"
	"os/signal"

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
	signal.Ignore(unix.SIGHUP, unix.SIGPIPE)
	os.Clearenv()
	for _, kv := range [][2]string{{"PATH", "/usr/bin:/bin:/usr/sbin:/sbin"}, {"LC_ALL", "C"}, {"HOME", "/var/root"}} {
		if err := os.Setenv(kv[0], kv[1]); err != nil {
			return "", err
		}
	}
	unix.Umask(0o022)
	if err := os.Chdir("/"); err != nil {
		return "", err
	}
	for fd := 3; fd < 256; fd++ { // descriptors that the caller left open end at the first exec
		unix.CloseOnExec(fd)
	}
	for what, limit := range map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 256 << 20, unix.RLIMIT_NOFILE: 1024} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return "", err
		}
	}
	self, err = os.Executable()
	if err != nil {
		return "", change.Refuse(change.ErrHelperUnsafe, "", "%v", err)
	}
	return self, CheckInstalled(self)
}
