//go:build !windows

package helper

import (
	"runtime"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/world"
)

// CheckInstalled refuses a helper that anybody but root could change: the file,
// and every directory on the way to it, must belong to root and be writable by
// nobody else. Both sides ask: who starts it, and the helper of itself.
func CheckInstalled(file string) error { return checkInstalled(world.Disk{}, file, 0) }

func systemPlaces() (places, error) { return unixPlaces(runtime.GOOS), nil }

// guardHere refuses a directory that somebody else than root could change. On Linux
// the engine's own way of opening directories leaves nothing to look after.
func guardHere(dir string) error {
	if runtime.GOOS == "linux" {
		return nil
	}
	if err := world.OnlyRoot(world.Disk{}, dir); err != nil {
		return change.Refuse(change.ErrOthersWrite, dir, "%v", err)
	}
	return nil
}
