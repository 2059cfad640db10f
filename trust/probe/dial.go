package probe

import (
	"context"
	"errors"
	"net"
	"net/url"
	"syscall"
	"time"

	"mooring.dev/mooring/trust"
)

// open connects to t, through a proxy if one is set, and notes in ep who
// answered.
func (v visitor) open(ctx context.Context, t target, ep *trust.Endpoint) (*meter, error) {
	via, err := v.Proxy(&url.URL{Scheme: "https", Host: t.address})
	if err != nil {
		return nil, &proxyError{err: errors.New("the proxy's address is not usable")} // err may quote its password
	}
	if via != nil {
		ep.Proxy = via.Scheme + "://" + via.Host
		return v.openVia(ctx, via, t)
	}
	raw, err := v.dial(ctx, t.address, t.guard)
	if err != nil {
		return nil, err
	}
	ep.IP = remoteIP(raw)
	if err := t.guard.check(ep.IP); ep.IP.IsValid() && err != nil { // Prober.Dial knows no guard
		raw.Close()
		return nil, err
	}
	return &meter{Conn: raw, left: v.most}, nil
}

// dial connects to address. Without file descriptors left it waits for some: the
// limit is shared with everything else that this process does.
func (v visitor) dial(ctx context.Context, address string, g *guard) (net.Conn, error) {
	turn, err := v.turn(ctx, v.lanes.connecting)
	if err != nil {
		return nil, err
	}
	turn.wait()
	defer turn.end()
	ctx, cancel := context.WithDeadline(ctx, *v.until)
	defer cancel()
	for {
		conn, err := v.dialer(g)(ctx, "tcp", address)
		if !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE) {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(patience):
		}
	}
}

func (v visitor) dialer(g *guard) func(ctx context.Context, network, address string) (net.Conn, error) {
	if v.Dial != nil {
		return v.Dial
	}
	d := &net.Dialer{Resolver: v.Resolver, KeepAlive: -1} // connections live for seconds
	if g != nil {
		d.Control = g.control
	}
	return d.DialContext
}
