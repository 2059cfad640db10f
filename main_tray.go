package main

import (
	"context"
	"os"
	"os/exec"

	"mooring.dev/mooring/ui/cli"
	uitray "mooring.dev/mooring/ui/tray"
	"mooring.dev/mooring/ui/words"
)

// tray runs the watcher of this machine.
func tray(ctx context.Context, g cli.Globals, w *words.Words) error {
	o := uitray.Options{Words: w, Log: os.Stderr}
	if program := windowProgram(); program != "" {
		o.StartWindow = func() error { return startWindow(program, g) }
	}
	return uitray.Run(ctx, machine(g), o)
}

// windowProgram is what opens the window: this program if it has one, else the one
// that is installed; "" for none.
func windowProgram() string {
	self, err := os.Executable()
	if hasWindow && err == nil {
		return self
	}
	path, lerr := exec.LookPath("mooring")
	if lerr != nil {
		return ""
	}
	mine, err := os.Stat(self)
	found, ferr := os.Stat(path)
	if err != nil || ferr != nil || os.SameFile(mine, found) {
		return ""
	}
	return path
}

// startWindow starts the window as a process of its own, which outlives this one.
func startWindow(program string, g cli.Globals) error {
	var args []string
	if g.Lang != "" {
		args = append(args, "--lang", g.Lang)
	}
	cmd := exec.Command(program, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // how it ends is its own matter
	return nil
}
