package change

import "golang.org/x/sys/windows"

// How a file takes its name on Windows: by a rename that returns when it is on the
// disk (MOVEFILE_WRITE_THROUGH). os.Rename is the same call without that flag. A
// directory has nothing of its own to be brought there. A file that takes a name
// here has the access rights that its directory hands on.

// placeFile renames temp to name, where nothing may be: without
// MOVEFILE_REPLACE_EXISTING the call refuses.
func placeFile(temp, name string) error { return move(temp, name, 0) }

// swapFiles cannot exchange; what was at name is replaced.
func swapFiles(temp, name string) (exchanged bool, err error) { return false, moveOver(temp, name) }

func moveOver(temp, name string) error { return move(temp, name, windows.MOVEFILE_REPLACE_EXISTING) }

func move(from, to string, flags uint32) error {
	a, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	b, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(a, b, flags|windows.MOVEFILE_WRITE_THROUGH)
}

func syncDir(string) error { return nil }
