package winstore

import (
	"errors"
	"syscall"

	"mooring.dev/mooring/platform/change"
)

// Errors of Windows (winerror.h), by number: this file is tested where their names
// do not exist.
const (
	errFileNotFound   syscall.Errno = 2
	errPathNotFound   syscall.Errno = 3
	errAccessDenied   syscall.Errno = 5
	errNoMoreFiles    syscall.Errno = 18
	errWriteProtect   syscall.Errno = 19
	errDiskIsFull     syscall.Errno = 39
	errNotSupported   syscall.Errno = 50
	errDiskFull       syscall.Errno = 112
	errCancelled      syscall.Errno = 1223
	errNotInteractive syscall.Errno = 1459

	cryptNotFound syscall.Errno = 0x80092004

	facilityWin32 syscall.Errno = 0x80070000 // an error of Win32 in an HRESULT
)

// maxMembers bounds a store. Windows' own have some hundred.
const maxMembers = 20000

var errTooMany = errors.New("the store holds more certificates than Mooring reads")

// number is the error's number as Win32 writes it, 0 for an error of another kind.
func number(err error) syscall.Errno {
	errno, ok := errors.AsType[syscall.Errno](err)
	if ok && errno&^0xffff == facilityWin32 {
		errno &= 0xffff
	}
	return errno
}

// untold is what golang.org/x/sys makes of a failure without a number, as wine's are at
// the end of a store and where it knows no such location. It is none of Windows' own.
const untold = syscall.EINVAL

// absent reports whether err says that a store does not exist.
func absent(err error) bool {
	n := number(err)
	return n == errFileNotFound || n == errPathNotFound || n == untold
}

// atEnd reports whether err says that there are no more certificates.
func atEnd(err error) bool {
	n := number(err)
	return n == cryptNotFound || n == errNoMoreFiles || n == untold
}

// codeOf is what an error of Windows means. The person's answer "no" to its security
// warning is ERROR_CANCELLED; where nobody can be asked, in a service or over SSH, it
// is ERROR_NOT_SUPPORTED (FiloSottile/mkcert#176).
func codeOf(err error) change.Code {
	switch number(err) {
	case errCancelled:
		return change.ErrRefusedByPerson
	case errAccessDenied, errWriteProtect:
		return change.ErrNoRights
	case errNotSupported, errNotInteractive:
		return change.ErrNoAgent
	case errDiskFull, errDiskIsFull:
		return change.ErrNoSpace
	}
	return change.ErrIO
}
