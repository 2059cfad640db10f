package safe

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"CN=Corp Root,O=Пример 회사":         "CN=Corp Root,O=Пример 회사",
		"a\nb":                             `a\nb`,
		"\x1b[2Jgone":                      `\u001b[2Jgone`,
		"\u009b31mred":                     `\u009b31mred`, // CSI as one C1 character
		"\x9b31m":                          `\x9b31m`,      // and as a bare byte
		"reg\u202egpj.exe":                 `reg\u202egpj.exe`,
		"\u2066x\u2069":                    `\u2066x\u2069`,
		"zero\u200bwidth":                  `zero\u200bwidth`,
		"tag\U000e0041":                    `tag\U000e0041`,
		"blank\u3164":                      `blank\u3164`,
		"no\u00a0break":                    "no break",
		"e" + strings.Repeat("\u0301", 50): "e" + strings.Repeat("\u0301", maxMarks),
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestBounded(t *testing.T) {
	got := Line(strings.Repeat("я", 70_000))
	if n := utf8.RuneCountInString(got); n != MaxLine+1 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters, ending %q", n, got[len(got)-3:])
	}
	if got := Text(strings.Repeat("x", 100), 10); got != "xxxxxxxxxx…" {
		t.Errorf("Text cut to %q", got)
	}
}

func TestTextKeepsLines(t *testing.T) {
	if got := Text("a\r\nb\tc\rd\x07", 100); got != "a\nb    c\\rd\\u0007" {
		t.Errorf("%q", got)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("CN=\x1b]0;title\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		out := Line(s)
		if !utf8.ValidString(out) {
			t.Fatalf("%q is not UTF-8", out)
		}
		for _, r := range out {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Zl, unicode.Zp) {
				t.Fatalf("%q lets %U through", out, r)
			}
		}
	})
}
