package world

import "testing"

func TestLastLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"\n \r\n":                   "",
		"one":                       "one",
		"first\nthe reason\n":       "the reason",
		"first\r\nthe reason\r\n":   "the reason",
		"the reason\n\n  \t\n":      "the reason",
		"first\n  indented at last": "indented at last",
	} {
		if got := LastLine(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
