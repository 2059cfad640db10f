//go:build linux

package tray

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/platform/notify"
	"mooring.dev/mooring/platform/watch"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words/wordstest"
)

// month is a simulated time and what is to be seen in it.
type month struct {
	mu     sync.Mutex
	now    time.Time
	sights []watch.Sight
}

func (m *month) Now() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.now }

func (m *month) Watched(context.Context) ([]trust.Registry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []trust.Registry
	for _, s := range m.sights {
		out = append(out, s.Registry)
	}
	return out, nil
}

func (m *month) Look(_ context.Context, regs []trust.Registry, each func(watch.Sight)) error {
	m.mu.Lock()
	sights := slices.Clone(m.sights)
	m.mu.Unlock()
	for _, s := range sights {
		if slices.Contains(regs, s.Registry) {
			each(s)
		}
	}
	return nil
}

func leafOf(name string) (s trust.Seen) {
	s.At, s.IssuerName = noon, "ca"
	copy(s.Leaf[:], name)
	return s
}

// TestAMonthOnTheBus goes through a month, six hours at a time, and compares what
// the desktop's service was given with what a person should have been told.
func TestAMonthOnTheBus(t *testing.T) {
	b := newBus(t)
	service := b.notifications("body", "body-markup")
	notifier := notify.New(onBus(b), func(string) {})
	defer notifier.Close()
	english := wordstest.New(t, "en")

	const year = 365 * 24 * time.Hour
	begin := time.Date(2026, 3, 1, 7, 0, 0, 0, time.Local)
	day := func(d float64) time.Time { return begin.Add(time.Duration(d * 24 * float64(time.Hour))) }
	sight := func(name string, ends ...watch.End) watch.Sight {
		return watch.Sight{Registry: parsed(t, name), State: trust.Trusted, Issuer: leafOf(name), Ends: ends}
	}
	server := func(id string, end float64) watch.End {
		return watch.End{Kind: watch.EndServer, ID: id, At: day(end), Life: year}
	}
	m := &month{now: begin}
	cert := server("cert", 20)
	client := watch.End{Kind: watch.EndClient, ID: "client", At: day(25), Life: year}
	login := watch.End{Kind: watch.EndSignIn, ID: "login", At: day(10), Life: 12 * time.Hour}
	a, s, c := sight("a.example", cert), sight("s.example", server("s", 300), login), sight("c.example", server("c", 300), client)
	d, e := sight("d.example", server("d", 300)), sight("e.example", server("e", 300))
	set := func(on float64) {
		down := func(s watch.Sight) watch.Sight {
			return watch.Sight{Registry: s.Registry, State: trust.Unreachable, Reason: trust.Timeout}
		}
		refused := func(s watch.Sight, why trust.Code) watch.Sight {
			s.State, s.Reason = trust.Refused, why
			return s
		}
		now := []watch.Sight{a, s, c, d, e}
		if on >= 20 { // nobody renewed it, for two days
			now[0] = refused(a, trust.Expired)
		}
		if on >= 22 {
			now[0] = sight("a.example", server("renewed", 400))
			now[0].Issuer.Leaf[0]++
		}
		if int(on)%3 == 1 { // a server that is down every third day
			now[3] = down(d)
		}
		if on >= 6 && on < 9 { // the machine has no network
			for i := range now {
				now[i] = down(now[i])
			}
		}
		if on >= 15 { // another CA
			now[4].Issuer.IssuerName = "another ca"
		}
		m.sights = now
	}
	set(0)
	seen := make(chan watch.Status, 1024)
	watcher := watch.New(watch.Config{
		Looker: m, Now: m.Now, Random: func() float64 { return 0.5 },
		Settings: watch.Settings{Every: 30 * time.Minute, Quiet: watch.Quiet{From: 22 * time.Hour, To: 6 * time.Hour}},
		Tell: func(events []watch.Event) {
			n, _ := noteOf(english, events)
			if err := notifier.Notify(context.Background(), n); err != nil {
				t.Error(err)
			}
		},
		Publish: func(s watch.Status) { seen <- s },
		Log:     func(err error) { t.Error(err) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); watcher.Run(ctx) }()
	for step := range 30 * 4 {
		m.mu.Lock()
		m.now = begin.Add(time.Duration(step) * 6 * time.Hour)
		set(float64(step) / 4)
		at := m.now
		m.mu.Unlock()
		watcher.CheckNow()
		eventually(t, "the round of "+at.String(), func() bool {
			for {
				select {
				case s := <-seen:
					if s.At.Equal(at) && !s.Checking {
						return true
					}
				default:
					return false
				}
			}
		})
		watcher.Status() // and what it tells
	}
	cancel()
	<-done
	var got []string
	for _, n := range service.all() {
		got = append(got, n.title+" | "+strings.ReplaceAll(n.body, "\n", " / "))
	}
	want := []string{
		"2 changes at your registries | The certificate of a.example ends within 30 days / Your client certificate for c.example ends within 30 days",
		// Day 6 crosses 14 days while nothing can be reached: told when it can again.
		"The certificate of a.example ends within 14 days | It ends on 21 Mar 2026. Whoever runs the registry has to renew it.",
		"The sign-in to s.example has expired | Sign in again before the next pull or push.",
		"Your client certificate for c.example ends within 14 days | It ends on 26 Mar 2026. Ask whoever issued it for a new one.",
		"The certificate of a.example ends within 7 days | It ends on 21 Mar 2026. Whoever runs the registry has to renew it.",
		"Somebody else now vouches for e.example | Its certificate has another issuer than before. If nobody announced that, ask before you use it.",
		"Your client certificate for c.example ends within 7 days | It ends on 26 Mar 2026. Ask whoever issued it for a new one.",
		"The certificate of a.example ends within a day | It ends on 21 Mar 2026. Whoever runs the registry has to renew it.",
		"a.example is no longer trusted | A certificate has expired. It is refused until that is mended.",
		"Your client certificate for c.example ends within a day | It ends on 26 Mar 2026. Ask whoever issued it for a new one.",
		"Your client certificate for c.example has ended | It ended on 26 Mar 2026. Ask whoever issued it for a new one.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
