//go:build !linux

package world

func inRoot(root, path string, follow bool) (name string, done func(), err error) {
	return joined(root, path, follow)
}
