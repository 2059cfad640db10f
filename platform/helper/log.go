package helper

import (
	"strings"

	"mooring.dev/mooring/trust"
)

// line is what is logged: bounded, and on one line whatever it holds.
func line(args []string, r trust.Receipt, outcome string) string {
	s := strings.Join(args, " ") + ": " + outcome + " " + strings.Join(r.Registries, " ")
	s = strings.Map(func(c rune) rune {
		if !plain(string(c)) {
			return '?'
		}
		return c
	}, s)
	return s[:min(len(s), 1000)]
}
