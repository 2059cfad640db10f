//go:build !nogui

package main

import (
	"context"

	"mooring.dev/mooring/ui/cli"
	uiwindow "mooring.dev/mooring/ui/window"
)

func window(ctx context.Context, g cli.Globals) error {
	return uiwindow.Run(ctx, machine(g), uiwindow.Options{Lang: g.Lang})
}
