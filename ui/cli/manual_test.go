package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"mooring.dev/mooring/ui/words"
)

// The page has every verb and flag that --help shows, and no line that troff would
// take for a request.
func TestManual(t *testing.T) {
	var page bytes.Buffer
	if err := Manual(&page); err != nil {
		t.Fatal(err)
	}
	root := newApp(context.Background(), IO{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }}, Wiring{}, words.English).root()
	text := page.String()
	for _, c := range root.Commands() {
		if c.Hidden {
			continue
		}
		if !strings.Contains(text, "\n.SS "+c.Name()+"\n") {
			t.Errorf("the page lacks %s", c.Name())
		}
		for line := range strings.Lines(c.LocalNonPersistentFlags().FlagUsages()) {
			flag, _, _ := strings.Cut(line[strings.Index(line, "--"):], " ")
			if !strings.Contains(text, roff(strings.TrimSpace(flag))+`\fR`) {
				t.Errorf("%s: the page lacks %s", c.Name(), flag)
			}
		}
	}
	for line := range strings.Lines(text) {
		request, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !strings.HasPrefix(line, ".") && !strings.HasPrefix(line, "'"):
		case request == ".SH" || request == ".SS" || request == ".TP" || request == ".PP" || request == ".B":
		default:
			t.Errorf("troff takes %q for a request", line)
		}
	}
}

func TestRoff(t *testing.T) {
	for in, want := range map[string]string{
		"--json":                    `\-\-json`,
		`C:\ca.pem`:                 `C:\eca.pem`,
		".mooring.yaml\n.pem\n'x'":  "\\&.mooring.yaml\n\\&.pem\n\\&'x'",
		"a plain sentence, as such": "a plain sentence, as such",
	} {
		if got := roff(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
