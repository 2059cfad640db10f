package keyring

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"
	gokeyring "github.com/zalando/go-keyring"
)

// classify turns whatever a call ended with into an *[Error]; nil stays nil.
func classify(target string, err error) error {
	var own *Error
	switch {
	case err == nil || errors.As(err, &own):
		return err
	case errors.Is(err, gokeyring.ErrNotFound):
		return &Error{NotFound, err}
	case errors.Is(err, gokeyring.ErrSetDataTooBig):
		return &Error{TooBig, err}
	case errors.Is(err, gokeyring.ErrUnsupportedPlatform):
		return &Error{Unsupported, err}
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return &Error{TimedOut, err}
	}
	state := Failed
	switch target {
	case "windows":
		state = windowsState(err)
	case "darwin":
		state = darwinState(err)
	default:
		state = busState(err)
	}
	return &Error{state, err}
}

// The D-Bus errors that say that nobody answers to a name (dbus-protocol.h), and
// the one with which a Secret Service turns away what is locked.
const (
	busUnknown   = "org.freedesktop.DBus.Error.ServiceUnknown"
	busNoOwner   = "org.freedesktop.DBus.Error.NameHasNoOwner"
	busSpawn     = "org.freedesktop.DBus.Error.Spawn."
	busNoReply   = "org.freedesktop.DBus.Error.NoReply"
	busTimeout   = "org.freedesktop.DBus.Error.Timeout"
	secretLocked = "org.freedesktop.Secret.Error.IsLocked"
)

// notUnlocked begins what go-keyring says when a prompt came to nothing.
const notUnlocked = "failed to unlock correct collection"

func busState(err error) State {
	var call dbus.Error
	switch {
	case errors.As(err, &call):
		switch {
		case call.Name == busUnknown, call.Name == busNoOwner, strings.HasPrefix(call.Name, busSpawn):
			return NoService
		case call.Name == busNoReply, call.Name == busTimeout:
			return TimedOut
		case call.Name == secretLocked:
			return Locked
		}
	case errors.Is(err, dbus.ErrClosed):
		return NoBus // it went away meanwhile
	case strings.HasPrefix(err.Error(), notUnlocked):
		return Dismissed
	}
	return Failed
}

// noLogonSession is ERROR_NO_SUCH_LOGON_SESSION: a session that the Credential
// Manager keeps nothing for, such as a service's or one over the network.
const noLogonSession = syscall.Errno(1312)

func windowsState(err error) State {
	if errors.Is(err, noLogonSession) {
		return NoService
	}
	return Failed
}

// The exit statuses of macOS' security: the low byte of an OSStatus.
const (
	exitNoInteraction = 36  // errSecInteractionNotAllowed, -25308
	exitNotFound      = 44  // errSecItemNotFound, -25300
	exitNoKeychain    = 50  // errSecNoSuchKeychain, -25294
	exitAuthFailed    = 51  // errSecAuthFailed, -25293
	exitCancelled     = 128 // errSecUserCanceled, -128
)

func darwinState(err error) State {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return Failed
	}
	switch exit.ExitCode() {
	case exitNoInteraction:
		return Locked
	case exitNotFound:
		return NotFound
	case exitNoKeychain:
		return NoService
	case exitAuthFailed, exitCancelled:
		return Dismissed
	}
	return Failed
}
