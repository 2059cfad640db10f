package change

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Code says why something was refused or failed. It is stable: faces translate
// it, and it crosses from the privileged process as text. Codes are errors, so
// that errors.Is(err, change.ErrNoRights) works on whatever wraps one.
type Code string

// The codes.
const (
	// Refusals: nothing was changed.
	ErrChangedSince     Code = "changed-since"      // a file is not as the plan or receipt says
	ErrOutsideAllowList Code = "outside-allow-list" // a path, name or command that may not be touched
	ErrLinkInPath       Code = "link-in-path"       // a link where none is followed
	ErrNotRegular       Code = "not-regular"        // a directory, device or pipe where a file belongs
	ErrTooBroad         Code = "too-broad"          // the plan exceeds the action it was started under
	ErrHash             Code = "hash-mismatch"      // the plan is not the one that was announced
	ErrBadPlan          Code = "bad-plan"           // the plan contradicts itself or cannot be read
	ErrBadCertificate   Code = "bad-certificate"    // not one bare, reasonable certificate
	ErrTooLarge         Code = "too-large"
	ErrNothingToDo      Code = "nothing-to-do" // the plan changes nothing
	ErrNoRights         Code = "no-rights"
	ErrRefusedByPerson  Code = "refused-by-person" // the prompt was dismissed or the password was wrong
	ErrNoAgent          Code = "no-agent"          // nobody can show a prompt here
	ErrNoElevation      Code = "no-elevation"      // neither polkit nor sudo is usable
	ErrHelperMissing    Code = "helper-missing"
	ErrHelperUnsafe     Code = "helper-unsafe" // somebody but root can change the helper
	ErrOthersWrite      Code = "others-write"  // somebody but root can change the directory
	ErrBusy             Code = "busy"          // another Mooring is changing things
	ErrNoReceipt        Code = "no-receipt"
	ErrNotUndoable      Code = "not-undoable" // undone already, or rolled back
	ErrSuperseded       Code = "superseded"   // a later receipt for the same file stands
	ErrJournalDamaged   Code = "journal-damaged"
	ErrOtherSettings    Code = "other-settings" // a store says something of a certificate that could not be brought back
	ErrOtherSecret      Code = "other-secret"   // the keyring holds another sign-in already

	// Failures: what was begun has been rolled back, unless Pending follows.
	ErrNoSpace       Code = "no-space"
	ErrIO            Code = "io"
	ErrCommandFailed Code = "command-failed"
	ErrNotTaken      Code = "not-taken" // the command ran and the store lacks the certificate
	ErrCancelled     Code = "cancelled"
	ErrSecret        Code = "secret" // the keyring did not take a sign-in, or give it

	// ErrPending: how far it came is not known, or could not be rolled back; the
	// next start finishes or rolls back.
	ErrPending Code = "pending"
)

// Codes lists every code, for those who hold words for each.
func Codes() []Code {
	return []Code{
		ErrChangedSince, ErrOutsideAllowList, ErrLinkInPath, ErrNotRegular, ErrTooBroad, ErrHash,
		ErrBadPlan, ErrBadCertificate, ErrTooLarge, ErrNothingToDo, ErrNoRights, ErrRefusedByPerson,
		ErrNoAgent, ErrNoElevation, ErrHelperMissing, ErrHelperUnsafe, ErrOthersWrite, ErrBusy, ErrNoReceipt,
		ErrNotUndoable, ErrSuperseded, ErrJournalDamaged, ErrOtherSettings, ErrOtherSecret, ErrNoSpace, ErrIO, ErrCommandFailed, ErrNotTaken,
		ErrCancelled, ErrSecret, ErrPending,
	}
}

func (c Code) Error() string { return string(c) }

// Error is a refusal or failure. Path and Detail fill the placeholders of the
// code's sentence; Detail is a fact in the system's or a command's own words.
type Error struct {
	Code   Code   `json:"code"`
	Path   string `json:"path,omitempty"`
	Detail string `json:"detail,omitempty"`
	cause  error
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Path != "" {
		s += fmt.Sprintf(": %q", e.Path)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Is makes errors.Is match the code.
func (e *Error) Is(target error) bool { return target == e.Code }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Refuse makes an Error of a code, a path and a detail (either may be "").
func Refuse(code Code, path, format string, args ...any) error {
	return &Error{Code: code, Path: path, Detail: fmt.Sprintf(format, args...)}
}

// As finds the Error in err, or makes one: whatever reaches a face has a code.
func As(err error) *Error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return e
	}
	return failed("", err).(*Error)
}

// failed gives a system's error its code.
func failed(path string, err error) error {
	var own *Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	e := &Error{Code: ErrIO, Path: path, Detail: err.Error(), cause: err}
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Code = ErrNoRights
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Code = ErrNoSpace
	case errors.Is(err, syscall.ELOOP):
		e.Code = ErrLinkInPath
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e.Code = ErrCancelled
	}
	return e
}
