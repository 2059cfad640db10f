package instance

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"time"

	"mooring.dev/mooring/platform/state"
	"mooring.dev/mooring/platform/world"
)

// ErrNobody says that nobody listens at the endpoint.
var ErrNobody = errors.New("nobody listens")

// ErrRefused says that who listens does not do what was asked.
var ErrRefused = errors.New("the request was refused")

// Send hands a request to who listens at an endpoint and waits for the answer. The
// error is [ErrNobody] where nobody does, or where it is somebody else.
func Send(ctx context.Context, w world.World, e Endpoint, q Request) error {
	if !w.Live() {
		return ErrNobody
	}
	p, err := placeOf(w, e, false)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNobody
	}
	if err != nil {
		return err
	}
	if i, err := os.Lstat(p.socket); err != nil || !isMine(i) {
		return ErrNobody
	}
	ctx, cancel := context.WithTimeout(ctx, exchange)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", p.socket)
	if err != nil {
		return ErrNobody
	}
	defer conn.Close()
	c, ok := conn.(*net.UnixConn)
	if !ok || !samePeer(c) {
		return ErrNobody
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(deadline)
	}
	return ask(c, q)
}

func ask(c io.ReadWriter, q Request) error {
	if _, err := io.WriteString(c, q.line()+"\n"); err != nil {
		return ErrNobody
	}
	answer, err := readLine(c)
	switch {
	case err != nil:
		return ErrNobody
	case answer != answerDone:
		return ErrRefused
	}
	return nil
}

// SendWhenThere is [Send] to a process that was just started: it tries until that
// does what is asked, or ctx ends.
func SendWhenThere(ctx context.Context, w world.World, e Endpoint, q Request) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := Send(ctx, w, e, q)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

// Running reports whether somebody has an endpoint.
func Running(w world.World, e Endpoint) bool {
	if !w.Live() {
		return false
	}
	p, err := placeOf(w, e, false)
	if err != nil {
		return false
	}
	f, err := os.Open(p.lock)
	if err != nil {
		return false
	}
	defer f.Close()
	got, err := state.TryLock(f)
	return err == nil && !got
}
