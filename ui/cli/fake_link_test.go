package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
)

// called keeps in the file "calls" of the suite what would have reached a network.
func (f *fake) called(what string, regs []trust.Registry) {
	file, err := os.OpenFile(filepath.Join(f.dir, "calls"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	fmt.Fprintln(file, what, regs)
}

// fakeExamine is fakeWindow for a file of certificates.
func fakeExamine() func(context.Context, Globals, Document) error {
	if os.Getenv("FAKE_WINDOW") == "" {
		return nil
	}
	return func(_ context.Context, g Globals, d Document) error {
		fmt.Println("window", g.Lang, filepath.Base(d.Path), len(d.Data), filepath.IsAbs(d.Path))
		return nil
	}
}

// fakeWindow says what a window would show; nil, as in a build without one, unless
// FAKE_WINDOW is set.
func fakeWindow() func(context.Context, Globals, []link.Claim, error) error {
	if os.Getenv("FAKE_WINDOW") == "" {
		return nil
	}
	return func(_ context.Context, g Globals, claims []link.Claim, refused error) error {
		fmt.Println("window", g.Lang, len(claims), refused)
		return nil
	}
}
