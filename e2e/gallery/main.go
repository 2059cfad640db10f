//go:build e2e

// Gallery shows the window on a machine in memory, for photographs of it:
//
//	gallery STATE LANGUAGE
//
// It writes a line to standard output after each check of registries.
package main

import (
	"context"
	"fmt"
	"os"
	"testing"

	"fyne.io/fyne/v2"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/window"
	"mooring.dev/mooring/ui/window/windowtest"
)

// shown is the registry of the scene that shows a state.
var shown = map[string]string{
	"refused":     "registry.corp.example:5000",
	"trusted":     "ghcr.io",
	"expiring":    "harbor.lab.example",
	"token":       "gitlab.example:5050",
	"insecure":    "insecure.lab.example:5000",
	"plain-http":  "plain.lab.example:5000",
	"unreachable": "nas.home:5000",
	"faults":      "old.corp.example",
	"long-name":   "a-very-long-registry-name.department-of-very-long-names.europe-west-4.internal.corp.example:50000",
}

func main() {
	state, lang := os.Args[1], os.Args[2]
	o := window.Options{
		Lang: lang, Select: shown[state],
		Tour:       func(context.Context) error { return nil },
		OpenFolder: func(context.Context, string) error { return nil },
	}
	s, corp := machine(state)
	open(state, &o, corp)
	signIns(state, &o, s)
	t := told{Service: s}
	if t.then = client(state, &o, s); t.then == nil {
		t.then = watcher(state, &o, s)
	}
	if t.then == nil {
		t.then = health(state, &o, s, corp)
	}
	if err := window.Run(context.Background(), t, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func machine(state string) (*windowtest.Service, windowtest.Corp) {
	switch state {
	case "empty":
		return windowtest.New(), windowtest.Corp{}
	case "many":
		return windowtest.Many(helper{}, 500), windowtest.Corp{}
	}
	return windowtest.Scene(helper{})
}

// told says when a check is over, and goes on then.
type told struct {
	*windowtest.Service
	then func() // on the UI goroutine; nil for nothing
}

// Check implements platform.Service.
func (s told) Check(ctx context.Context, regs []trust.Registry, o platform.CheckOptions, each func(trust.Report)) error {
	defer func() {
		if s.then != nil {
			fyne.DoAndWait(s.then)
		}
		fmt.Println("checked", len(regs))
	}()
	return s.Service.Check(ctx, regs, o, each)
}

// helper is what makers of certificates need of a test: here is none.
type helper struct{ testing.TB }

func (helper) Helper()                   {}
func (helper) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (helper) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
