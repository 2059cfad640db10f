package elevate

import (
	"errors"
	"syscall"

	"mooring.dev/mooring/platform/change"
)

// The errors by which Windows says what became of a request for rights (winerror.h).
const (
	errFileNotFound = syscall.Errno(2)
	errPathNotFound = syscall.Errno(3)
	errAccessDenied = syscall.Errno(5)
	errCancelled    = syscall.Errno(1223) // the prompt was answered with no, or closed
	errByPolicy     = syscall.Errno(1260) // ERROR_ACCESS_DISABLED_BY_POLICY
	errNoPrivilege  = syscall.Errno(1314)
	errNoDesktop    = syscall.Errno(1459) // ERROR_REQUIRES_INTERACTIVE_WINDOWSTATION
)

// refusedByWindows says why the helper at file was not started.
func refusedByWindows(file string, err error) error {
	code := change.ErrNoElevation
	for e, c := range map[syscall.Errno]change.Code{
		errFileNotFound: change.ErrHelperMissing, errPathNotFound: change.ErrHelperMissing,
		errAccessDenied: change.ErrNoRights, errByPolicy: change.ErrNoRights, errNoPrivilege: change.ErrNoRights,
		errCancelled: change.ErrRefusedByPerson, errNoDesktop: change.ErrNoAgent,
	} {
		if errors.Is(err, e) {
			code = c
		}
	}
	path := ""
	if code == change.ErrHelperMissing {
		path = file
	}
	return change.Refuse(code, path, "%v", err)
}
