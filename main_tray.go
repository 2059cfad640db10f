package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"mooring.dev/mooring/platform/world"
	"mooring.dev/mooring/ui/cli"
	uitray "mooring.dev/mooring/ui/tray"
	"mooring.dev/mooring/ui/words"
)

// tray runs the watcher of this machine.
func tray(ctx context.Context, g cli.Globals, w *words.Words) error {
	becomeLight()
	o := uitray.Options{Words: w, Log: os.Stderr}
	if program := windowProgram(); program != "" {
		o.StartWindow = func() error { return startWindow(program, g) }
	}
	return uitray.Run(ctx, machine(g), o)
}

// The names of the builds with and without a window, where both are installed.
const (
	withWindow = "mooring"
	light      = "mooring-cli"
)

// becomeLight goes on as the build without a window if that lies beside this one:
// the libraries of the window alone take a dozen megabytes, and the watcher runs
// all day. It returns if there is none, or one that anybody could have put there.
func becomeLight() {
	self, err := os.Executable()
	if !hasWindow || err != nil {
		return
	}
	if path, err := world.Here().Beside(self, light); err == nil {
		_ = syscall.Exec(path, append([]string{path}, os.Args[1:]...), os.Environ())
	}
}

// windowProgram is what opens the window: this program if it has one, else the one
// beside it, else the one that is installed; "" for none.
func windowProgram() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	if hasWindow {
		return self
	}
	w := world.Here()
	if path, err := w.Beside(self, withWindow+filepath.Ext(self)); err == nil && !sameFile(path, self) {
		return path
	}
	if path, err := w.Run.Look(withWindow); err == nil && !sameFile(path, self) {
		return path
	}
	return ""
}

func sameFile(a, b string) bool {
	i, err := os.Stat(a)
	j, jerr := os.Stat(b)
	return err == nil && jerr == nil && os.SameFile(i, j)
}

// startWindow starts the window, or the verb in args, as a process of its own, which
// outlives this one and its terminal.
func startWindow(program string, g cli.Globals, args ...string) error {
	if g.Lang != "" {
		args = append(args, "--lang", g.Lang)
	}
	cmd := exec.Command(program, args...)
	world.Detach(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // how it ends is its own matter
	return nil
}
