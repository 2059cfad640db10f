package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/platform/keyring"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/safe"
)

// loginFlags are the flags of login.
type loginFlags struct {
	user     string
	stdin    bool
	argument string // a password as an argument, which is refused
	use      useFlags
}

func (a *app) loginCmd() *cobra.Command {
	var f loginFlags
	c := a.answers(a.verb("login", "REG", func(c *cobra.Command, args []string) error {
		if c.Flags().Changed("password") {
			return usage{key: "password-argument"}
		}
		tools, err := f.use.parse(f)
		switch {
		case err != nil:
			return err
		case f.use.move:
			return a.move(f.use, args[0])
		}
		return a.login(f, tools, args[0])
	}))
	c.Args, c.ValidArgsFunction = oneRegistry, a.completeRegistries
	c.Flags().StringVarP(&f.user, "user", "u", "", a.t("flag.user", nil))
	c.Flags().BoolVar(&f.stdin, "password-stdin", false, a.t("flag.password-stdin", nil))
	a.useFlags(c, &f.use)
	// Known only so that it can be refused: docker login has it.
	c.Flags().StringVarP(&f.argument, "password", "p", "", "")
	_ = c.Flags().MarkHidden("password")
	return c
}

func (a *app) logoutCmd() *cobra.Command {
	var f consent
	c := a.answers(a.verb("logout", "REG", func(_ *cobra.Command, args []string) error { return a.logout(f, args[0]) }))
	c.Args, c.ValidArgsFunction = oneRegistry, a.completeRegistries
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, a.t("flag.yes-leave", nil))
	return c
}

// oneRegistry takes one argument. What else there is may be a password, so it is
// not repeated.
func oneRegistry(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usage{key: "one-registry"}
	}
	return nil
}

// login runs the verb: verify, say what is asked for, ask, prove, keep.
//
// Who is to let tools use the sign-in is told before anything is asked for that
// nobody can agree to it.
func (a *app) login(f loginFlags, tools []trust.Party, name string) error {
	regs, err := a.registries([]string{name})
	if err != nil {
		return err
	}
	if !f.stdin && !a.mayAsk() {
		return declined{key: "no-password"}
	}
	open := a.machine
	if len(tools) > 0 {
		open = func() (platform.Service, error) {
			m, _, err := a.begin(f.use.consent, nil)
			return m, err
		}
	}
	m, err := open()
	if err != nil {
		return err
	}
	answer := loginAnswer{registry: regs[0]}
	if answer.outcome.Method, err = a.method(m, regs[0]); err == nil {
		err = a.signIn(m, f, &answer)
	}
	refused := err
	err = a.sayLogin(answer, refused)
	if refused == nil && answer.signedIn && len(tools) > 0 {
		answer.receipt, err = a.letUse(m, f.use, regs[0], tools)
	}
	return a.answerLogin(answer, refused, err)
}

// loginAnswer is what came of a login.
type loginAnswer struct {
	registry trust.Registry
	outcome  signin.Outcome
	signedIn bool
	receipt  *trust.Receipt // of letting tools use it
}

// method shows who was verified and how they want to be signed in to.
func (a *app) method(m platform.Service, r trust.Registry) (signin.Method, error) {
	p := a.progress()
	p.show(a.checking(0, []trust.Registry{r}))
	method, err := m.SignInMethod(a.ctx, r)
	p.clear()
	if err != nil {
		return method, err
	}
	t := a.narrator()
	t.say(t.good(symbols[trust.Trusted]) + " " + t.words.Verified(r, method))
	rows := table{indent: "  "}
	rows.row(cell{t.t("login.method", nil), t.dim}, plain(t.words.Scheme(method.Scheme)))
	if product := t.words.Product(method.Product); product != "" {
		rows.row(cell{t.t("login.product", nil), t.dim}, plain(product))
	}
	rows.write(t.w)
	if note := t.words.SignInNote(method.Product); note != "" {
		t.say(wrap(note, "  ", t.width))
	}
	return method, nil
}

// signIn asks for what the method needs, and proves and keeps it. An open registry
// needs nothing.
func (a *app) signIn(m platform.Service, f loginFlags, answer *loginAnswer) error {
	if answer.outcome.Method.Scheme == signin.Open {
		return nil
	}
	c, err := a.credential(f, answer.registry, answer.outcome.Method)
	if err != nil {
		return err
	}
	p := a.progress()
	p.show(a.t("progress.signing-in", map[string]any{"registry": answer.registry}))
	out, err := m.SignIn(a.ctx, platform.SignInRequest{Registry: answer.registry, Credential: c})
	p.clear()
	if notKept := new(keyring.Error); err == nil || errors.As(err, &notKept) {
		answer.outcome, answer.signedIn = out, true
	}
	return err
}

// credential takes the user and the password from the person, or from who calls.
func (a *app) credential(f loginFlags, r trust.Registry, m signin.Method) (trust.Credential, error) {
	c := trust.Credential{User: f.user}
	if c.User == "" && m.Product == signin.ECR {
		c.User = "AWS" // ECR knows no other
	}
	var err error
	if c.User == "" {
		if f.stdin || !a.mayAsk() {
			return c, usage{key: "user-missing"}
		}
		if c.User, err = a.ask(a.t("login.user", map[string]any{"registry": r})); err != nil {
			return c, err
		}
	}
	read := a.readPassword
	if !f.stdin {
		read = func() (string, error) {
			return a.askHidden(a.t("login.password", map[string]any{"user": c.User, "registry": r}))
		}
	}
	secret, err := read()
	if err == nil && (secret == "" || c.User == "") {
		err = declined{key: "no-credential"}
	}
	c.Secret = trust.NewSecret(secret)
	return c, err
}

// answerLogin answers with what came of a login: refused is why there was none, err
// what the verb ends with.
func (a *app) answerLogin(l loginAnswer, refused, err error) error {
	var why *signin.Refusal
	var notKept *keyring.Error
	answers := refused == nil || errors.As(refused, &why) || errors.As(refused, &notKept)
	if a.json && answers {
		return errors.Join(a.answer(loginJSON(l, refused)), err)
	}
	return err
}

// sayLogin tells the person what came of a login.
func (a *app) sayLogin(l loginAnswer, err error) error {
	var notKept *keyring.Error
	_ = errors.As(err, &notKept)
	t := a.narrator()
	args := map[string]any{"registry": l.registry, "user": l.outcome.Keep.User}
	good := t.good(symbols[trust.Trusted]) + " "
	switch {
	case notKept != nil:
		t.say(t.warn(symbols[trust.Insecure]) + " " + t.t("login.not-kept", args))
		return err
	case err != nil:
		return a.refused(l.registry, err)
	case l.outcome.Method.Scheme == signin.Open:
		t.say(good + t.t("login.open", args))
	case l.outcome.Keep.Token:
		t.say(good + t.t("login.done-token", args))
	default:
		t.say(good + t.t("login.done", args))
	}
	if e := l.outcome.Expires; !e.IsZero() {
		t.say("  " + t.t("login.expires", map[string]any{"when": t.words.Moment(e)}))
	}
	return nil
}

// refused adds what to type to the words for a server that is not verified.
func (a *app) refused(r trust.Registry, err error) error {
	var refused *signin.Refusal
	if !errors.As(err, &refused) || refused.Why != signin.Unverified {
		return err
	}
	p := a.words.Error(err)
	p.Hint = a.t("login.trust-first", map[string]any{"registry": safe.Line(r.String())})
	a.complain(p)
	return status(exitRefused)
}

func (a *app) logout(c consent, name string) error {
	regs, err := a.registries([]string{name})
	if err != nil {
		return err
	}
	m, err := a.machine()
	if err != nil {
		return err
	}
	if err := m.SignOut(a.ctx, regs[0]); err != nil {
		return err
	}
	a.narrator().say(a.t("logout.done", map[string]any{"registry": regs[0]}))
	receipt, err := a.leave(m, c, regs[0])
	if !a.json {
		return err
	}
	return errors.Join(a.answer(struct {
		Schema   int            `json:"schema"`
		Registry string         `json:"registry"`
		SignedIn bool           `json:"signedIn"`
		Receipt  *trust.Receipt `json:"receipt,omitempty"` // of taking the helper's entries out
	}{schema, regs[0].String(), false, receipt}), err)
}
