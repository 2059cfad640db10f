package watch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

func middle() float64 { return 0.5 }

func TestBackOffDoublesUpToSixHours(t *testing.T) {
	every := 30 * time.Minute
	want := []time.Duration{every, every, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 6 * time.Hour}
	for failed, d := range want {
		if got := backOff(every, failed); got != d {
			t.Errorf("after %d looks that failed: %v, want %v", failed, got, d)
		}
	}
	if got := backOff(12*time.Hour, 3); got != 12*time.Hour {
		t.Errorf("a longer interval is shortened to %v", got)
	}
}

func TestJitterStaysInBounds(t *testing.T) {
	for _, r := range []float64{0, 0.25, 0.5, 0.999999} {
		s := newSchedule(30*time.Minute, func() float64 { return r })
		if d := s.jittered(s.every); d < 24*time.Minute || d > 36*time.Minute {
			t.Errorf("with %v: %v, want within a fifth of 30m", r, d)
		}
	}
}

func TestRegistriesStayTogether(t *testing.T) {
	s := newSchedule(30*time.Minute, middle)
	regs := []trust.Registry{reg("a.example"), reg("b.example"), reg("c.example")}
	s.set(regs, noon)
	if got := s.take(noon); !slices.Equal(got, regs) {
		t.Fatalf("the first round is %v", got)
	}
	s.done(map[trust.Registry]bool{regs[0]: true, regs[1]: true, regs[2]: false}, noon)
	if got := s.next(); !got.Equal(noon.Add(30 * time.Minute)) {
		t.Errorf("the next round is at %v", got)
	}
	// The one that failed once is due with the others, then ever later.
	at := noon.Add(30 * time.Minute)
	if got := s.take(at); len(got) != 3 {
		t.Fatalf("the second round is %v", got)
	}
	s.done(map[trust.Registry]bool{regs[0]: true, regs[1]: true, regs[2]: false}, at)
	at = at.Add(30 * time.Minute)
	if got := s.take(at); !slices.Equal(got, regs[:2]) {
		t.Errorf("the third round is %v, want it without the one that does not answer", got)
	}
	if due := s.slots[regs[2]].due; !due.Equal(noon.Add(90 * time.Minute)) {
		t.Errorf("it is due at %v", due)
	}
}

func TestOfflineIsNoReasonToComeLater(t *testing.T) {
	s := newSchedule(30*time.Minute, middle)
	regs := []trust.Registry{reg("a.example"), reg("b.example")}
	s.set(regs, noon)
	at := noon
	for range 10 {
		s.done(map[trust.Registry]bool{regs[0]: false, regs[1]: false}, at)
		at = s.next()
	}
	if !at.Equal(noon.Add(5 * time.Hour)) {
		t.Errorf("ten rounds took until %v", at)
	}
}

func TestAThousandAreNoBurst(t *testing.T) {
	s := newSchedule(30*time.Minute, middle)
	var regs []trust.Registry
	for i := range 1000 {
		regs = append(regs, reg(fmt.Sprintf("r%d.example", i)))
	}
	s.set(regs, noon)
	seen := map[trust.Registry]bool{}
	at := noon
	for range 20 {
		round := s.take(at)
		if len(round) > batch {
			t.Fatalf("a round of %d", len(round))
		}
		answered := map[trust.Registry]bool{}
		for _, r := range round {
			seen[r], answered[r] = true, true
		}
		s.done(answered, at)
		if next := s.next(); next.Sub(at) < gap {
			t.Fatalf("the next round follows after %v", next.Sub(at))
		}
		at = s.next()
	}
	if len(seen) != 1000 {
		t.Errorf("after 20 rounds %d were looked at", len(seen))
	}
}

func TestTheListChanges(t *testing.T) {
	s := newSchedule(30*time.Minute, middle)
	a, b := reg("a.example"), reg("b.example")
	if !s.next().IsZero() || s.take(noon) != nil {
		t.Error("without registries something is due")
	}
	s.set([]trust.Registry{a}, noon)
	s.done(map[trust.Registry]bool{a: true}, noon)
	s.set([]trust.Registry{b}, noon.Add(time.Minute))
	s.done(map[trust.Registry]bool{a: true}, noon.Add(time.Minute)) // was under way
	if got := s.take(noon.Add(time.Minute)); !slices.Equal(got, []trust.Registry{b}) {
		t.Errorf("the new one is not due at once: %v", got)
	}
	s.now(noon.Add(2 * time.Minute))
	if s.slots[b].failed != 0 || s.slots[b].due.After(noon.Add(2*time.Minute)) {
		t.Error("asking does not make it due")
	}
}
