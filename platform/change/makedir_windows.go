package change

import (
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Who may do what in a directory of root's half: the system and the administrators
// everything, and where others are to read it, they may do that. What is made in it
// inherits the same. It is said at once when the directory is made: below ProgramData
// it would inherit that every user may put files there.
const (
	forAdministrators = "O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
	forReaders        = forAdministrators + "(A;OICI;0x1200a9;;;BU)"
)

func makeDir(path string, mode fs.FileMode, guarded bool) error {
	if !guarded {
		return os.Mkdir(path, mode)
	}
	rights := forAdministrators
	if mode&0o007 != 0 {
		rights = forReaders
	}
	sd, err := windows.SecurityDescriptorFromString(rights)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	attributes := windows.SecurityAttributes{SecurityDescriptor: sd}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	if err := windows.CreateDirectory(name, &attributes); err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}
