//go:build !linux && !darwin && !windows

package helper

import "mooring.dev/mooring/platform/change"

// harden refuses: other systems have their own ways to elevate.
func harden() (self string, err error) { return "", change.Refuse(change.ErrNoElevation, "", "") }
