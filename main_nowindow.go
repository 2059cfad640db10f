//go:build nogui

package main

import (
	"context"

	"mooring.dev/mooring/ui/cli"
)

// window is nil: this build is the command line alone.
var window func(context.Context, cli.Globals) error
