//go:build !nogui

package main

import (
	"context"
	"os"
	"os/exec"

	"mooring.dev/mooring/platform/demo"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/cli"
	uiwindow "mooring.dev/mooring/ui/window"
)

const hasWindow = true

// window shows this machine, or the tree that --root names.
func window(ctx context.Context, g cli.Globals) error {
	m := machine(g)
	return uiwindow.Run(ctx, m, uiwindow.Options{
		Lang: g.Lang, Tour: tourBeside(g), OpenFolder: m.OpenFolder,
	})
}

// open shows the window with what a link or project file asks for.
func open(ctx context.Context, g cli.Globals, claims []link.Claim, refused error) error {
	m := machine(g)
	return uiwindow.Run(ctx, m, uiwindow.Options{
		Lang: g.Lang, Tour: tourBeside(g), OpenFolder: m.OpenFolder, Claims: claims, Refused: refused,
	})
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
