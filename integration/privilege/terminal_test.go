//go:build integration

package privilege

import "mooring.dev/mooring/integration/desk"

// inTerminal runs the person's Mooring in a terminal of its own, answers every
// prompt for a password with answer, and returns what it said and what the
// terminal showed.
func (w who) inTerminal(answer string, args ...string) (said, string) {
	w.t.Helper()
	shown, err := w.InTerminal(w.t, answer, w.command(append([]string{desk.PersonPath}, args...)...)).Wait()
	if err != nil {
		w.t.Fatalf("%q: %v\n%s", args, err, shown)
	}
	return w.said(), shown
}
