//go:build e2e

// Hello is the least that a Fyne program can be, to compare Mooring's start with.
// An argument makes its window as large as Mooring's: painting that takes time of
// its own.
package main

import (
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"
)

func main() {
	w := app.NewWithID("dev.mooring.hello").NewWindow("Hello")
	w.SetContent(widget.NewLabel("Hello"))
	if len(os.Args) > 1 {
		w.Resize(fyne.NewSize(1180, 880))
	}
	w.ShowAndRun()
}
