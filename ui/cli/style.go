package cli

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"golang.org/x/text/width"

	"mooring.dev/mooring/trust"
)

// style paints words, or leaves them as they are.
type style struct{ colour bool }

// styleFor is the style for a stream. Colour never carries a meaning alone: every
// state has a symbol and a word (no-color.org for NO_COLOR).
func (a *app) styleFor(tty bool) style {
	env := a.std.Getenv
	on := tty && !a.globals.NoColor && env("NO_COLOR") == "" && env("TERM") != "dumb"
	if runtime.GOOS == "windows" && env("WT_SESSION") == "" {
		on = false // the old console shows escape sequences as text
	}
	return style{on}
}

func (s style) paint(code, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) good(text string) string { return s.paint("32", text) }
func (s style) bad(text string) string  { return s.paint("31", text) }
func (s style) warn(text string) string { return s.paint("33", text) }
func (s style) bold(text string) string { return s.paint("1", text) }
func (s style) dim(text string) string  { return s.paint("2", text) }

// symbols give each verdict a shape of its own.
var symbols = map[trust.State]string{
	trust.Trusted: "✓", trust.Insecure: "!", trust.Unknown: "?", trust.Refused: "✗", trust.Unreachable: "–",
}

// state paints text in the colour of a verdict.
func (s style) state(v trust.State, text string) string {
	switch v {
	case trust.Trusted:
		return s.good(text)
	case trust.Refused:
		return s.bad(text)
	case trust.Unreachable:
		return s.dim(text)
	default:
		return s.warn(text)
	}
}

func (s style) severity(v trust.Severity, text string) string {
	switch v {
	case trust.SeverityError:
		return s.bad(text)
	case trust.SeverityWarning:
		return s.warn(text)
	default:
		return s.dim(text)
	}
}

// line writes one line. A terminal or pipe that is gone is no news to anybody.
func line(w io.Writer, text string) { _, _ = fmt.Fprintln(w, text) }

// cell is a text in a table, with the paint it gets after it was measured.
type cell struct {
	text  string
	paint func(string) string
}

func plain(text string) cell { return cell{text: text} }

// table aligns columns with two spaces between them, the last one ragged.
type table struct {
	indent string
	rows   [][]cell
}

func (t *table) row(cells ...cell) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) {
	widths := t.widths()
	for _, r := range t.rows {
		var b strings.Builder
		for i, c := range r {
			if widths[i] == 0 {
				continue // nobody has anything to say there
			}
			text := c.text
			if c.paint != nil {
				text = c.paint(text)
			}
			b.WriteString(text)
			if i < len(r)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-columns(c.text)+2))
			}
		}
		line(w, strings.TrimRight(t.indent+b.String(), " "))
	}
}

func (t *table) widths() []int {
	var out []int
	for _, r := range t.rows {
		for i, c := range r {
			if i == len(out) {
				out = append(out, 0)
			}
			out[i] = max(out[i], columns(c.text))
		}
	}
	return out
}

// columns is how many columns of a terminal text takes: Korean letters take two.
func columns(text string) int {
	n := 0
	for _, r := range text {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// wrap breaks text at spaces into lines of at most limit columns, each indented.
func wrap(text, indent string, limit int) string {
	if limit <= 0 {
		limit = 100
	}
	var out strings.Builder
	used := 0
	for _, word := range strings.Fields(text) {
		n := columns(word)
		switch {
		case used == 0:
			out.WriteString(indent)
			used = len(indent)
		case used+1+n > limit:
			out.WriteString("\n" + indent)
			used = len(indent)
		default:
			out.WriteByte(' ')
			used++
		}
		out.WriteString(word)
		used += n
	}
	return out.String()
}
