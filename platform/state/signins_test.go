package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mooring.dev/mooring/trust"
)

func TestSignInsAreNoted(t *testing.T) {
	w := home(t)
	s := Open(w)
	if all, err := s.SignIns(); err != nil || len(all) != 0 {
		t.Fatalf("before any: %v, %v", all, err)
	}
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	a := SignIn{Registry: reg(t, "a.lab:5000"), User: "alice", At: at}
	b := SignIn{Registry: reg(t, "b.lab"), User: "AWS", Token: true, At: at, Expires: at.Add(12 * time.Hour)}
	must(t, s.NoteSignIn(b))
	must(t, s.NoteSignIn(a))
	if got, err := Open(w).SignIns(); err != nil || !slices.Equal(got, []SignIn{a, b}) {
		t.Errorf("got %+v, %v", got, err)
	}
	a.User = "bob"
	must(t, s.NoteSignIn(a))
	must(t, s.ForgetSignIn(b.Registry))
	must(t, s.ForgetSignIn(b.Registry)) // nothing there is no error
	if got, err := Open(w).SignIns(); err != nil || !slices.Equal(got, []SignIn{a}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if i, err := os.Stat(s.signIns); err != nil || runtime.GOOS != "windows" && i.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", i.Mode(), err)
	}
}

// Whoever noted a sign-in may be the credential helper, several of which docker
// starts at once.
func TestSignInsOfManyProcesses(t *testing.T) {
	w := home(t)
	var wg sync.WaitGroup
	for i := range 20 {
		r := reg(t, fmt.Sprintf("r%d.lab", i))
		wg.Go(func() {
			if err := Open(w).NoteSignIn(SignIn{Registry: r, User: "u", At: w.Now()}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if all, err := Open(w).SignIns(); err != nil || len(all) != 20 {
		t.Errorf("%d sign-ins, %v", len(all), err)
	}
}

func TestSignInsOfABrokenFile(t *testing.T) {
	for name, tt := range map[string]struct {
		content string
		kept    bool // the file is left alone
	}{
		"cut short": {`{"schema":1,"signIns":[{"regi`, false},
		"no list":   {`[]`, false},
		"too large": {strings.Repeat(" ", maxSignIns+1), false},
		"newer":     {`{"schema":2,"signIns":{"in":"another form"}}`, true},
		"newest":    {`{"schema":3}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := home(t)
			s := Open(w)
			path := s.signIns
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, []byte(tt.content), 0o600))
			_, err := s.SignIns()
			var corrupt *CorruptError
			if err == nil || errors.As(err, &corrupt) == tt.kept {
				t.Errorf("read: %v", err)
			}
			err = s.NoteSignIn(SignIn{Registry: reg(t, "a.lab"), At: w.Now()})
			all, _ := s.SignIns()
			if content(t, path) == tt.content != (err != nil) || err == nil && len(all) != 1 {
				t.Errorf("noted: %v, %v", all, err)
			}
			if aside, _ := filepath.Glob(path + ".broken-*"); err == nil && len(aside) != 1 {
				t.Errorf("the broken file was not kept: %v", aside)
			}
		})
	}
}

func FuzzSignIns(f *testing.F) {
	f.Add([]byte(`{"schema":1,"signIns":[{"registry":"reg.lab:5000","user":"u","token":true,"at":"2026-01-02T03:04:05Z","expires":"2026-01-02T15:04:05Z"}]}`))
	f.Add([]byte(`{"schema":1,"signIns":[{"registry":"","user":"u"},{"registry":"a"},{"registry":"a"}]}`))
	f.Add([]byte(`{"schema":9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := parseSignIns(data)
		if err != nil {
			return
		}
		seen := map[trust.Registry]bool{}
		for _, in := range all {
			if in.Registry.IsZero() || seen[in.Registry] {
				t.Errorf("%v twice, or no registry", in.Registry)
			}
			seen[in.Registry] = true
		}
		text, err := renderSignIns(all)
		if err != nil {
			return // a year that JSON cannot write
		}
		if again, err := parseSignIns(text); err != nil || len(again) != len(all) {
			t.Errorf("read back: %v, %v", again, err)
		}
	})
}
