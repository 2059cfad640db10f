package world

import (
	"io/fs"
	"syscall"
	"time"
)

func inode(i fs.FileInfo) (changed time.Time, uid, gid int) {
	st, ok := i.Sys().(*syscall.Stat_t)
	if !ok {
		return i.ModTime(), -1, -1
	}
	return time.Unix(st.Ctimespec.Unix()), int(st.Uid), int(st.Gid)
}
