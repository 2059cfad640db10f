package cli

import (
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
	queue := inOrder(regs, func(r trust.Report) {
		p.clear()
		answer.add(r)
		report.add(r)
	})
	err := m.Check(a.ctx, regs, o, func(r trust.Report) {
		outcomes = append(outcomes, outcomeOf(r))
		queue.add(r)
		p.show(a.checking(len(outcomes), regs))
	})
	queue.flush()
	p.clear()
	if err := answer.close(); err != nil {
		return err
	}
	if err := report.close(); err != nil {
		return err
	}
	if err != nil {
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

// checkAnswer is what takes the reports of a check, in order.
type checkAnswer interface {
	add(trust.Report)
	close() error
}

func (a *app) checkAnswer(total int, verbose bool) checkAnswer {
	if a.json {
		return &jsonReports{a: a, out: jsonList{w: a.std.Out, name: "registries"}}
	}
	return &textReports{a: a, out: a.newText(a.std.Out, a.std.OutTTY), total: total, full: verbose || total == 1, looked: verbose}
}

// jsonReports answers in the contract's form.
type jsonReports struct {
	a   *app
	out jsonList
}

func (j *jsonReports) add(r trust.Report) {
	b, err := encode(contract(r, j.a.english))
	if err != nil {
		j.out.err = err
		return
	}
	j.out.add(b)
}

func (j *jsonReports) close() error { return j.out.close() }

// ordered hands reports on in the order in which they were asked for, each as
// soon as all before it are in: output that is the same each time, without
// waiting for a server that hangs before showing the first.
type ordered struct {
	regs    []trust.Registry
	next    int
	waiting map[trust.Registry]trust.Report
	each    func(trust.Report)
}

func inOrder(regs []trust.Registry, each func(trust.Report)) *ordered {
	return &ordered{regs: regs, waiting: map[trust.Registry]trust.Report{}, each: each}
}

func (o *ordered) add(r trust.Report) {
	o.waiting[r.Registry] = r
	for o.next < len(o.regs) {
		r, ok := o.waiting[o.regs[o.next]]
		if !ok {
			return
		}
		o.pass(r)
	}
}

// flush hands on what is in when a check was cut short.
func (o *ordered) flush() {
	for o.next < len(o.regs) {
		if r, ok := o.waiting[o.regs[o.next]]; ok {
			o.pass(r)
		} else {
			o.next++
		}
	}
}

func (o *ordered) pass(r trust.Report) {
	delete(o.waiting, r.Registry)
	o.next++
	o.each(r)
}
