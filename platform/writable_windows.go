package platform

import "golang.org/x/sys/windows"

// mayWrite opens the directory for what making a file in it takes, and thereby asks
// Windows, which knows of access lists and of what an administrator may not do before
// the rights are asked for.
func mayWrite(dir string) bool {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return false
	}
	const rights = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA // in a directory: add a file, add a directory
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, rights, share, nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return false
	}
	_ = windows.CloseHandle(h)
	return true
}
