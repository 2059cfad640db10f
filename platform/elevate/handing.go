package elevate

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/handover"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/trust"
)

// handing reaches a helper that is started with arguments alone: plan and reply are
// handed over (package handover).
type handing struct {
	dir, ending string
	check       func(file string) error
	// start asks the person and starts the helper. It may return before they have
	// answered.
	start func(ctx context.Context, r trust.Reach, file string, args []string) (*launched, error)
}

// launched is a helper that is on its way, or running.
type launched struct {
	who   handover.Who
	ended chan struct{} // closed when it, or what started it, has ended
	why   error         // then: why it did not come, nil for no reason known
	stop  func()        // ends what started it, if that can still be stopped
}

// launch runs what starts the helper, and waits for its end.
func launch(who handover.Who, stop func(), run func() error) *launched {
	p := &launched{who: who, ended: make(chan struct{}), stop: stop}
	go func() {
		defer close(p.ended)
		p.why = run()
	}()
	return p
}

// close leaves nothing behind that waits.
func (p *launched) close() {
	p.stop()
	<-p.ended
}

// ask implements the way of [requests]. As long as the plan, or the word to begin, has
// not been sent, nothing can have been done.
func (h handing) ask(ctx context.Context, a helper.Action, plan []byte, args ...string) (trust.Receipt, error) {
	file := filepath.Join(h.dir, a.File()+h.ending)
	if err := checked(h.check, file); err != nil {
		return trust.Receipt{}, err
	}
	l, err := handover.Listen()
	if err != nil {
		return trust.Receipt{}, change.As(err)
	}
	over := append([]string{helper.HandedOver, l.Name(), strconv.Itoa(os.Getpid())}, args...)
	p, err := h.start(ctx, a.Reach(), file, over)
	if err != nil {
		_ = l.Close()
		return trust.Receipt{}, err
	}
	defer func() { // a helper for which nobody listens any more ends
		_ = l.Close()
		p.close()
	}()
	c, err := p.accept(ctx, l)
	if err != nil {
		return trust.Receipt{}, err
	}
	defer c.Close()
	if ctx.Err() != nil {
		return trust.Receipt{}, change.Refuse(change.ErrCancelled, "", "")
	}
	if err := c.Send(ctx, plan); err != nil { // of which it may have had enough to begin
		return trust.Receipt{}, change.Refuse(change.ErrPending, "", "%v", err)
	}
	return p.reply(c)
}

// accept waits until the helper is there, or is known not to come.
func (p *launched) accept(ctx context.Context, l *handover.Listener) (*handover.Conn, error) {
	waiting, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		c   *handover.Conn
		err error
	}
	arrived := make(chan outcome, 1)
	go func() {
		c, err := l.Accept(waiting, p.who)
		arrived <- outcome{c, err}
	}()
	select {
	case o := <-arrived:
		switch {
		case o.err == nil:
			return o.c, nil
		case ctx.Err() != nil:
			return nil, change.Refuse(change.ErrCancelled, "", "")
		}
		return nil, change.Refuse(change.ErrNoElevation, "", "%v", o.err)
	case <-p.ended:
		stop()
		if o := <-arrived; o.c != nil {
			_ = o.c.Close() // it connected and ended, with nothing yet to begin with
		}
		if p.why == nil {
			return nil, change.Refuse(change.ErrNoElevation, "", "the helper ended at once")
		}
		return nil, p.why
	}
}

// reply waits for the helper's last word, however long it takes: the connection ends
// with the process.
func (p *launched) reply(c *handover.Conn) (trust.Receipt, error) {
	b, err := c.Receive(context.Background(), maxReply)
	select { // what started it has nothing more to do
	case <-p.ended:
	case <-time.After(leaving):
	}
	if err != nil {
		return trust.Receipt{}, change.Refuse(change.ErrPending, "", "%v", err)
	}
	r, ok := parseReply(b)
	switch {
	case !ok:
		return trust.Receipt{}, change.Refuse(change.ErrPending, "", "the helper gave no answer")
	case r.Error != nil:
		return receiptOf(r), r.Error
	}
	return receiptOf(r), nil
}

// leaving is how long a helper that has answered may stay.
const leaving = 10 * time.Second

// maxReply bounds a receipt.
const maxReply = 8 << 20
