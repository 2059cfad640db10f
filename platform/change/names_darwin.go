package change

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// How a file takes its name on macOS: renamex_np(2), which APFS and HFS+ carry out in
// one step; other volumes answer ENOTSUP.

// placeFile renames temp to name, where nothing may be.
func placeFile(temp, name string) error {
	err := unix.RenamexNp(temp, name, unix.RENAME_EXCL)
	if !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	if err := os.Link(temp, name); err != nil {
		return err
	}
	return os.Remove(temp)
}

func swapFiles(temp, name string) (exchanged bool, err error) {
	err = unix.RenamexNp(temp, name, unix.RENAME_SWAP)
	if errors.Is(err, unix.ENOTSUP) {
		return false, os.Rename(temp, name)
	}
	return err == nil, err
}

func moveOver(temp, name string) error { return os.Rename(temp, name) }

// syncDir brings a directory's names to the disk; Sync asks the drive, too
// (F_FULLFSYNC), which some network volumes cannot.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unless(f.Sync(), unix.ENOTSUP, unix.EINVAL)
}
