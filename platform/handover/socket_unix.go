//go:build unix

package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"mooring.dev/mooring/platform/peer"
)

// Listener is a socket in a directory of its own that only this user can enter.
type Listener struct {
	name string
	l    *net.UnixListener
}

// place is the directory of a name. It depends on no variable, so that both ends
// find it by the name alone; nobody but its owner can rename it there.
func place(name string) string {
	base := "/tmp"
	if runtime.GOOS == "darwin" {
		base = "/private/tmp" // what /tmp leads to
	}
	return filepath.Join(base, "mooring-"+name)
}

// Listen makes a place with a new name.
func Listen() (*Listener, error) {
	name := newName()
	dir := place(name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(dir, "s")})
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir))
	}
	return &Listener{name, l}, nil
}

// Name is what the other end finds the place by.
func (l *Listener) Name() string { return l.name }

// Close removes the place. A connection that was accepted stays.
func (l *Listener) Close() error { return errors.Join(l.l.Close(), os.RemoveAll(place(l.name))) }

// Accept waits for the process that who knows, and sends others away. After that
// one the place is gone.
func (l *Listener) Accept(ctx context.Context, who Who) (*Conn, error) {
	defer context.AfterFunc(ctx, func() { _ = l.l.SetDeadline(time.Unix(1, 0)) })()
	for range maxStrangers {
		c, err := l.l.AcceptUnix()
		if err != nil {
			return nil, reason(ctx, err)
		}
		if p, ok := peer.Of(c); ok && who(p) {
			return &Conn{c}, l.Close()
		}
		_ = c.Close()
	}
	return nil, ErrStranger
}

// Dial connects to the place of a name, where the process pid must be listening, as
// the user whose directory it is.
func Dial(ctx context.Context, name string, pid int) (*Conn, error) {
	if !ValidName(name) {
		return nil, fmt.Errorf("%.40q is no name of a place", name)
	}
	dir := place(name)
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Mode&0o777 != 0o700 {
		return nil, fmt.Errorf("%w: others can enter %s", ErrStranger, dir)
	}
	var d net.Dialer
	s, err := d.DialContext(ctx, "unix", filepath.Join(dir, "s"))
	if err != nil {
		return nil, err
	}
	c := s.(*net.UnixConn)
	if p, ok := peer.Of(c); !ok || p.PID != pid || p.UID != int(st.Uid) {
		return nil, errors.Join(fmt.Errorf("%w: %d of user %d", ErrStranger, p.PID, p.UID), c.Close())
	}
	return &Conn{c}, nil
}
