//go:build linux || darwin

package helper

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// shed drops what this process carries of its caller's, but for open descriptors: of
// the environment nothing is left but path and home.
func shed(path, home string) error {
	// A terminal that is closed, or a caller that does not wait, stops nothing half
	// way; SIGTERM and SIGINT roll back.
	signal.Ignore(unix.SIGHUP, unix.SIGPIPE)
	os.Clearenv()
	for _, kv := range [][2]string{{"PATH", path}, {"LC_ALL", "C"}, {"HOME", home}} {
		if err := os.Setenv(kv[0], kv[1]); err != nil {
			return err
		}
	}
	// Commands of the table inherit it; files of ours get their modes explicitly.
	unix.Umask(0o022)
	if err := os.Chdir("/"); err != nil {
		return err
	}
	for what, limit := range map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 256 << 20, unix.RLIMIT_NOFILE: 1024} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			return err
		}
	}
	return nil
}
