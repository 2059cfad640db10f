//go:build !linux && !windows && !(darwin && cgo)

package tray

// newHost returns nil: on macOS the tray needs Apple's headers, which a build
// without cgo does not have.
func newHost(func(), func(string)) host { return nil }
