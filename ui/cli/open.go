package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/link"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

func (a *app) openCmd() *cobra.Command {
	c := a.answers(a.verb("open", "LINK|FILE", func(_ *cobra.Command, args []string) error { return a.open(args[0]) }))
	c.Args = exactlyOne("open")
	c.ValidArgsFunction = nil // files
	return c
}

// exactlyOne checks for one argument; the sentence is under "cli.usage.<key>".
func exactlyOne(key string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage{key: key}
		}
		return nil
	}
}

// openable reports whether an argument without a verb is to be opened: desktops
// call "mooring LINK" and "mooring FILE".
func openable(arg string) bool {
	if link.Is(arg) {
		return true
	}
	path, ok := localFile(arg)
	return !ok || path != arg || filepath.Base(path) == link.ProjectFile || ofCertificates(path)
}

// open shows what a link or project file asks for, or what a file of certificates
// holds, in a window where there is one. Nothing is contacted before the person says
// so, and there is no --yes.
func (a *app) open(arg string) error {
	if err := a.checkGlobals(); err != nil {
		return err
	}
	if !link.Is(arg) {
		path, ok := localFile(arg)
		if !ok {
			return usage{"file-elsewhere", map[string]any{"text": arg}}
		}
		if arg = path; ofCertificates(path) && !isDirectory(path) {
			return a.openCertificates(path)
		}
	}
	claims, err := readClaims(arg)
	if a.wiring.Open != nil && !a.json && a.hasDisplay() && (err == nil || !a.std.ErrTTY) {
		// Who clicked a link on a page sees no standard error.
		return a.wiring.Open(a.ctx, a.globals, claims, err)
	}
	switch {
	case err != nil:
		return err
	case a.json:
		return a.answer(openJSON(claims))
	}
	a.narrator().claims(claims)
	if len(claims) == 1 && a.mayAsk() {
		return a.offer(claims[0])
	}
	return nil
}

// readClaims reads a link, or a project file by its name or that of its
// directory.
func readClaims(arg string) ([]link.Claim, error) {
	if link.Is(arg) {
		c, err := link.Parse(arg)
		return []link.Claim{c}, err
	}
	if isDirectory(arg) {
		arg = filepath.Join(arg, link.ProjectFile)
	}
	if i, err := os.Stat(arg); err != nil {
		return nil, err
	} else if !i.Mode().IsRegular() { // a pipe in a project would keep us for ever
		return nil, failed{"not-a-file", map[string]any{"path": arg}}
	}
	f, err := os.Open(arg)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := readBounded(f, link.MaxProject)
	if err != nil {
		return nil, err
	}
	if absolute, err := filepath.Abs(arg); err == nil {
		arg = absolute
	}
	return link.ParseProject(b, arg)
}

// hasDisplay reports whether a window can be shown.
func (a *app) hasDisplay() bool {
	switch runtime.GOOS {
	case "windows", "darwin":
		return true
	}
	return a.std.Getenv("DISPLAY") != "" || a.std.Getenv("WAYLAND_DISPLAY") != ""
}

// claims shows what each registry is said to have, and what to run.
func (t *text) claims(claims []link.Claim) {
	if c := claims[0]; c.Source.Kind == link.FromProject {
		t.say(t.bold(t.words.N("cli.open.project", len(claims), map[string]any{"path": c.Source.Path})))
	} else {
		t.say(t.bold(t.t("open.link", map[string]any{"registry": c.Registry})))
	}
	for _, c := range claims {
		t.claim(c)
	}
	t.say("")
	t.say(wrap(t.warn(t.t("open.worth", nil)), "", t.width))
}

func (t *text) claim(c link.Claim) {
	t.say("")
	t.say("  " + t.bold(safe.Line(c.Registry.String())))
	for _, w := range c.Doubts {
		t.say(wrap(t.warn("! "+t.words.NameWarning(w)), "  ", t.width))
	}
	t.say("  " + t.words.N("cli.open.says", len(c.SHA256), nil))
	for _, f := range c.SHA256 {
		for half := range strings.Lines(words.Fingerprint(f)) {
			t.say("    " + strings.TrimSuffix(half, "\n"))
		}
	}
	if c.Note != "" {
		t.say(wrap(t.t("open.note", map[string]any{"note": c.Note}), "  ", t.width))
	}
	// Without --fingerprint: that would say that the person compared.
	t.say("  " + t.t("open.then", map[string]any{"command": "mooring trust " + c.Registry.String()}))
}

// offer asks whether to look at the registry, and goes on as trust does with
// nothing given beforehand.
func (a *app) offer(c link.Claim) error {
	answer, err := a.ask(a.t("open.ask", map[string]any{"registry": c.Registry}))
	if err != nil || !a.isYes(answer) {
		return err
	}
	return a.trustAs(trustFlags{timeout: defaultTimeout}, []string{c.Registry.String()}, &c)
}

// claimed narrows the offers to the authority that a claim names, and refuses when
// the certificate is another: then the person needs a second channel.
func claimed(offers []offer, c *link.Claim) []offer {
	if c == nil {
		return offers
	}
	named := where(offers, func(o offer) bool { return !o.leaf() && c.Compare(o.Anchor.Fingerprint()) == link.Same })
	if len(named) == 1 {
		return named
	}
	return offers
}

// compareClaim says whether the chosen certificates are those that a claim names.
func (a *app) compareClaim(chosen []offer, c *link.Claim) error {
	if c == nil {
		return nil
	}
	t := a.narrator()
	for _, o := range chosen {
		if c.Compare(o.Anchor.Fingerprint()) == link.Same {
			t.say(wrap(t.t("certificate.claim-same", nil), "  ", t.width))
			continue
		}
		t.say(wrap(t.bad(t.t("certificate.claim-differs", nil)), "  ", t.width))
		for _, f := range c.SHA256 {
			for half := range strings.Lines(words.Fingerprint(f)) {
				t.say("    " + strings.TrimSuffix(half, "\n"))
			}
		}
		return declined{"claim-differs", map[string]any{"registry": c.Registry}}
	}
	return nil
}

// compareTrusted says whether registries are trusted already by the CA that a
// claim names.
func (a *app) compareTrusted(reports []trust.Report, c *link.Claim) {
	t := a.narrator()
	for _, r := range reports {
		now, ok := link.Of(r)
		switch {
		case c == nil || !ok:
		case c.Compare(now.SHA256[0]) == link.Same:
			t.say(wrap(t.t("certificate.claim-same", nil), "  ", t.width))
		default:
			t.say(wrap(t.bad(t.t("certificate.claim-differs", nil)), "  ", t.width))
		}
	}
}

// The answer of open.
type (
	jsonOpen struct {
		Schema int         `json:"schema"`
		Source string      `json:"source"`
		Path   *string     `json:"path"`
		Claims []jsonClaim `json:"claims"`
	}
	jsonClaim struct {
		Registry string           `json:"registry"`
		SHA256   []string         `json:"sha256"`
		Doubts   []trust.NameCode `json:"doubts"`
		Note     *string          `json:"note"`
	}
)

func openJSON(claims []link.Claim) jsonOpen {
	s := claims[0].Source
	return jsonOpen{Schema: schema, Source: s.Kind, Path: optional(s.Path), Claims: each(claims, func(c link.Claim) jsonClaim {
		return jsonClaim{
			Registry: c.Registry.String(), SHA256: each(c.SHA256, trust.Fingerprint.String), Note: optional(c.Note),
			Doubts: each(c.Doubts, func(w trust.NameWarning) trust.NameCode { return w.Code }),
		}
	})}
}
