// Package need is for tests: what one of them cannot do without. Where CI promises
// that all is there, to lack something is a failure; elsewhere the test is skipped.
package need

import (
	"os"
	"os/exec"
	"testing"
)

// Tool returns the path of a program that a test needs; from says what it comes with.
func Tool(t testing.TB, name, from string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Lacking(t, name, "is not installed ("+from+")")
	}
	return path
}

// Lacking ends a test that lacks what; it is skipped, or has failed in CI.
func Lacking(t testing.TB, what ...any) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what...)
	}
	t.Skip(what...)
}
