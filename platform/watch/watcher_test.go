package watch

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"mooring.dev/mooring/trust"
)

// scene is what a watcher looks at in a test.
type scene struct {
	mu     sync.Mutex
	sights map[string]Sight
	looked [][]string    // each round
	at     []time.Time   // and when
	takes  time.Duration // each registry; a look is cut short with its context
	broken error
}

func (w *scene) set(ss ...Sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range ss {
		w.sights[s.Registry.String()] = s
	}
}

func (w *scene) Watched(context.Context) ([]trust.Registry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []trust.Registry
	for _, s := range w.sights {
		out = append(out, s.Registry)
	}
	slices.SortFunc(out, trust.Registry.Compare)
	return out, w.broken
}

func (w *scene) Look(ctx context.Context, regs []trust.Registry, each func(Sight)) error {
	w.mu.Lock()
	var names []string
	for _, r := range regs {
		names = append(names, r.String())
	}
	w.looked, w.at = append(w.looked, names), append(w.at, time.Now())
	takes := w.takes
	w.mu.Unlock()
	for _, r := range regs {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(takes):
		}
		w.mu.Lock()
		s := w.sights[r.String()]
		w.mu.Unlock()
		each(s)
	}
	return nil
}

func (w *scene) rounds() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.at)
}

// run is a watcher over a world, in a bubble of its own time.
type run struct {
	*Watcher
	scene  *scene
	told   []string // one element for each time that something is told
	status Status
	saved  *Memory
	errs   []error
	stop   func()
}

func start(t *testing.T, w *scene, s Settings) *run { return resume(t, w, s, nil) }

// resume starts a watcher that goes on from what was told.
func resume(t *testing.T, w *scene, s Settings, m *Memory) *run {
	r := &run{scene: w}
	if w.sights == nil {
		w.sights = map[string]Sight{}
	}
	r.Watcher = New(Config{
		Looker: w, Settings: s, Random: middle, Memory: m,
		Tell:    func(es []Event) { r.told = append(r.told, say(es)) },
		Publish: func(s Status) { r.status = s },
		Save:    func(m *Memory) error { r.saved = m; return nil },
		Log:     func(err error) { r.errs = append(r.errs, err) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { r.Run(ctx); close(done) }()
	r.stop = func() { cancel(); <-done }
	return r
}

// after lets time pass and everything settle.
func after(d time.Duration) { time.Sleep(d); synctest.Wait() }

// after is after, ordered against what the watcher's goroutine will write.
func (r *run) after(d time.Duration) {
	r.do(func() {})
	after(d)
}

func TestRoundsComeAtTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}}
		w.set(good("a.example"), good("b.example"))
		r := start(t, w, Defaults())
		defer r.stop()
		r.after(time.Second)
		if w.rounds() != 1 || r.status.Mood != Good || r.status.Total != 2 || r.status.At.IsZero() || r.status.Checking {
			t.Fatalf("after a second: %d rounds, %+v", w.rounds(), r.status)
		}
		r.after(24 * time.Hour)
		if n := w.rounds(); n != 49 {
			t.Errorf("%d rounds in a day, want one each half an hour", n)
		}
		if r.told != nil {
			t.Errorf("a quiet day told %q", r.told)
		}
	})
}

func TestOneThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{}
		w.sights = map[string]Sight{}
		w.set(good("a.example"), down("b.example"))
		r := start(t, w, Defaults())
		defer r.stop()
		r.after(24 * time.Hour)
		n := 0
		for _, round := range w.looked {
			if slices.Contains(round, "b.example") {
				n++
			}
		}
		if n > 9 || n < 6 {
			t.Errorf("it was asked %d times in a day", n)
		}
		if r.status.Mood != Good || r.status.Unreached != 1 || len(r.status.Trouble) != 0 || r.told != nil {
			t.Errorf("%+v, told %q", r.status, r.told)
		}
		w.set(down("a.example"))
		r.after(time.Hour)
		if r.status.Mood != Offline || r.told != nil {
			t.Errorf("with nothing to be reached: %+v, told %q", r.status, r.told)
		}
	})
}

func TestAskingPausingAndResuming(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}}
		w.set(good("a.example"))
		r := start(t, w, Defaults())
		defer r.stop()
		r.after(time.Minute)
		w.set(refused("a.example", trust.Expired))
		r.CheckNow()
		r.after(5 * time.Second)
		if w.rounds() != 2 || r.status.Mood != Broken || !slices.Equal(r.told, []string{"untrusted expired"}) {
			t.Fatalf("asked: %d rounds, %+v, told %q", w.rounds(), r.status, r.told)
		}
		if tr := r.status.Trouble; len(tr) != 1 || tr[0].Registry != "a.example" || tr[0].Action != ActOpen {
			t.Errorf("trouble: %+v", tr)
		}
		r.Pause(time.Hour)
		r.after(59 * time.Minute)
		if w.rounds() != 2 || !r.status.Paused || !r.status.Next.IsZero() {
			t.Errorf("paused: %d rounds, %+v", w.rounds(), r.status)
		}
		r.CheckNow() // also then
		r.after(10 * time.Second)
		if w.rounds() != 3 || !r.status.Paused {
			t.Errorf("asked while paused: %d rounds, %+v", w.rounds(), r.status)
		}
		r.after(2 * time.Minute)
		if r.status.Paused {
			t.Error("the hour is over, and it is paused")
		}
		r.Pause(0)
		r.after(48 * time.Hour)
		rounds := w.rounds()
		if !r.status.Paused || !r.status.Until.IsZero() {
			t.Errorf("paused until resumed: %+v", r.status)
		}
		r.Resume()
		r.after(5 * time.Second)
		if w.rounds() != rounds+1 || r.status.Paused {
			t.Errorf("resumed: %d rounds more, %+v", w.rounds()-rounds, r.status)
		}
	})
}

func TestAskingDuringARoundLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}, takes: 10 * time.Second}
		w.set(good("a.example"))
		r := start(t, w, Defaults())
		defer r.stop()
		r.after(time.Second)
		if !r.status.Checking {
			t.Fatalf("no round is under way: %+v", r.status)
		}
		r.CheckNow()
		r.after(30 * time.Second)
		if w.rounds() != 2 || r.status.Checking {
			t.Errorf("%d rounds, %+v", w.rounds(), r.status)
		}
	})
}

func TestPausingCutsARoundShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}, takes: 4 * time.Second}
		w.set(good("a.example"), good("b.example"), good("c.example"))
		r := start(t, w, Defaults())
		defer r.stop()
		r.after(5 * time.Second)
		r.Pause(0)
		synctest.Wait()
		if r.status.Checking || r.status.Mood != Good {
			t.Fatalf("cut short: %+v", r.status)
		}
		r.Resume()
		r.after(time.Minute)
		if got := w.looked[1]; !slices.Equal(got, []string{"b.example", "c.example"}) {
			t.Errorf("the second round is %v, want the rest", got)
		}
		if r.errs != nil {
			t.Errorf("a cut was logged: %v", r.errs)
		}
	})
}

func TestAnotherNetworkSettlesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}}
		w.set(good("a.example"))
		r := start(t, w, Defaults())
		defer r.stop()
		r.after(time.Minute)
		for range 3 { // link, address, address
			r.Hint()
			r.after(time.Second)
		}
		if w.rounds() != 1 {
			t.Error("it did not wait for the network to settle")
		}
		r.after(5 * time.Second)
		if w.rounds() != 2 {
			t.Errorf("%d rounds after the network changed", w.rounds())
		}
		for range 600 { // a bad wireless link, for ten minutes
			r.Hint()
			r.after(time.Second)
		}
		if n := w.rounds(); n < 5 || n > 8 {
			t.Errorf("%d rounds while it came and went", n)
		}
	})
}

func TestQuietHoursTellAfterwardsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Defaults()
		s.Quiet = Quiet{22 * time.Hour, 8 * time.Hour}
		w := &scene{sights: map[string]Sight{}}
		w.set(good("a.example"), good("b.example"), good("c.example"))
		r := start(t, w, s)
		defer r.stop()
		// A bubble's time begins at midnight UTC.
		r.after(time.Until(at(21, 0)))
		for name := range w.sights {
			w.set(refused(name, trust.Expired))
		}
		r.after(time.Until(at(21, 50)))
		if len(r.told) != 1 {
			t.Fatalf("before the night: %q", r.told)
		}
		w.set(good("a.example"))
		other := good("b.example")
		other.Issuer = issuedBy("another ca", "another")
		r.after(time.Until(at(23, 30)))
		w.set(other, refused("a.example", trust.NameMismatch), refused("c.example", trust.Expired))
		r.after(8 * time.Hour)
		if len(r.told) != 1 {
			t.Fatalf("in the night: %q", r.told[1:])
		}
		if r.status.Mood != Broken {
			t.Errorf("the status sleeps too: %+v", r.status)
		}
		rounds := w.rounds()
		r.after(time.Until(at(8, 0)) + time.Second)
		if w.rounds()-rounds > 2 || len(r.told) != 2 {
			t.Fatalf("in the morning: %q", r.told[1:])
		}
		if r.told[1] != "issuer-changed" {
			t.Errorf("in the morning: %q", r.told[1])
		}
		r.after(20 * time.Hour)
		if len(r.told) != 2 {
			t.Errorf("told again: %q", r.told[2:])
		}
	})
}

// at is the next moment of that time of day.
func at(hour, minute int) time.Time {
	now := time.Now()
	t := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
	if !t.After(now) {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

func TestAfterALongTimeThereIsNoFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}}
		names := strings.Fields(strings.Repeat("x ", 120))
		for i := range names {
			names[i] = "r" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ".example"
			w.set(good(names[i]))
		}
		r := start(t, w, Defaults())
		r.after(time.Minute)
		r.stop()
		saved := r.saved
		for _, name := range names {
			w.set(refused(name, trust.Expired))
		}
		time.Sleep(30 * 24 * time.Hour)
		r = resume(t, w, Defaults(), saved)
		defer r.stop()
		r.after(time.Minute)
		if len(r.told) != 1 || strings.Count(r.told[0], "untrusted") != len(names) {
			t.Errorf("told %d times", len(r.told))
		}
	})
}

func TestAListThatCannotBeReadKeepsTheOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}}
		w.set(good("a.example"))
		r := start(t, w, Defaults())
		defer r.stop()
		r.after(time.Minute)
		w.mu.Lock()
		w.sights, w.broken = map[string]Sight{}, errors.New("no such file")
		w.mu.Unlock()
		r.after(time.Hour)
		if r.status.Total != 1 || len(r.errs) == 0 {
			t.Errorf("%+v, %v", r.status, r.errs)
		}
	})
}

// TestAMonth is a simulated month: what is told is exactly this.
func TestAMonth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &scene{sights: map[string]Sight{}}
		begin := time.Now()
		ending := func(name, id string, days float64) Sight {
			s := good(name)
			s.Issuer = issuedBy("ca", id)
			s.Ends = []End{{EndServer, id, begin.Add(time.Duration(days * float64(day))), 365 * day}}
			return s
		}
		w.set(ending("steady.example", "s", 400), ending("ends.example", "e1", 20.5), ending("flaps.example", "f", 400), ending("moves.example", "m1", 400))
		r := start(t, w, Defaults())
		defer r.stop()
		day20 := ending("ends.example", "e1", 20.5)
		day20.State, day20.Reason = trust.Refused, trust.Expired
		for d := range 30 {
			switch d {
			case 3, 9:
				w.set(down("flaps.example"))
			case 4, 10:
				w.set(ending("flaps.example", "f", 400))
			case 12: // the whole machine is offline for two days
				w.set(down("steady.example"), down("ends.example"), down("flaps.example"), down("moves.example"))
			case 14:
				moved := ending("moves.example", "m2", 400)
				moved.Issuer.IssuerName = "another ca"
				w.set(ending("steady.example", "s", 400), ending("ends.example", "e1", 20.5), ending("flaps.example", "f", 400), moved)
			case 21:
				w.set(day20)
			case 23:
				w.set(ending("ends.example", "e2", 400))
			}
			r.after(day)
			r.Hint() // each morning the machine wakes up
		}
		want := []string{
			"expires server 30", // at once: 20 days are left
			"expires server 14", // on the seventh day
			"expires server 7, issuer-changed",
			"expires server 1",
			"untrusted expired",
		}
		if !slices.Equal(r.told, want) {
			t.Errorf("told\n%s\nwant\n%s", strings.Join(r.told, "\n"), strings.Join(want, "\n"))
		}
	})
}
