package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mooring.dev/mooring/platform"
)

func TestReadPassword(t *testing.T) {
	for in, want := range map[string]string{
		"secret": "secret", "secret\n": "secret", "secret\r\n": "secret", "two\nlines\n": "two\nlines", " spaces ": " spaces ", "\n": "", "": "",
		strings.Repeat("x", maxPassword): strings.Repeat("x", maxPassword),
	} {
		a := &app{std: IO{In: strings.NewReader(in)}}
		if got, err := a.readPassword(); err != nil || got != want {
			t.Errorf("%.20q: %.20q, %v", in, got, err)
		}
	}
	a := &app{std: IO{In: strings.NewReader(strings.Repeat("x", maxPassword+1))}}
	var long failed
	if _, err := a.readPassword(); !errors.As(err, &long) {
		t.Error(err)
	}
}

// Ctrl-C ends a list where it is, with what was listed so far.
func TestCatalogIsCancelled(t *testing.T) {
	for _, args := range [][]string{{"catalog", "hangs.example"}, {"catalog", "hangs.example", "--json"}} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		out := &cancelling{after: "first", cancel: cancel}
		var complaint bytes.Buffer
		code := Main(ctx, args, IO{Out: out, Err: &complaint}, Wiring{
			Service: func(Globals) (platform.Service, error) { return openFake(t.TempDir(), "") },
		})
		if code != exitDeclined || !strings.Contains(out.seen.String(), "first") || complaint.Len() == 0 {
			t.Errorf("%q: exit status %d, %q, %q", args, code, out.seen.String(), complaint.String())
		}
		if len(args) == 3 && !strings.HasSuffix(out.seen.String(), "]}\n") {
			t.Errorf("JSON that is not whole: %q", out.seen.String())
		}
		cancel()
	}
}

// cancelling presses Ctrl-C once it has seen a text.
type cancelling struct {
	seen   bytes.Buffer
	after  string
	cancel context.CancelFunc
}

func (c *cancelling) Write(p []byte) (int, error) {
	c.seen.Write(p)
	if strings.Contains(c.seen.String(), c.after) {
		c.cancel()
	}
	return len(p), nil
}
