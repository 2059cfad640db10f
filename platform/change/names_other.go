//go:build !linux && !darwin && !windows

package change

import "os"

// How a file takes its name where the system has nothing but POSIX.

func placeFile(temp, name string) error {
	if err := os.Link(temp, name); err != nil {
		return err
	}
	return os.Remove(temp)
}

func swapFiles(temp, name string) (exchanged bool, err error) { return false, os.Rename(temp, name) }

func moveOver(temp, name string) error { return os.Rename(temp, name) }

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
