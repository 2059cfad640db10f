//go:build linux

package world

import (
	"io/fs"
	"syscall"
	"time"
)

// inode completes info with what the system keeps of a file besides.
func inode(i fs.FileInfo, info *Info) {
	st, ok := i.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	info.Changed = time.Unix(st.Ctim.Unix())
	info.UID, info.GID, info.Links = int(st.Uid), int(st.Gid), int(st.Nlink)
}
