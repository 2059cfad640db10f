//go:build !linux && !darwin

package probe

// openFiles is how many file descriptors this process may have. Windows has no
// limit that matters here.
func openFiles() int { return 1 << 20 }
