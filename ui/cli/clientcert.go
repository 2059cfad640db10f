package cli

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/ui/safe"
)

// clientFlags are the flags of client-cert.
type clientFlags struct {
	consent
	cert, key, p12 string
	files          []string
	passphrase     bool // on standard input
	request        bool
	forget, force  bool // the key of a request
	parties        string
	timeout        time.Duration
}

func (a *app) clientCertCmd() *cobra.Command {
	var f clientFlags
	c := a.answers(a.verb("client-cert", "[REG]", func(_ *cobra.Command, args []string) error { return a.clientCert(f, args) }))
	c.ValidArgsFunction = a.completeRegistries
	flags := c.Flags()
	flags.StringVar(&f.cert, "cert", "", a.t("flag.cert", nil))
	flags.StringVar(&f.key, "key", "", a.t("flag.key", nil))
	flags.StringVar(&f.p12, "p12", "", a.t("flag.p12", nil))
	flags.StringArrayVar(&f.files, "file", nil, a.t("flag.files", nil))
	flags.BoolVar(&f.passphrase, "passphrase-stdin", false, a.t("flag.passphrase-stdin", nil))
	flags.BoolVar(&f.request, "request", false, a.t("flag.request", nil))
	flags.BoolVar(&f.forget, "forget-request", false, a.t("flag.forget-request", nil))
	flags.BoolVar(&f.force, "force", false, a.t("flag.force", nil))
	flags.StringVar(&f.parties, "for", "", a.t("flag.for", nil))
	flags.DurationVar(&f.timeout, "timeout", 5*time.Second, a.t("flag.timeout", nil))
	a.consentFlags(c, &f.consent)
	_ = c.RegisterFlagCompletionFunc("for", a.completeParties)
	for _, name := range []string{"cert", "key", "p12", "file"} {
		_ = c.MarkFlagFilename(name)
	}
	return c
}

// named are the files that the person named, in the order of the help.
func (f clientFlags) named() []string {
	return slices.DeleteFunc(append([]string{f.cert, f.key, f.p12}, f.files...), func(s string) bool { return s == "" })
}

// clientCert runs the verb: a list of requests without a registry, a new request,
// the end of an answered one, or the installation of a pair.
func (a *app) clientCert(f clientFlags, args []string) error {
	names := f.named()
	switch {
	case f.forget && (f.request || len(names) > 0), f.force && !f.forget:
		return usage{key: "client-cert-forget"}
	case len(args) == 0 && len(names) == 0 && !f.request && !f.forget:
		return a.awaited()
	case f.request && len(names) > 0:
		return usage{key: "client-cert-request"}
	case f.request && (len(args) == 1 || len(args) == 2):
		return a.newRequest(args)
	case len(args) != 1:
		return usage{key: "client-cert-one"}
	case f.forget:
		return a.forgetRequest(f, args)
	case len(names) == 0:
		return usage{key: "client-cert-files"}
	case f.timeout <= 0:
		return usage{key: "bounds"}
	}
	q := platform.ClientCertRequest{Timeout: f.timeout}
	for _, name := range names {
		data, err := a.readFile(name)
		if err != nil {
			return err
		}
		q.Files = append(q.Files, clientcert.File{Name: name, Data: data})
	}
	m, regs, err := a.begin(f.consent, args)
	if err != nil {
		return err
	}
	q.Registry = regs[0]
	if q.Parties, err = a.parties(f.parties); err != nil {
		return err
	}
	if f.passphrase {
		if q.Passphrase, err = a.secretFrom(a.readPassword); err != nil {
			return err
		}
	}
	return a.install(m, q, f)
}

// install reviews, says what is wrong, plans, asks, applies and proves.
func (a *app) install(m platform.Service, q platform.ClientCertRequest, f clientFlags) error {
	r, err := a.review(m, &q)
	if err != nil {
		return err
	}
	a.narrator().review(q.Registry, r)
	if r.Fatal() {
		if a.json {
			if err := a.answer(reviewJSON(q.Registry, r, a)); err != nil {
				return err
			}
		}
		return failed{key: "client-cert"}
	}
	plan, err := m.PlanClientCert(a.ctx, q, r)
	if err != nil {
		return err
	}
	err = a.carryOut(m, plan, f.consent, func(progress func(platform.Progress)) (trust.Receipt, error) {
		return m.Apply(a.ctx, plan, progress)
	})
	if err != nil || f.dryRun {
		return err
	}
	proof, err := a.proveClient(m, q.Registry, *r.Pair)
	if key := r.Pair.KeyFile; err == nil && proof.Outcome == clientcert.Accepted && !slices.Contains(f.named(), key) {
		// It came from where the key of a request is kept. Removing it is the person's to
		// do: an undo of the installation would take the last copy with it.
		a.narrator().keyLeft(q.Registry, key)
	}
	return err
}

// keyLeft says that the key of a request lies in the clear a second time, and what
// removes it: in a line of its own, to be copied.
func (t *text) keyLeft(reg trust.Registry, path string) {
	t.say(wrap(t.t("client-cert.key-left", map[string]any{"path": safe.Line(path)}), "  ", t.width))
	t.say("    mooring client-cert " + safe.Line(reg.String()) + " --forget-request")
}

// review reads the files; a passphrase that is missing is asked for, once more if
// it is wrong.
func (a *app) review(m platform.Service, q *platform.ClientCertRequest) (clientcert.Review, error) {
	p := a.progress()
	for tries := 0; ; tries++ {
		p.show(a.checking(0, []trust.Registry{q.Registry}))
		r, err := m.ReviewClientCert(a.ctx, *q)
		p.clear()
		if err != nil || !r.NeedsPassphrase() || !a.mayAsk() || tries == 3 || tries == 0 && !q.Passphrase.Empty() {
			return r, err
		}
		i := slices.IndexFunc(r.Problems, func(p clientcert.Problem) bool { return p.Code == trust.KeyEncrypted })
		if tries > 0 {
			title, _, _ := a.words.ClientProblem(r.Problems[i])
			a.narrator().say(title)
		}
		q.Passphrase, err = a.secretFrom(func() (string, error) {
			return a.askHidden(a.t("client-cert.passphrase", map[string]any{"file": r.Problems[i].File}))
		})
		if err != nil || q.Passphrase.Empty() {
			return r, err
		}
	}
}

func (a *app) secretFrom(read func() (string, error)) (trust.Secret, error) {
	text, err := read()
	return trust.NewSecret(text), err
}

// review shows what the files hold, what the registry takes, and what is wrong.
func (t *text) review(reg trust.Registry, r clientcert.Review) {
	t.say("")
	t.say(t.bold(t.t("client-cert.title", map[string]any{"registry": reg})))
	if r.Pair != nil {
		t.pair(*r.Pair)
	}
	files := table{indent: "  "}
	for _, f := range r.Files {
		files.row(plain(safe.Line(f.Name)), plain(t.words.FileKind(f.Kind)), cell{safe.Line(f.Subject), t.dim})
	}
	t.say(t.dim(t.t("client-cert.files", nil)))
	files.write(t.w)
	if r.Server != nil && len(r.Server.AcceptableCAs) > 0 {
		t.say(t.dim(t.words.AcceptableCAs()))
		for _, name := range r.Server.AcceptableCAs[:min(len(r.Server.AcceptableCAs), maxNamed)] {
			t.say("  " + safe.Line(name))
		}
	}
	for _, p := range r.Problems {
		title, detail, fix := t.words.ClientProblem(p)
		paint := t.warn
		if p.Fatal {
			paint = t.bad
		}
		t.say("")
		t.say(paint(title + "."))
		t.say(wrap(detail, "  ", t.width))
		t.say(wrap(fix, "  ", t.width))
	}
}

// maxNamed bounds how many of a server's CAs are listed: some name a whole store.
const maxNamed = 20

func (t *text) pair(p clientcert.Pair) {
	facts := table{indent: "  "}
	fact := func(key, value string) { facts.row(cell{t.t("client-cert."+key, nil), t.dim}, plain(value)) }
	fact("subject", safe.Line(p.Cert.Subject.String()))
	fact("issuer", safe.Line(p.Cert.Issuer.String()))
	fact("valid", t.t("certificate.span", map[string]any{
		"from": t.words.Date(p.Cert.NotBefore), "to": t.words.Date(p.Cert.NotAfter), "left": t.words.Left(p.Cert.NotAfter.Sub(t.now)),
	}))
	facts.write(t.w)
}

// proveClient shows the pair to the registry. It is installed whatever comes out.
func (a *app) proveClient(m platform.Service, reg trust.Registry, pair clientcert.Pair) (clientcert.Proof, error) {
	proof, err := m.ProveClientCert(a.ctx, reg, pair)
	if err != nil {
		return proof, err
	}
	t := a.narrator()
	paint, symbol := t.warn, symbols[trust.Unknown]
	switch proof.Outcome {
	case clientcert.Accepted:
		paint, symbol = t.good, symbols[trust.Trusted]
	case clientcert.NotAsked:
		paint = t.dim
	case clientcert.Refused:
		paint, symbol = t.bad, symbols[trust.Refused]
	}
	t.say("")
	t.say(t.bold(t.t("client-cert.proof", nil)))
	t.say("  " + paint(symbol+" "+t.words.ClientProof(reg, pair.Cert.Subject.String(), proof)))
	return proof, nil
}
