// Package handover is the way between a person's process and the privileged one
// where what asks for rights passes on arguments alone: UAC on Windows, osascript
// on macOS. The person's process listens at a place with a name that nobody can
// guess, and passes on the name and its own number; the privileged one connects.
//
// Each end makes sure of the other by what the system says of it, never by what it
// says itself: the listener serves nobody but the process that it started, and the
// one that connects serves nobody but the process that its arguments name. What then
// travels are a few messages of bounded size. The plan among them must have the hash
// that is in the arguments, so that even a listener that was exchanged could not
// exchange the plan.
package handover

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"mooring.dev/mooring/platform/peer"
)

var (
	// ErrStranger: the process at the other end is not the one that it should be.
	ErrStranger = errors.New("a process that was not asked is at the other end")
	// ErrTooLong: a message is longer than the reader takes.
	ErrTooLong = errors.New("the message is too long")
)

// maxStrangers is how many processes the listener sends away before it gives up.
const maxStrangers = 64

// Who says whether a process is the one that is waited for.
type Who func(peer.Process) bool

// newName is the changing part of a place's name: 128 random bits.
func newName() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// ValidName reports whether s has the form of [Listener.Name]. It holds nothing that
// a shell, a path or AppleScript reads as more than a letter.
func ValidName(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 16 && hex.EncodeToString(b) == s
}

// stream is a connection of either system.
type stream interface {
	io.ReadWriteCloser
	SetDeadline(time.Time) error
}

// Conn carries messages between two processes that know each other.
type Conn struct{ s stream }

// Send writes one message.
func (c *Conn) Send(ctx context.Context, b []byte) error {
	defer c.until(ctx)()
	framed := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(b)), uint32(len(b)))
	_, err := c.s.Write(append(framed, b...))
	return reason(ctx, err)
}

// Receive reads one message of at most limit bytes. Nothing is kept of a longer one.
func (c *Conn) Receive(ctx context.Context, limit int) ([]byte, error) {
	defer c.until(ctx)()
	var size [4]byte
	if _, err := io.ReadFull(c.s, size[:]); err != nil {
		return nil, reason(ctx, err)
	}
	n := binary.BigEndian.Uint32(size[:])
	if int64(n) > int64(limit) {
		return nil, fmt.Errorf("%w: %d bytes of %d", ErrTooLong, n, limit)
	}
	b := make([]byte, n)
	_, err := io.ReadFull(c.s, b)
	return b, reason(ctx, err)
}

// Close ends the connection.
func (c *Conn) Close() error { return c.s.Close() }

// until lets reading and writing end with ctx.
func (c *Conn) until(ctx context.Context) (done func() bool) {
	_ = c.s.SetDeadline(time.Time{})
	return context.AfterFunc(ctx, func() { _ = c.s.SetDeadline(time.Unix(1, 0)) })
}

func reason(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
