// Mooring shows who on this machine trusts a private container registry, and
// makes it trusted on request.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/credhelper"
	"mooring.dev/mooring/platform/helper"
	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/cli"
	"mooring.dev/mooring/ui/words"
)

// version is set when a release is built.
var version = "0.1.0-dev"

func main() {
	keepQuiet(os.Stderr)
	world.TakeSession()
	if credhelper.Is(os.Args[0]) {
		// Signals end it as they end any program that docker starts.
		os.Exit(credhelper.Run(version, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program as it ends any
	args := os.Args[1:]
	if helper.Is(os.Args[0]) {
		args = append([]string{"apply-plan"}, args...)
	}
	std := cli.Stdio()
	os.Exit(cli.Main(ctx, args, std, cli.Wiring{
		Version: version,
		Service: func(g cli.Globals) (platform.Service, error) {
			m := machine(g)
			m.Terminal = std.InTTY
			return m, nil
		},
		Helper: helper.Main,
		Window: window,
		Open:   open, Examine: examine,
		Tray: tray,
		Tour: tour,
	}))
}

// machine is this machine, or the tree that --root names.
func machine(g cli.Globals) *platform.Machine {
	if g.Root == "" {
		m := platform.New(world.Here())
		m.Prompt = func(r trust.Reach) string { return words.New(g.Lang).RightsPrompt(r) }
		return m
	}
	target := g.OS
	if target == "" {
		target = runtime.GOOS
	}
	return platform.New(world.Under(g.Root, target))
}
