//go:build !nogui

package widgets

import (
	"sort"
	"strings"
)

const ellipsis = "…"

// cutEnd shortens s at its end until it fits.
func cutEnd(s string, width float32, l Look) string {
	return cut(s, width, l, func(r []rune, keep int) string { return string(r[:keep]) + ellipsis })
}

// cutMiddle shortens s in its middle: paths differ at their end, names of
// registries at both.
func cutMiddle(s string, width float32, l Look) string {
	return cut(s, width, l, func(r []rune, keep int) string {
		tail := (keep + 1) / 2
		return string(r[:keep-tail]) + ellipsis + string(r[len(r)-tail:])
	})
}

// cut finds the most runes that shorten can keep within width.
func cut(s string, width float32, l Look, shorten func([]rune, int) string) string {
	s = strings.ReplaceAll(s, "\n", " ")
	if l.measure(s).Width <= width {
		return s
	}
	r := []rune(s)
	keep := sort.Search(len(r), func(n int) bool { return l.measure(shorten(r, n)).Width > width })
	if keep == 0 {
		return ellipsis
	}
	return shorten(r, keep-1)
}

// wrap breaks s at spaces, and words that are wider than a line wherever they
// read best.
func wrap(s string, width float32, l Look) []string {
	var out []string
	for _, paragraph := range strings.Split(s, "\n") {
		out = append(out, wrapParagraph(paragraph, width, l)...)
	}
	return out
}

func wrapParagraph(s string, width float32, l Look) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(s) {
		joined := word
		if line != "" {
			joined = line + " " + word
		}
		if l.measure(joined).Width <= width {
			line = joined
			continue
		}
		if line != "" {
			out = append(out, line)
		}
		for l.measure(word).Width > width {
			n := breakAt(word, width, l)
			out, word = append(out, word[:n]), word[n:]
		}
		line = word
	}
	return append(out, line)
}

// breakAt is how many bytes of an overlong word go on this line: after the last
// separator in the second half of what fits, else as much as fits, at least one
// character.
func breakAt(word string, width float32, l Look) int {
	ends := runeEnds(word)
	fits := sort.Search(len(ends), func(n int) bool { return l.measure(word[:ends[n]]).Width > width })
	if fits == 0 {
		return ends[0]
	}
	n := ends[fits-1]
	if i := strings.LastIndexAny(word[:n], "/\\.-:@"); i >= n/2 {
		return i + 1
	}
	return n
}

func runeEnds(s string) []int {
	var ends []int
	for i := range s {
		if i > 0 {
			ends = append(ends, i)
		}
	}
	return append(ends, len(s))
}
