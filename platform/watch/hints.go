package watch

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// Hints calls hint whenever the system says that the machine woke up or that its
// network may be another, until ctx ends; it returns when nothing of it is left.
// What a system cannot tell is noticed by the clock: a machine that slept finds it
// ahead.
func Hints(ctx context.Context, hint func()) {
	var wg sync.WaitGroup
	tick := time.Minute
	if signals, tells := systemBus(ctx, hint); signals != nil {
		wg.Go(signals)
		if tells {
			tick = 15 * time.Minute
		}
	}
	changed := sameNetwork(addresses)
	wg.Go(func() {
		links(ctx, func() {
			if changed() {
				hint()
			}
		})
	})
	jumps(ctx, tick, time.Now, hint)
	wg.Wait()
}

// maxJump is how far the clocks may differ: time servers correct by less.
const maxJump = 30 * time.Second

// jumps calls hint when the wall clock went another way than the one that stands
// still while the machine sleeps.
func jumps(ctx context.Context, every time.Duration, wall func() time.Time, hint func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, ran := wall().Round(0), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now, running := wall().Round(0), time.Now()
		if jump := now.Sub(last) - running.Sub(ran); jump.Abs() > maxJump {
			hint()
		}
		last, ran = now, running
	}
}

// sameNetwork returns a function that reports whether the addresses are others
// than at its last call. Each container that starts makes links and addresses of
// its own: those are no other network.
func sameNetwork(addresses func() []netip.Prefix) (changed func() bool) {
	last := addresses()
	return func() bool {
		was := last
		last = addresses()
		return !slices.Equal(was, last)
	}
}

// virtual are the names by which engines and hypervisors call the links that they
// make for containers and guests.
var virtual = []string{"veth", "docker", "br-", "cni", "podman", "virbr", "vmnet", "vboxnet", "lxc", "lxd", "cali", "flannel", "vEthernet"}

// addresses are those by which this machine is reached from elsewhere.
func addresses() []netip.Prefix {
	links, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var out []netip.Prefix
	for _, l := range links {
		made := slices.ContainsFunc(virtual, func(prefix string) bool { return strings.HasPrefix(l.Name, prefix) })
		if made || l.Flags&net.FlagUp == 0 || l.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, _ := l.Addrs() // a link that went away has none
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && !p.Addr().IsLinkLocalUnicast() {
				out = append(out, p)
			}
		}
	}
	slices.SortFunc(out, func(a, b netip.Prefix) int {
		if c := a.Addr().Compare(b.Addr()); c != 0 {
			return c
		}
		return a.Bits() - b.Bits()
	})
	return out
}
