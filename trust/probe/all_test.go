package probe

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

func registries(t testing.TB, n int) []trust.Registry {
	var out []trust.Registry
	for i := range n {
		out = append(out, registry(t, fmt.Sprintf("r%d.example:5000", i)))
	}
	return out
}

// counted is a Dial that counts how many of its connections are open at once.
type counted struct {
	to         string
	now, most  atomic.Int64
	blackHoles func(address string) bool // never answer
}

func (c *counted) dial(ctx context.Context, network, address string) (net.Conn, error) {
	now := c.now.Add(1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
	if c.blackHoles != nil && c.blackHoles(address) {
		defer c.now.Add(-1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, c.to)
	if err != nil {
		c.now.Add(-1)
		return nil, err
	}
	return &countedConn{Conn: conn, c: c}, nil
}

type countedConn struct {
	net.Conn
	c      *counted
	closed atomic.Bool
}

func (c *countedConn) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.c.now.Add(-1)
	}
	return c.Conn.Close()
}

func TestAllProbesEach(t *testing.T) {
	c := &counted{to: serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))}
	p := &Prober{Timeout: 20 * time.Second, Dial: c.dial, Proxy: Direct}
	seen := map[trust.Registry]int{}
	p.All(t.Context(), registries(t, 300), func(p trust.Probe) {
		seen[p.Registry]++
		if ep := p.Endpoints[0]; ep.Failure != nil || ep.HTTP == nil {
			t.Errorf("%s: %v, %v", p.Registry, ep.Failure, ep.Unanswered)
		}
	})
	if len(seen) != 300 {
		t.Errorf("%d registries seen", len(seen))
	}
	if most := c.most.Load(); most < 2 || most > maxOpen || c.now.Load() != 0 {
		t.Errorf("%d connections at once, %d left open", most, c.now.Load())
	}
}

func TestJobs(t *testing.T) {
	c := &counted{to: serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))}
	p := &Prober{Jobs: 3, Dial: c.dial, Proxy: Direct}
	n := 0
	p.All(t.Context(), registries(t, 30), func(trust.Probe) { n++ })
	if most := c.most.Load(); n != 30 || most > 3 {
		t.Errorf("%d probes, %d connections at once", n, most)
	}
}

// Registries that never answer must not hold up those that do: 200 of them wait
// side by side, although far fewer are let in at once.
func TestBlackHolesWaitSideBySide(t *testing.T) {
	holes := func(address string) bool { return address[1]%2 == 0 } // r0, r2, r4…
	c := &counted{to: serve(t, secure(labLeaf(t).Config(), answer(okAnswer))), blackHoles: holes}
	p := &Prober{Timeout: 2 * time.Second, Dial: c.dial, Proxy: Direct}
	start, dead := time.Now(), 0
	p.All(t.Context(), registries(t, 400), func(p trust.Probe) {
		if f := p.Endpoints[0].Failure; f != nil && f.Code == trust.Timeout {
			dead++
		}
	})
	took := time.Since(start)
	if dead < maxConnecting*2 || took < p.Timeout || took > p.Timeout+2*time.Second {
		t.Errorf("%d black holes, took %v", dead, took)
	}
	if most := c.most.Load(); most > maxOpen {
		t.Errorf("%d connections at once", most)
	}
}

func TestAllIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := &counted{blackHoles: func(string) bool { cancel(); return true }}
	start := time.Now()
	(&Prober{Timeout: time.Minute, Dial: c.dial, Proxy: Direct}).All(ctx, registries(t, 500), func(p trust.Probe) {
		t.Errorf("%s reported after the end", p.Registry)
	})
	if took := time.Since(start); took > 10*time.Second || c.now.Load() != 0 {
		t.Errorf("took %v, %d connections left", took, c.now.Load())
	}
}

func TestNoRegistries(t *testing.T) {
	new(Prober).All(t.Context(), nil, func(trust.Probe) { t.Error("something was probed") })
}

// A turn ends with its owner's work, or when that waits for too long; never twice.
func TestTurn(t *testing.T) {
	lane := make(chan struct{}, 1)
	take := func() *turn {
		got, err := takeTurn(t.Context(), lane) // blocks until the last one has ended
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	take().end()
	idle := take()
	idle.wait()
	next := take()
	idle.work()
	idle.end()
	if len(lane) != 1 {
		t.Error("a turn that had lapsed ended another's")
	}
	next.wait()
	next.work()
	done, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if _, err := takeTurn(done, lane); err == nil {
		t.Error("a turn lapsed while its owner worked")
	}
	next.end()
}

// How long a probe queues behind others says nothing about its registry.
func TestWaitingForATurnIsNotTheRegistrysTime(t *testing.T) {
	c := &counted{to: serve(t, secure(labLeaf(t).Config(), answer(okAnswer)))}
	v := (&Prober{Timeout: 200 * time.Millisecond, Dial: c.dial, Proxy: Direct}).visitor()
	v.lanes.shaking = make(chan struct{}, 1)
	other, _ := takeTurn(t.Context(), v.lanes.shaking)
	time.AfterFunc(3*v.Timeout, other.end)
	p := v.registry(t.Context(), registry(t, labAddress))
	if ep := p.Endpoints[0]; ep.Failure != nil || ep.HTTP == nil || p.Elapsed < 3*v.Timeout {
		t.Errorf("failure %v, unanswered %v after %v", ep.Failure, ep.Unanswered, p.Elapsed)
	}
}
