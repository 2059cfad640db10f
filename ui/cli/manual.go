package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mooring.dev/mooring/ui/words"
)

// Manual writes the verbs and the flags of the command line in English, as two
// sections of a page of man(7). The sentences are those of --help.
func Manual(out io.Writer) error {
	a := newApp(context.Background(), IO{Getenv: func(string) string { return "" }}, Wiring{}, words.English)
	root := a.root()
	p := &manual{}
	p.line(".SH COMMANDS")
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			p.verb(c)
		}
	}
	p.line(".SH OPTIONS OF EVERY COMMAND")
	p.flags(root.PersistentFlags())
	_, err := io.WriteString(out, p.text.String())
	return err
}

// manual is a part of a page of man(7).
type manual struct{ text strings.Builder }

func (p *manual) line(s string) { p.text.WriteString(s + "\n") }

// verb gives a command a subsection of its own.
func (p *manual) verb(c *cobra.Command) {
	name, args, _ := strings.Cut(c.Use, " ")
	p.line(".SS " + name)
	p.line(`.B mooring ` + roff(name))
	if args != "" {
		p.line(roff(args))
	}
	for paragraph := range strings.SplitSeq(c.Long, "\n\n") {
		p.line(".PP")
		p.line(roff(paragraph))
	}
	p.flags(c.LocalNonPersistentFlags())
}

// flags lists those that --help shows.
func (p *manual) flags(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		p.line(".TP")
		p.line(strings.TrimSpace(`\fB` + roff(name) + `\fR ` + italic(value)))
		p.line(roff(usage))
	})
}

func italic(s string) string {
	if s == "" {
		return ""
	}
	return `\fI` + roff(s) + `\fR`
}

// roff is text that troff sets as it stands: a hyphen that can be pasted into a
// shell, and no request at the beginning of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(s)
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
