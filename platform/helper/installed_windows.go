package helper

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"

	"mooring.dev/mooring/platform/change"
)

// CheckInstalled refuses a helper that anybody but an administrator could change: the
// file and its directory, in which a library could be put beside it, must be theirs
// alone, and nobody may exchange a directory on the way. Both sides ask: who starts
// it, and the helper of itself.
func CheckInstalled(file string) error {
	if !plainWindows(file) {
		return change.Refuse(change.ErrHelperUnsafe, file, "not a plain path")
	}
	if _, err := os.Lstat(file); err != nil {
		return change.Refuse(change.ErrHelperMissing, file, "%v", err)
	}
	dir := filepath.Dir(file)
	return onlyAdministrators(change.ErrHelperUnsafe, file, func(p string) bool { return p == file || p == dir })
}

// systemPlaces asks Windows, which no variable of the caller's has a part in. The engine
// makes a journal's directory for administrators alone; one that is there must be
// theirs (guardHere), for below ProgramData every user may make one.
func systemPlaces(string) (places, error) {
	data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		return places{}, err
	}
	return places{journal: data + `\Mooring\journal`, own: data + `\Mooring\own`, programData: data}, nil
}

// guardHere refuses a directory below ProgramData that others than administrators
// could change or lead elsewhere. What is not there is judged when it is: anybody may
// make it meanwhile.
func guardHere(dir string) error {
	data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		return err
	}
	return onlyAdministrators(change.ErrOthersWrite, dir, func(p string) bool { return strings.HasPrefix(p, data+`\`) })
}

// onlyAdministrators looks at p and all directories above it: nobody else may exchange
// one, or change anything about those that whole says. A link is refused with every
// other reparse point.
func onlyAdministrators(code change.Code, path string, whole func(string) bool) error {
	for p := path; ; p = filepath.Dir(p) {
		rights := uint32(exchange)
		if whole(p) {
			rights = anyWrite
		}
		d, link, err := describe(p)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return change.Refuse(code, p, "%v", err)
		case link:
			return change.Refuse(change.ErrLinkInPath, p, "")
		case d.others(rights) != "":
			return change.Refuse(code, p, "%s may write there", d.others(rights))
		}
		if p == filepath.Dir(p) {
			return nil
		}
	}
}

// describe opens p itself, not what it may lead to, and asks by the handle.
func describe(p string) (d descriptor, link bool, err error) {
	path, err := windows.UTF16PtrFromString(p)
	if err != nil {
		return d, false, err
	}
	h, err := windows.CreateFile(path, windows.READ_CONTROL|windows.FILE_READ_ATTRIBUTES,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_OPEN_REPARSE_POINT|windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return d, false, err
	}
	defer windows.CloseHandle(h)
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return d, false, err
	}
	if info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		return d, true, nil
	}
	sd, err := windows.GetSecurityInfo(h, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return d, false, err
	}
	owner, _, err := sd.Owner()
	if err != nil {
		return d, false, err
	}
	d.owner = owner.String()
	list, _, err := sd.DACL()
	switch {
	case errors.Is(err, windows.ERROR_OBJECT_NOT_FOUND), err == nil && list == nil:
		d.open = true
		return d, false, nil
	case err != nil:
		return d, false, err
	}
	for i := range uint32(list.AceCount) {
		var a *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &a); err != nil {
			return d, false, err
		}
		e := ace{rights: uint32(a.Mask), kind: a.Header.AceType, inherit: a.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0}
		if e.kind <= 1 {
			e.sid = (*windows.SID)(unsafe.Pointer(&a.SidStart)).String()
		}
		d.list = append(d.list, e)
	}
	return d, false, nil
}
