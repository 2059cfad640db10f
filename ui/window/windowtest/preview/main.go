//go:build preview

// Preview shows the window on a machine in memory, to look at its states by eye:
//
//	go run -tags preview ./ui/window/windowtest/preview [scene|many|empty]
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"mooring.dev/mooring/ui/window"
	"mooring.dev/mooring/ui/window/windowtest"
)

// loud is a testing.TB outside of tests: making certificates needs one.
type loud struct{ testing.TB }

func (loud) Helper()                   {}
func (loud) Fatal(a ...any)            { panic(fmt.Sprint(a...)) }
func (loud) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (loud) Cleanup(func())            {}

func main() {
	s := service()
	o := window.Options{
		Select:     os.Getenv("PREVIEW_SELECT"),
		Tour:       func(context.Context) error { return nil },
		OpenFolder: func(context.Context, string) error { return nil },
	}
	if os.Getenv("PREVIEW_SLOW") != "" {
		s.Gate = make(chan struct{})
		go func() {
			for range time.Tick(time.Second) {
				s.Gate <- struct{}{}
			}
		}()
	}
	if err := window.Run(context.Background(), s, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func service() *windowtest.Service {
	what := "scene"
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	if n, err := strconv.Atoi(what); err == nil {
		return windowtest.Many(loud{}, n)
	}
	if what == "empty" {
		return windowtest.New()
	}
	s, _ := windowtest.Scene(loud{})
	return s
}
