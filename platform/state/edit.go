package state

import (
	"bytes"
	"regexp"
	"strings"

	"mooring.dev/mooring/trust"
)

// table starts an entry of the file.
const table = "[[registry]]"

var (
	tableLine = regexp.MustCompile(`^\s*\[\[\s*registry\s*\]\]\s*(#.*)?$`)
	nameLine  = regexp.MustCompile(`^\s*name\s*=`)
	ownLine   = regexp.MustCompile(`^\s*(added|hidden|scope)\s*=`)
)

// edit returns data with the changed entries put into it, everything else byte
// for byte as it was; want is what has to come out. It works on lines, and TOML
// has forms that lines do not show (arrays over several lines, dotted keys): what
// does not read back as it should is written anew as a whole.
func edit(data []byte, changed []Entry, want Registries) []byte {
	if len(bytes.TrimSpace(data)) == 0 {
		return render(want)
	}
	out := []byte(editLines(string(data), changed))
	if got, err := parse(out); err != nil || !got.equal(want) {
		return render(want)
	}
	return out
}

func editLines(text string, changed []Entry) string {
	blocks := split(text)
	at := map[trust.Registry]int{}
	for i, b := range blocks[1:] {
		if name := nameOf(b); !name.IsZero() {
			at[name] = i + 1
		}
	}
	for _, e := range changed {
		if i, ok := at[e.Registry]; ok {
			blocks[i] = rewrite(blocks[i], e)
		} else if e.says() {
			at[e.Registry] = len(blocks)
			blocks = append(blocks, newBlock(blocks[len(blocks)-1], e))
		}
	}
	return strings.Join(blocks, "")
}

// newBlock is the text of a new entry after the block before it.
func newBlock(before string, e Entry) string {
	b := "\n" + table + "\nname = " + quote(e.Registry.String()) + "\n" + settings(e)
	if before != "" && !strings.HasSuffix(before, "\n") {
		b = "\n" + b
	}
	return b
}

// split cuts a file before each table; the first part is what precedes them all.
func split(text string) []string {
	blocks := []string{""}
	for line := range strings.Lines(text) {
		if tableLine.MatchString(strings.TrimRight(line, "\r\n")) {
			blocks = append(blocks, "")
		}
		blocks[len(blocks)-1] += line
	}
	return blocks
}

// nameOf is the registry that a block is about; zero if that does not show.
func nameOf(block string) trust.Registry {
	rs, err := parse([]byte(block))
	if err != nil || len(rs) != 1 {
		return trust.Registry{}
	}
	return rs[0].Registry
}

// rewrite replaces the lines of a block that say what e says, after its name.
// A block of an entry that says nothing any more goes, but for the comments at
// its end: those belong to the next one.
func rewrite(block string, e Entry) string {
	if !e.says() {
		return trailing(block)
	}
	var b strings.Builder
	for line := range strings.Lines(block) {
		if ownLine.MatchString(line) {
			continue
		}
		b.WriteString(line)
		if nameLine.MatchString(line) {
			if !strings.HasSuffix(line, "\n") {
				b.WriteByte('\n')
			}
			b.WriteString(settings(e))
		}
	}
	return b.String()
}

// trailing returns the comments that end a block, after its last empty line.
func trailing(block string) string {
	lines := strings.SplitAfter(block, "\n")
	from := len(lines)
	for i := len(lines) - 1; i > 0; i-- {
		text := strings.TrimSpace(lines[i])
		if text != "" && !strings.HasPrefix(text, "#") {
			break
		}
		if text != "" {
			from = i
		} else if from < len(lines) {
			return strings.Join(lines[from:], "")
		}
	}
	return ""
}
