package keychain

import (
	"context"
	"errors"
	"testing"

	"mooring.dev/mooring/platform/change"
	"mooring.dev/mooring/platform/store/keychain/keychaintest"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/trusttest"
)

func TestFailures(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	// As a Mac in German says it; what it means `security error` tells.
	german := map[int]string{
		-60006: "Die Autorisierung wurde vom Benutzer abgebrochen.",
		-60007: "Die Autorisierung wurde verweigert.",
		-25263: "Es wurden keine Vertrauenseinstellungen gefunden.",
		-25300: "Das angegebene Objekt wurde nicht gefunden.",
		-61:    "Fehler bei Schreibrechten.",
	}
	for _, words := range []map[int]string{nil, german} {
		for name, tt := range map[string]struct {
			domain string
			with   func(*keychaintest.Mac)
			want   change.Code
		}{
			"cancelled":                   {User, func(m *keychaintest.Mac) { m.Person = keychaintest.Cancels }, change.ErrRefusedByPerson},
			"cancelled, administrator":    {Admin, func(m *keychaintest.Mac) { m.Person = keychaintest.Cancels }, change.ErrRefusedByPerson},
			"wrong password":              {Admin, func(m *keychaintest.Mac) { m.Person = keychaintest.Wrong }, change.ErrRefusedByPerson},
			"headless":                    {User, func(m *keychaintest.Mac) { m.Person = keychaintest.Headless }, change.ErrNoAgent},
			"headless root":               {Admin, func(m *keychaintest.Mac) { m.Person = keychaintest.Headless }, change.ErrNoAgent},
			"a locked keychain, headless": {User, func(m *keychaintest.Mac) { m.Person, m.Locked = keychaintest.Headless, true }, change.ErrNoAgent},
			"no rights":                   {Admin, func(m *keychaintest.Mac) { m.Root = false }, change.ErrNoRights},
		} {
			t.Run(name, func(t *testing.T) {
				l := newLab(t, tt.domain)
				l.Words = words
				tt.with(l.Mac)
				err := l.store.Set(t.Context(), root.Cert, wanted)
				if !errors.Is(err, tt.want) {
					t.Errorf("%v, want %s", err, tt.want)
				}
				if l.get(t, root) != (trust.Membership{}) || len(l.Held(l.keychainOf(tt.domain))) > 0 {
					t.Error("something is left of it")
				}
				// Removing asks as well, and a refusal changes nothing.
				l.Hold(l.keychainOf(tt.domain), root.Cert)
				l.Say(tt.domain, root.Cert, keychaintest.Rule("ssl", "", 0))
				if l.Person == keychaintest.Agrees {
					return
				}
				if err := l.store.Set(t.Context(), root.Cert, trust.Membership{}); !errors.Is(err, tt.want) {
					t.Errorf("removing: %v, want %s", err, tt.want)
				}
				if got := l.get(t, root); got != wanted {
					t.Errorf("after the refusal: %+v", got)
				}
			})
		}
	}
}

// Of a root process that may add without a panel it still needs one to remove the
// last trust settings: a hosted runner.
func TestWithoutSIP(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	l := newLab(t, Admin)
	l.NoSIP, l.Person = true, keychaintest.Headless
	l.set(t, root, wanted)
	if err := l.store.Set(t.Context(), root.Cert, trust.Membership{}); !errors.Is(err, change.ErrNoAgent) {
		t.Errorf("%v", err)
	}
}

type broken struct {
	*keychaintest.Mac
	change func(c world.Command, r world.Result) (world.Result, error)
}

func (b broken) Run(ctx context.Context, c world.Command) (world.Result, error) {
	r, err := b.Mac.Run(ctx, c)
	if err != nil {
		return r, err
	}
	return b.change(c, r)
}

// Whatever `security` answers, a change that did not come about is never called one.
func TestBrokenTool(t *testing.T) {
	root := trusttest.NewCA(t, "Corp Root CA")
	fails := errors.New("fork: resource temporarily unavailable")
	for name, f := range map[string]func(c world.Command, r world.Result) (world.Result, error){
		"cannot be run": func(world.Command, world.Result) (world.Result, error) { return world.Result{}, fails },
		"says nothing":  func(world.Command, world.Result) (world.Result, error) { return world.Result{}, nil },
		"says garbage": func(world.Command, world.Result) (world.Result, error) {
			return world.Result{Stdout: []byte("…")}, nil
		},
		"fails without words": func(world.Command, world.Result) (world.Result, error) { return world.Result{Code: 1}, nil },
		"wrong usage":         func(world.Command, world.Result) (world.Result, error) { return world.Result{Code: 2}, nil },
		"endless": func(world.Command, world.Result) (world.Result, error) {
			return world.Result{Stdout: make([]byte, world.MaxOutput)}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, User)
			w := l.w
			w.Run = broken{l.Mac, f}
			s, err := Kind{}.Open(w, User)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Set(t.Context(), root.Cert, wanted); err == nil {
				t.Error("it was called done")
			}
		})
	}
}

func TestCancelledContext(t *testing.T) {
	l := newLab(t, User)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.store.Set(ctx, trusttest.NewCA(t, "CA").Cert, wanted); !errors.Is(err, change.ErrCancelled) {
		t.Error(err)
	}
}
