package cli

import (
	"bufio"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/certfile"
)

// maxInput bounds a file named on the command line, in bytes.
const maxInput = 8 << 20

// registries parses the registries that the person named, each once, in their
// order. Doubts about a name go to the person.
func (a *app) registries(args []string) ([]trust.Registry, error) {
	var out []trust.Registry
	for _, arg := range args {
		r, warnings, err := trust.ParseRegistry(arg)
		if err != nil {
			return nil, err
		}
		for _, w := range warnings {
			a.note(a.words.NameWarning(w))
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

// registryFile reads registries from a file, one a line; "#" starts a comment and
// "-" is standard input.
func (a *app) registryFile(name string) ([]trust.Registry, error) {
	b, err := a.readFile(name)
	if err != nil {
		return nil, err
	}
	var lines []string
	for s := bufio.NewScanner(strings.NewReader(string(b))); s.Scan(); {
		text, _, _ := strings.Cut(s.Text(), "#")
		if text = strings.TrimSpace(text); text != "" {
			lines = append(lines, text)
		}
	}
	return a.registries(lines)
}

// readFile reads a bounded file, or standard input for "-".
func (a *app) readFile(name string) ([]byte, error) {
	in := a.std.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	b, err := readBounded(in, maxInput)
	if err == nil && len(b) > maxInput {
		return nil, failed{"too-large", map[string]any{"path": name}}
	}
	return b, err
}

// readBounded reads one byte more than limit, so that more is told from it.
func readBounded(in io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(in, limit+1))
}

// parties parses a comma-separated list. "all" stands for every installed party,
// the computer's own trust store included.
func (a *app) parties(list string) ([]trust.Party, error) {
	var out []trust.Party
	for _, name := range strings.Split(list, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "":
		case name == "all":
			m, err := a.machine()
			if err != nil {
				return nil, err
			}
			out = append(out, m.InstalledParties(a.ctx)...)
			out = append(out, trust.System)
		case slices.Contains(trust.Parties(), trust.Party(name)):
			out = append(out, trust.Party(name))
		default:
			return nil, usage{"party", map[string]any{"party": name, "known": a.partyNames()}}
		}
	}
	return unique(out), nil
}

// partyNames are those that may be named, in the order in which they are shown.
func (a *app) partyNames() string {
	names := each(trust.Parties(), func(p trust.Party) string { return string(p) })
	return strings.Join(names, ", ")
}

func unique[T comparable](in []T) []T {
	var out []T
	for _, v := range in {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// certificates reads the anchors in a file given with --ca.
func (a *app) certificates(name string) ([]trust.Anchor, error) {
	b, err := a.readFile(name)
	if err != nil {
		return nil, err
	}
	certs, err := certfile.Read(b)
	if err != nil {
		return nil, err
	}
	out := make([]trust.Anchor, 0, len(certs))
	for _, c := range certs {
		out = append(out, trust.Anchor{Cert: c, Source: trust.FileSource(name)})
	}
	return out, nil
}

// fingerprint parses the value of --fingerprint.
func fingerprint(s string) (trust.Fingerprint, error) {
	f, err := trust.ParseFingerprint(s)
	if err == nil {
		return f, nil
	}
	key := "fingerprint"
	if hexDigits(s) == 40 {
		key = "fingerprint-sha1"
	}
	return f, usage{key, map[string]any{"text": s}}
}

func hexDigits(s string) int {
	n := 0
	for _, r := range s {
		if strings.ContainsRune("0123456789abcdefABCDEF", r) {
			n++
		}
	}
	return n
}

// ask puts a question to the person at the terminal and returns the line they
// typed, "" at the end of input. It gives up when ctx ends; the reader is then left to the process's end.
func (a *app) ask(question string) (string, error) {
	out, _ := a.people()
	if _, err := io.WriteString(out, question+" "); err != nil {
		return "", err
	}
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := readLine(a.std.In)
		got <- answer{text, err}
	}()
	select {
	case <-a.ctx.Done():
		line(out, "")
		return "", a.ctx.Err()
	case r := <-got:
		return strings.TrimSpace(r.text), r.err
	}
}

// readLine reads a byte at a time, so that nothing behind the line is taken from
// a reader that others use too.
func readLine(in io.Reader) (string, error) {
	var text []byte
	b := make([]byte, 1)
	for len(text) < 1024 {
		n, err := in.Read(b)
		if n == 1 {
			if b[0] == '\n' {
				return string(text), nil
			}
			text = append(text, b[0])
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return string(text), nil
}
