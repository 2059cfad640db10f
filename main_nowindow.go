//go:build nogui

package main

import (
	"context"

	"mooring.dev/mooring/platform/demo"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/cli"
)

const hasWindow = false

// This build is the command line alone.
var (
	window  func(context.Context, cli.Globals) error
	open    func(context.Context, cli.Globals, []link.Claim, error) error
	examine func(context.Context, cli.Globals, cli.Document) error
	tour    func(context.Context, cli.Globals, *demo.Demo) error
)
