package platform

import (
	"strings"

	"golang.org/x/sys/windows"
)

// mayWrite opens the directory for what making a file in it takes, and thereby asks
// Windows, which knows of access lists and of what an administrator may not do before
// the rights are asked for.
//
// What lies below ProgramData is the computer's, though every user may make directories
// there: one of the person's own would be theirs to change for ever. So it is of root's
// half with an administrator's rights, too: who else may change what is there already,
// and what is made, only that half looks after.
func mayWrite(dir string) bool {
	if data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0); err != nil || within(dir, data) {
		return false
	}
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

// within reports whether a path is dir or below it, as Windows compares names.
func within(path, dir string) bool {
	path, dir = strings.ToLower(path), strings.ToLower(dir)
	return path == dir || strings.HasPrefix(path, dir+`\`)
}
