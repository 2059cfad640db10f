package world

import (
	"cmp"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/cyphar/filepath-securejoin/pathrs-lite"
	"golang.org/x/sys/unix"
)

// inRoot finds path in the tree below root and returns a name for it that holds
// until done is called. It is the name of an open file, so that nobody who moves
// directories of the tree meanwhile (it may be a running container's) leads the
// reader out of it.
func inRoot(root, path string, follow bool) (name string, done func(), err error) {
	if !hasProc() {
		return joined(root, path, follow)
	}
	base := ""
	if !follow {
		path, base = filepath.Split(filepath.Clean("/" + path))
	}
	h, err := pathrs.OpenInRoot(root, path)
	if err != nil {
		return "", nil, err
	}
	name = fmt.Sprintf("/proc/self/fd/%d", h.Fd())
	if !follow {
		name += "/" + cmp.Or(base, ".")
	}
	return name, func() { h.Close() }, nil
}

// hasProc: rescue systems may lack it, or have a mere copy of its files.
var hasProc = sync.OnceValue(func() bool {
	var st unix.Statfs_t
	return unix.Statfs("/proc/self/fd", &st) == nil && st.Type == unix.PROC_SUPER_MAGIC
})
