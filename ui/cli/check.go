package cli

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// checkFlags are the flags of check.
type checkFlags struct {
	file, parties, ca, report string
	jobs                      int
	timeout                   time.Duration
	verbose                   bool
}

func (a *app) checkCmd() *cobra.Command {
	var f checkFlags
	c := a.answers(a.verb("check", "[REG…]", func(_ *cobra.Command, args []string) error { return a.check(f, args) }))
	c.ValidArgsFunction = a.completeRegistries
	c.Flags().StringVarP(&f.file, "file", "f", "", a.t("flag.file", nil))
	c.Flags().StringVar(&f.parties, "party", "", a.t("flag.party", nil))
	c.Flags().StringVar(&f.ca, "ca", "", a.t("flag.check-ca", nil))
	c.Flags().IntVar(&f.jobs, "jobs", 0, a.t("flag.jobs", nil))
	c.Flags().DurationVar(&f.timeout, "timeout", 5*time.Second, a.t("flag.timeout", nil))
	c.Flags().StringVar(&f.report, "report", "", a.t("flag.report", nil))
	c.Flags().BoolVarP(&f.verbose, "verbose", "v", false, a.t("flag.verbose", nil))
	_ = c.RegisterFlagCompletionFunc("party", a.completeParties)
	return c
}

func (a *app) check(f checkFlags, args []string) error {
	if f.timeout <= 0 || f.jobs < 0 {
		return usage{key: "bounds"}
	}
	lazyGC()
	o := platform.CheckOptions{Timeout: f.timeout, Jobs: f.jobs}
	m, err := a.machine()
	if err != nil {
		return err
	}
	if o.Parties, err = a.parties(f.parties); err != nil {
		return err
	}
	if f.ca != "" {
		if o.Given, err = a.certificates(f.ca); err != nil {
			return err
		}
	}
	report, err := a.openReport(f.report)
	if err != nil {
		return err
	}
	regs, err := a.toCheck(m, f.file, args)
	if err != nil {
		return err
	}
	return a.runCheck(m, regs, o, f.verbose, report)
}

// toCheck is what the person named, or everything this machine knows.
func (a *app) toCheck(m platform.Service, file string, args []string) ([]trust.Registry, error) {
	regs, err := a.registries(args)
	if err != nil {
		return nil, err
	}
	if file != "" {
		more, err := a.registryFile(file)
		if err != nil {
			return nil, err
		}
		return unique(append(regs, more...)), nil
	}
	if len(regs) > 0 {
		return regs, nil
	}
	known, err := a.known(m, platform.ListOptions{})
	for _, k := range known {
		regs = append(regs, k.Registry)
	}
	return regs, err
}

func (a *app) runCheck(m platform.Service, regs []trust.Registry, o platform.CheckOptions, verbose bool, report *reportFile) error {
	answer := a.checkAnswer(len(regs), verbose)
	var outcomes []outcome
	p := a.progress()
	p.show(a.checking(0, regs))
	queue := inOrder(regs, func(b []byte) {
		p.clear()
		answer.write(b)
	})
	err := m.Check(a.ctx, regs, o, func(r trust.Report) {
		outcomes = append(outcomes, outcomeOf(r))
		report.add(r)
		queue.add(r.Registry, answer.render(r))
		p.show(a.checking(len(outcomes), regs))
	})
	queue.flush()
	p.clear()
	if err = errors.Join(answer.close(), report.close(regs), err); err != nil {
		return err
	}
	if s := checkStatus(outcomes); s != exitOK {
		return status(s)
	}
	return nil
}

func (a *app) checking(done int, regs []trust.Registry) string {
	if len(regs) == 1 {
		return a.t("progress.checking", map[string]any{"registry": regs[0]})
	}
	return a.t("progress.checked", map[string]any{"done": done, "total": len(regs)})
}

// checkAnswer is the form of a check's answer. A report is rendered when it comes
// and written when it is its turn, so that a thousand reports waiting for a server
// that hangs are text and not certificates.
type checkAnswer interface {
	render(trust.Report) []byte
	write([]byte)
	close() error
}

func (a *app) checkAnswer(total int, verbose bool) checkAnswer {
	if a.json {
		return &jsonReports{a: a, out: jsonList{w: a.std.Out, name: "registries"}}
	}
	return &textReports{a: a, total: total, full: verbose || total == 1, looked: verbose}
}

// jsonReports answers in the contract's form.
type jsonReports struct {
	a   *app
	out jsonList
}

func (j *jsonReports) render(r trust.Report) []byte {
	b, err := encode(contract(r, j.a.english))
	if err != nil {
		panic(err) // a report holds nothing that cannot be marshalled
	}
	return b
}

func (j *jsonReports) write(b []byte) { j.out.add(b) }

func (j *jsonReports) close() error { return j.out.close() }

// textReports answers for people: registries one below the other, and a count.
type textReports struct {
	a            *app
	total        int
	full, looked bool
	byState      [len(states)]int
	written      bool
}

// states in the order in which they are counted up at the end.
var states = [...]trust.State{trust.Trusted, trust.Insecure, trust.Unknown, trust.Refused, trust.Unreachable}

func (r *textReports) render(report trust.Report) []byte {
	r.byState[report.Verdict()]++
	var b bytes.Buffer
	r.a.newText(&b, r.a.std.OutTTY).report(report, r.full, r.looked)
	return b.Bytes()
}

func (r *textReports) write(b []byte) {
	if r.full && r.written {
		b = append([]byte("\n"), b...)
	}
	r.written = true
	_, _ = r.a.std.Out.Write(b)
}

func (r *textReports) close() error {
	switch {
	case r.total == 0:
		r.a.narrator().say(r.a.t("check.none", nil))
	case r.total > 1:
		line(r.a.std.Out, "\n"+r.summary())
	}
	return nil
}

// summary counts the verdicts: "98 trusted, 2 refused".
func (r *textReports) summary() string {
	var parts []string
	for _, s := range states {
		if n := r.byState[s]; n > 0 {
			parts = append(parts, r.a.words.N("cli.count."+s.String(), n, nil))
		}
	}
	return strings.Join(parts, r.a.words.T("list.separator", nil))
}

// ordered hands on what belongs to registries in the order in which they were
// asked for, each as soon as all before it are in: output that is the same each
// time, without waiting for a server that hangs before showing the first.
type ordered[T any] struct {
	regs    []trust.Registry
	next    int
	waiting map[trust.Registry]T
	each    func(T)
}

func inOrder[T any](regs []trust.Registry, each func(T)) *ordered[T] {
	return &ordered[T]{regs: regs, waiting: map[trust.Registry]T{}, each: each}
}

func (o *ordered[T]) add(r trust.Registry, v T) {
	o.waiting[r] = v
	for o.next < len(o.regs) {
		v, ok := o.waiting[o.regs[o.next]]
		if !ok {
			return
		}
		o.pass(v)
	}
}

// flush hands on what is in when a check was cut short.
func (o *ordered[T]) flush() {
	for o.next < len(o.regs) {
		if v, ok := o.waiting[o.regs[o.next]]; ok {
			o.pass(v)
		} else {
			o.next++
		}
	}
}

func (o *ordered[T]) pass(v T) {
	delete(o.waiting, o.regs[o.next])
	o.next++
	o.each(v)
}
