// Package safe makes text of strangers fit to be shown. Subjects, host names,
// server headers and error texts come from whoever runs the server: printed as
// they are they could move a terminal's cursor, hide a line, or turn a name
// around with bidirectional controls so that it reads as another.
package safe

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxLine bounds one shown value, in characters. The longest host name is 253;
// honest subjects stay below it.
const MaxLine = 512

// maxMarks is how many combining marks may follow one character: Vietnamese and
// Hebrew need up to three, a tower of them covers the lines above and below.
const maxMarks = 4

// Line returns s as one line of visible text of at most MaxLine characters.
// Controls, escapes, invisible and bidirectional formatting characters appear as
// their code (\u202e), invalid bytes as \xNN.
func Line(s string) string { return clean(s, MaxLine, false) }

// Text is Line for text of several lines, such as a command's output: line feeds
// stay, tabs become spaces. At most limit characters are kept.
func Text(s string, limit int) string { return clean(s, limit, true) }

func clean(s string, limit int, multiline bool) string {
	if plain(s) && len(s) <= limit {
		return s
	}
	var b strings.Builder
	marks, n := 0, 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case multiline && r == '\n':
			b.WriteByte('\n')
		case multiline && r == '\t':
			b.WriteString("    ")
		case multiline && r == '\r' && strings.HasPrefix(s, "\r\n"):
			// the line feed that follows says it
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			}
		default:
			marks = 0
			b.WriteString(visible(r))
		}
		s = s[size:]
	}
	return b.String()
}

// plain reports whether s is printable ASCII, which nearly all values are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func visible(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r == 0xa0 || r == 0x202f: // no-break spaces look like a space, and may
		return " "
	case shown(r):
		return string(r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

// shown reports whether r has a shape of its own. IsPrint leaves out controls,
// format characters (Cf: bidi, zero width, tags) and every space but U+0020.
// The Hangul fillers and the Braille blank are letters and symbols to Unicode,
// and blank on the screen.
func shown(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800:
		return false
	}
	return unicode.IsPrint(r)
}
