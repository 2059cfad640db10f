package main

import (
	"bytes"
	"io"
	"log"
)

// keepQuiet lets nothing but Fyne's errors through the standard logger to w.
// Nothing of Mooring writes there, but net/http does, and quotes what a server sends
// unasked: a hostile one could so have the password that it was sent written down.
func keepQuiet(w io.Writer) {
	log.SetFlags(0)
	log.SetOutput(fyneOnly{w})
}

// fyneOnly passes on the lines of fyne.LogError: each comes in a Write of its own.
type fyneOnly struct{ io.Writer }

func (w fyneOnly) Write(line []byte) (int, error) {
	for _, begins := range []string{"Fyne error:", "  Cause:", "  At:"} {
		if bytes.HasPrefix(line, []byte(begins)) {
			return w.Writer.Write(line)
		}
	}
	return len(line), nil
}
