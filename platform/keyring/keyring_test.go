package keyring

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	gokeyring "github.com/zalando/go-keyring"
	"go.uber.org/goleak"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// script is a library that holds items in memory, fails as told, and blocks.
type script struct {
	mu    sync.Mutex
	items map[string]string
	err   error
	spoil string        // what is kept in the place of what was set
	block chan struct{} // closed to let calls go on
	calls int
}

func (s *script) call(do func()) error {
	s.mu.Lock()
	s.calls++
	block := s.block
	s.mu.Unlock()
	if block != nil {
		<-block
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		do()
	}
	return s.err
}

func (s *script) Set(_, user, password string) error {
	return s.call(func() {
		if s.spoil != "" {
			password = s.spoil
		}
		s.items[user] = password
	})
}

func (s *script) Get(_, user string) (text string, err error) {
	err = s.call(func() { text = s.items[user] })
	if err == nil && text == "" {
		err = gokeyring.ErrNotFound
	}
	return text, err
}

func (s *script) Delete(_, user string) error {
	found := false
	err := s.call(func() { _, found = s.items[user]; delete(s.items, user) })
	if err == nil && !found {
		err = gokeyring.ErrNotFound
	}
	return err
}

func (s *script) entered() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

type nobody struct{ world.Runner }

// on is a keyring of a system where the library is all there is.
func on(target string) (*system, *script) {
	lib := &script{items: map[string]string{}}
	w := world.World{OS: target, Run: nobody{}}
	return &system{w: w, lib: lib, turn: &turn{}}, lib
}

func password(user, secret string) trust.Credential {
	return trust.Credential{User: user, Secret: trust.NewSecret(secret)}
}

func stateOf(err error) State {
	var e *Error
	if errors.As(err, &e) {
		return e.State
	}
	return ""
}

func TestStores(t *testing.T) {
	windows, _ := on("windows")
	for name, s := range map[string]Store{"system": windows, "memory": Memory()} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if _, err := s.Get(ctx, "reg:5000"); stateOf(err) != NotFound {
				t.Errorf("before: %v", err)
			}
			for _, c := range []trust.Credential{
				password("alice", "correct horse & <battery> \"staple\"\n\x00"),
				password("", "пароль 비밀번호"),
				{User: "00000000-0000-0000-0000-000000000000", Secret: trust.NewSecret("ey.token"), Token: true},
			} {
				if err := s.Set(ctx, "reg:5000", c); err != nil {
					t.Fatal(err)
				}
				if got, err := s.Get(ctx, "reg:5000"); err != nil || got != c {
					t.Errorf("got %q, token %v, %v", got.User, got.Token, err)
				}
			}
			for _, near := range []string{"reg", "reg:500", "REG:5000", "reg:5000/", "reg:50000"} {
				if _, err := s.Get(ctx, near); stateOf(err) != NotFound {
					t.Errorf("%q: %v", near, err)
				}
			}
			if err := s.Delete(ctx, "reg:5000"); err != nil {
				t.Error(err)
			}
			if err := s.Delete(ctx, "reg:5000"); stateOf(err) != NotFound {
				t.Errorf("again: %v", err)
			}
			if err := s.Set(ctx, "reg:5000", password("alice", "")); stateOf(err) != Failed {
				t.Errorf("no secret: %v", err)
			}
		})
	}
}

// The bounds are those of the whole value, by each system's rule, and nothing is
// asked of the keyring beyond them.
func TestTooBig(t *testing.T) {
	const key = "reg.example:5000"
	frame, err := encode(key, password("u", "x"))
	if err != nil {
		t.Fatal(err)
	}
	// `add-generic-password -U -s mooring -a 'reg.example:5000' -w go-keyring-base64:…` and a line end.
	line := len("add-generic-password -U -s mooring -a 'reg.example:5000' -w go-keyring-base64:\n")
	for target, most := range map[string]int{
		"windows": 2560 - len(frame) + 1,
		"darwin":  (4096-line)/4*3 - len(frame) + 1,
		"linux":   maxValue - len(frame) + 1,
	} {
		if err := fits(target, key, valueOf(t, key, most)); err != nil {
			t.Errorf("%s: %d bytes: %v", target, most, err)
		}
		if err := fits(target, key, valueOf(t, key, most+3)); stateOf(err) != TooBig {
			t.Errorf("%s: %d bytes: %v", target, most+3, err)
		}
		s, lib := on(target)
		secret := strings.Repeat("x", most+3)
		err := s.Set(t.Context(), key, password("u", secret))
		if stateOf(err) != TooBig || lib.entered() > 0 {
			t.Errorf("%s: %d calls, %v", target, lib.entered(), err)
		}
		if strings.Contains(err.Error(), "xx") {
			t.Errorf("%s: the error holds the secret", target)
		}
	}
}

func valueOf(t *testing.T, key string, secret int) string {
	t.Helper()
	text, err := encode(key, password("u", strings.Repeat("x", secret)))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A secret that JSON cannot hold as it is would come back as another one.
func TestNotText(t *testing.T) {
	s, lib := on("windows")
	for _, c := range []trust.Credential{password("u", "a\xffb"), password("\xff", "s")} {
		if err := s.Set(t.Context(), "reg", c); stateOf(err) != Failed || !errors.Is(err, errNotText) || lib.entered() > 0 {
			t.Errorf("%v", err)
		}
	}
}

func TestReadBack(t *testing.T) {
	s, lib := on("darwin")
	lib.spoil = `{"v":1,"registry":"reg","user":"alice","secret":"other"}`
	err := s.Set(t.Context(), "reg", password("alice", "secret"))
	if stateOf(err) != Failed || !errors.Is(err, errDiffers) {
		t.Errorf("%v", err)
	}
	if len(lib.items) > 0 {
		t.Error("what is of no use was left in the keyring")
	}
}

// What another program put there under our name goes to no registry.
func TestForeignValues(t *testing.T) {
	s, lib := on("windows")
	for _, text := range []string{
		"hunter2", `"hunter2"`, `null`, `{}`, `[]`, `{"v":1}`, `{"v":2,"registry":"reg","user":"u","secret":"hunter2"}`,
		`{"v":1,"registry":"reg","user":"u","secret":"hunter2","more":1}`, `{"v":1,"registry":"reg","user":"u","secret":"hunter2"} x`,
		`{"v":1,"registry":"reg","user":"u","secret":"hunter2"}}`, `{"v":1,"registry":"reg","user":"u","secret":""}`,
		`{"v":1,"registry":"reg","user":1,"secret":"hunter2"}`,
		`{"v":1,"registry":"reg","user":"u","secret":"hunter2` + strings.Repeat("2", maxValue) + `"}`,
	} {
		lib.items["reg"] = text
		c, err := s.Get(t.Context(), "reg")
		if stateOf(err) != Failed || c != (trust.Credential{}) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

// Windows finds "reg" where "REG" was asked for; macOS and Linux may some day.
func TestAnotherSpelling(t *testing.T) {
	s, lib := on("windows")
	if err := s.Set(t.Context(), "reg", password("alice", "hunter2")); err != nil {
		t.Fatal(err)
	}
	lib.items["REG"] = lib.items["reg"]
	if c, err := s.Get(t.Context(), "REG"); stateOf(err) != NotFound || c != (trust.Credential{}) {
		t.Errorf("got %q, %v", c.User, err)
	}
	if err := s.Delete(t.Context(), "REG"); stateOf(err) != NotFound || lib.items["REG"] == "" {
		t.Errorf("deleted: %v", err)
	}
	lib.items["other"] = "hunter2" // not ours, but under our name
	if err := s.Delete(t.Context(), "other"); err != nil || lib.items["other"] != "" {
		t.Errorf("what cannot be used cannot be removed: %v", err)
	}
}

// A library that never comes back holds one goroutine and no caller.
func TestBlocked(t *testing.T) {
	s, lib := on("windows")
	lib.block = make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, "reg"); stateOf(err) != TimedOut || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("first: %v", err)
	}
	for range 3 { // at once, though their own time is not up
		if err := s.Set(t.Context(), "reg", password("u", "s")); stateOf(err) != TimedOut || !errors.Is(err, errStuck) {
			t.Errorf("while stuck: %v", err)
		}
	}
	if lib.entered() != 1 {
		t.Errorf("%d calls went in", lib.entered())
	}
	s.turn.mu.Lock()
	inside := s.turn.inside
	s.turn.mu.Unlock()
	close(lib.block)
	<-inside.left
	if err := s.Set(t.Context(), "reg", password("u", "s")); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

// Calls side by side wait for each other, and are not taken for stuck.
func TestSideBySide(t *testing.T) {
	s, lib := on("windows")
	lib.block = make(chan struct{})
	lib.items["reg"] = `{"v":1,"registry":"reg","user":"u","secret":"s"}`
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := s.Get(t.Context(), "reg"); err != nil {
				t.Error(err)
			}
		})
	}
	close(lib.block)
	wg.Wait()
	if lib.entered() != 8 {
		t.Errorf("%d calls", lib.entered())
	}
}

// Whoever waits behind another call has a time-out too.
func TestWaiting(t *testing.T) {
	s, lib := on("windows")
	lib.block = make(chan struct{})
	entered := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.turn.do(t.Context(), func() error { close(entered); <-lib.block; return nil })
	})
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, "reg"); stateOf(err) != TimedOut {
		t.Errorf("%v", err)
	}
	close(lib.block)
	wg.Wait()
}

func TestNoKeyringInATree(t *testing.T) {
	w := world.Under(t.TempDir(), "linux")
	s := System(w)
	_, err := s.Get(t.Context(), "reg")
	for what, err := range map[string]error{
		"get": err, "set": s.Set(t.Context(), "reg", password("u", "s")), "delete": s.Delete(t.Context(), "reg"),
		"check": Check(t.Context(), w), "other system": Check(t.Context(), world.World{OS: "plan9", Run: nobody{}}),
	} {
		if stateOf(err) != Unsupported {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("reg", `{"v":1,"registry":"reg","user":"alice","secret":"s","token":true}`)
	f.Add("", `{"v":1,"registry":"","user":"","secret":"\u0000\"&<>"}`)
	f.Add("reg", `{"v":2}`)
	f.Fuzz(func(t *testing.T, key, text string) {
		c, err := decode(key, text)
		if err != nil {
			if c != (trust.Credential{}) {
				t.Error("a credential beside the error")
			}
			return
		}
		again, err := encode(key, c)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(key, again); err != nil || got != c {
			t.Errorf("%q came back as another", again)
		}
	})
}

func FuzzEncode(f *testing.F) {
	f.Add("alice", "secret", false)
	f.Add("", "\xff", true)
	f.Fuzz(func(t *testing.T, user, secret string, token bool) {
		c := trust.Credential{User: user, Secret: trust.NewSecret(secret), Token: token}
		text, err := encode("reg", c)
		if err != nil || len(text) > maxValue {
			return
		}
		if got, err := decode("reg", text); err != nil || got != c {
			t.Errorf("%q came back as another", text)
		}
		if _, err := decode("REG", text); err == nil {
			t.Error("came back for another registry")
		}
	})
}
