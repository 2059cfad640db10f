package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// maxBytes bounds what is read of one connection. crypto/tls itself bounds one
// certificate message to 256 KiB, but not how much is sent around it.
const maxBytes = 1 << 20

var errTooMuch = errors.New("the server sent more than 1 MiB")

// meter is a connection that counts what it reads, and says when it merely
// waits for the other side.
type meter struct {
	net.Conn
	turn *turn
	left int
}

func (m *meter) Read(p []byte) (int, error) {
	if m.left <= 0 {
		return 0, errTooMuch
	}
	m.turn.wait()
	n, err := m.Conn.Read(p[:min(len(p), m.left)])
	m.turn.work()
	m.left -= n
	return n, err
}

// limit makes every operation fail as timed out after until, and once ctx is
// done. The returned function ends the latter.
func (m *meter) limit(ctx context.Context, until time.Time) (stop func() bool) {
	m.SetDeadline(until)
	return context.AfterFunc(ctx, func() { m.SetDeadline(time.Unix(1, 0)) })
}

// bounded reads at most left bytes. Unlike an io.LimitReader it does not pretend
// that what it cut off had ended.
type bounded struct {
	r    io.Reader
	left int
}

var errTooLong = errors.New("the answer is longer than any registry's")

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
