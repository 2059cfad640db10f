package watch

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// links calls changed whenever the kernel says that a link or an address came or
// went (rtnetlink(7)), until ctx ends.
func links(ctx context.Context, changed func()) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return
	}
	f := os.NewFile(uintptr(fd), "rtnetlink")
	defer f.Close()
	groups := uint32(unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = f.Close() })
	defer stop()
	// What the messages say is not read: only that there is one. When there are more
	// than fit, the kernel says so by an error, and that too is a change.
	for buffer := make([]byte, 16<<10); ctx.Err() == nil; {
		if _, err := f.Read(buffer); err != nil && !errors.Is(err, unix.ENOBUFS) {
			return
		}
		changed()
	}
}
