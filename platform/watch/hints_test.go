package watch

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
)

func TestAClockThatJumpedIsAHint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var slept atomic.Int64 // what the wall clock is ahead of the other
		var hints atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		go jumps(ctx, time.Minute, func() time.Time { return time.Now().Add(time.Duration(slept.Load())) }, func() { hints.Add(1) })
		after(time.Hour)
		if hints.Load() != 0 {
			t.Errorf("%d hints in an hour", hints.Load())
		}
		slept.Store(int64(10 * time.Second)) // a time server
		after(2 * time.Minute)
		if hints.Load() != 0 {
			t.Errorf("a clock that was set right is a hint")
		}
		slept.Store(int64(8 * time.Hour))
		after(2 * time.Minute)
		slept.Store(0) // set back
		after(2 * time.Minute)
		if hints.Load() != 2 {
			t.Errorf("%d hints, want one for each jump", hints.Load())
		}
		cancel()
		synctest.Wait()
	})
}

func TestContainersAreNoOtherNetwork(t *testing.T) {
	home := []netip.Prefix{netip.MustParsePrefix("192.168.1.7/24")}
	now := home
	changed := sameNetwork(func() []netip.Prefix { return now })
	if changed() {
		t.Error("the same addresses are another network")
	}
	now = append(home, netip.MustParsePrefix("10.8.0.2/32"))
	if !changed() || changed() {
		t.Error("a tunnel is no other network, or one each time")
	}
	now = nil
	if !changed() {
		t.Error("no network is no other network")
	}
}

func TestWhatTheSystemBusSays(t *testing.T) {
	for name, c := range map[string]struct {
		signal *dbus.Signal
		want   bool
	}{
		"woke up":        {&dbus.Signal{Name: sleepSignal, Body: []any{false}}, true},
		"falls asleep":   {&dbus.Signal{Name: sleepSignal, Body: []any{true}}, false},
		"online":         {&dbus.Signal{Name: onlineSignal, Body: []any{uint32(70)}}, true},
		"offline":        {&dbus.Signal{Name: onlineSignal, Body: []any{uint32(20)}}, false},
		"networkd":       {&dbus.Signal{Name: changedSignal, Path: networkdPath, Body: []any{networkdFace}}, true},
		"somebody else":  {&dbus.Signal{Name: changedSignal, Path: "/org/freedesktop/systemd1", Body: []any{networkdFace}}, false},
		"of other types": {&dbus.Signal{Name: sleepSignal, Body: []any{"false"}}, false},
		"empty":          {&dbus.Signal{Name: sleepSignal}, false},
		"nothing":        {nil, false},
	} {
		if got := isHint(c.signal); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
