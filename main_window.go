//go:build !nogui

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/demo"
	"mooring.dev/mooring/platform/instance"
	"mooring.dev/mooring/platform/keylock"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/cli"
	uiwindow "mooring.dev/mooring/ui/window"
)

const hasWindow = true

// window shows this machine, or the tree that --root names.
func window(ctx context.Context, g cli.Globals) error {
	m := machine(g)
	return firstWindow(ctx, m, instance.Request{Verb: instance.Show}, options(m, g))
}

// capsLock asks the machine that the window is on.
func capsLock(m *platform.Machine) func() (on, known bool) {
	return func() (bool, bool) { return keylock.CapsLock(m.World) }
}

// open shows the window with what a link or project file asks for.
func open(ctx context.Context, g cli.Globals, claims []link.Claim, refused error) error {
	m := machine(g)
	o := options(m, g)
	o.Claims, o.Refused = claims, refused
	if refused == nil && len(claims) == 1 && claims[0].Source.Kind == link.FromLink {
		return firstWindow(ctx, m, instance.Request{Verb: instance.Open, Link: link.Format(claims[0])}, o)
	}
	return uiwindow.Run(ctx, m, o) // several claims do not travel
}

// examine shows the window with what a file of certificates holds; a file, like
// several claims, does not travel to a window that is open.
func examine(ctx context.Context, g cli.Globals, d cli.Document) error {
	m := machine(g)
	o := options(m, g)
	o.File = &uiwindow.File{Path: d.Path, Data: d.Data}
	return uiwindow.Run(ctx, m, o)
}

func options(m *platform.Machine, g cli.Globals) uiwindow.Options {
	return uiwindow.Options{
		Lang: g.Lang, Tour: tourBeside(g), OpenFolder: m.OpenFolder, CapsLock: capsLock(m), StartWatcher: startWatcher(g),
	}
}

// startWatcher starts the watcher as a process of its own, which outlives this one;
// nil for a tree, which nobody watches.
func startWatcher(g cli.Globals) func(context.Context) error {
	if g.Root != "" {
		return nil
	}
	return func(context.Context) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		return startWindow(self, g, "tray")
	}
}

// firstWindow has the window that is open do what q asks, or opens one to which
// later starts turn. One that hangs, or that cannot be found safely, is no reason
// to show none.
func firstWindow(ctx context.Context, m *platform.Machine, q instance.Request, o uiwindow.Options) error {
	if instance.Send(ctx, m.World, instance.Window, q) == nil {
		return nil
	}
	if !m.World.Live() {
		return uiwindow.Run(ctx, m, o)
	}
	desk := newReception()
	server, err := instance.Listen(m.World, instance.Window, desk.handle)
	switch {
	case err == nil:
		defer server.Close()
		o.Attach = desk.open
	case errors.Is(err, instance.ErrRunning):
		wait, cancel := context.WithTimeout(ctx, startLimit)
		defer cancel()
		if instance.SendWhenThere(wait, m.World, instance.Window, q) == nil {
			return nil
		}
	}
	return uiwindow.Run(ctx, m, o)
}

// startLimit is how long another window that is just being opened is waited for.
const startLimit = 10 * time.Second

// reception takes requests from the moment on when this start is the first, and
// hands them to the window once there is one.
type reception struct {
	opened chan struct{}
	window func(instance.Request) error
}

func newReception() *reception { return &reception{opened: make(chan struct{})} }

func (r *reception) open(handle func(instance.Request) error) {
	r.window = handle
	close(r.opened)
}

var errStarting = errors.New("the window is just being opened")

func (r *reception) handle(q instance.Request) error {
	select {
	case <-r.opened:
		return r.window(q)
	default:
		return errStarting // who asks tries again
	}
}

// tour shows the demo's sandbox.
func tour(ctx context.Context, g cli.Globals, d *demo.Demo) error {
	m := d.Machine()
	if err := m.Add(ctx, d.Registry); err != nil {
		return err
	}
	return uiwindow.Run(ctx, m, uiwindow.Options{Lang: g.Lang, Select: d.Registry.String(), Sandbox: true})
}

// tourBeside opens the tour in a window and a process of its own: what it trusts
// can then never be mistaken for this machine's.
func tourBeside(g cli.Globals) func(context.Context) error {
	return func(ctx context.Context) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		args := []string{"demo"}
		if g.Lang != "" {
			args = append(args, "--lang", g.Lang)
		}
		return exec.CommandContext(ctx, self, args...).Start()
	}
}
