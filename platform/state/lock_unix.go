//go:build unix

package state

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock takes the exclusive lock of l unless somebody has it. Closing l lets
// go, and so does the end of the process.
func tryLock(l *os.File) (bool, error) {
	err := unix.Flock(int(l.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	if errors.Is(err, unix.ENOLCK) {
		err = errors.ErrUnsupported
	}
	return err == nil, err
}
