package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pseudoTerminal makes a terminal: what is written to the person's end is typed.
func pseudoTerminal(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return person, terminal
}

func echoes(t *testing.T, f *os.File) bool {
	t.Helper()
	state, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return state.Lflag&unix.ECHO != 0
}

// waitForQuiet waits until the terminal shows no more what is typed.
func waitForQuiet(t *testing.T, f *os.File) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); echoes(t, f); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("the terminal goes on showing what is typed")
		}
	}
}

func TestHiddenLine(t *testing.T) {
	person, terminal := pseudoTerminal(t)
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := hiddenLine(terminal)(t.Context())
		got <- answer{text, err}
	}()
	waitForQuiet(t, terminal)
	if _, err := person.WriteString("correct horse\n"); err != nil {
		t.Fatal(err)
	}
	if a := <-got; a.err != nil || a.text != "correct horse" {
		t.Errorf("%q, %v", a.text, a.err)
	}
	if !echoes(t, terminal) {
		t.Error("the terminal stays quiet")
	}
	terminal.WriteString("end")
	shown := ""
	for b := make([]byte, 64); !strings.Contains(shown, "end"); {
		n, err := person.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		shown += string(b[:n])
	}
	if strings.Contains(shown, "horse") {
		t.Errorf("shown: %q", shown)
	}
}

// Ctrl-C at the question leaves a terminal that shows what is typed.
func TestHiddenLineIsCancelled(t *testing.T) {
	person, terminal := pseudoTerminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() {
		_, err := hiddenLine(terminal)(ctx)
		got <- err
	}()
	waitForQuiet(t, terminal)
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) || !echoes(t, terminal) {
		t.Errorf("%v, shown %v", err, echoes(t, terminal))
	}
	person.WriteString("\n") // lets the reader go
}
