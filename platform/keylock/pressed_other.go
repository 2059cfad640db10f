//go:build !windows

package keylock

// pressed is for Windows: elsewhere a World of that system is a tree, which has no
// keyboard.
func pressed() (on, known bool) { return false, false }
