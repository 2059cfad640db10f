package cli

import (
	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// newRequest makes a key and prints the request: alone on standard output, for a
// pipe. Without a name the person's own is asked for.
func (a *app) newRequest(args []string) error {
	regs, err := a.registries(args[:1])
	if err != nil {
		return err
	}
	m, err := a.machine()
	if err != nil {
		return err
	}
	name := a.std.Getenv("USER")
	if len(args) == 2 {
		name = args[1]
	}
	r, err := m.NewSigningRequest(a.ctx, regs[0], name)
	if err != nil {
		return err
	}
	if a.json {
		return a.answer(requestJSON(r))
	}
	if _, err := a.std.Out.Write([]byte(r.PEM)); err != nil {
		return err
	}
	a.note(a.t("client-cert.key-kept", map[string]any{"path": r.KeyPath, "registry": r.Registry}))
	return nil
}

// awaited lists the requests that wait for an answer, and those whose key is still
// kept although the answer came.
func (a *app) awaited() error {
	m, err := a.machine()
	if err != nil {
		return err
	}
	requests, err := m.SigningRequests(a.ctx)
	if err != nil {
		return err
	}
	if a.json {
		return answerList(a, "requests", each(requests, requestJSON))
	}
	t := a.newText(a.std.Out, a.std.OutTTY)
	if len(requests) == 0 {
		t.say(t.t("client-cert.no-requests", nil))
	}
	rows := table{}
	for _, r := range requests {
		state := "client-cert.awaited"
		if r.Answered {
			state = "client-cert.answered"
		}
		rows.row(plain(safe.Line(r.Registry.String())), plain(safe.Line(r.Name)), plain(t.words.Moment(r.At)), plain(t.t(state, nil)), cell{safe.Line(r.KeyPath), t.dim})
	}
	rows.write(t.w)
	return nil
}

// forgetRequest removes the spare keys of a registry's requests: those whose
// certificate was installed with a copy. Nothing is removed of a registry for which a
// key has to stay.
func (a *app) forgetRequest(f clientFlags, args []string) error {
	m, regs, err := a.begin(f.consent, args)
	if err != nil {
		return err
	}
	requests, err := a.spare(m, regs[0], f.force)
	if err != nil {
		return err
	}
	t := a.narrator()
	t.say(t.t("client-cert.forget", nil))
	for _, r := range requests {
		t.say("  " + safe.Line(r.KeyPath))
	}
	t.say(wrap(t.warn(t.t("client-cert.forget-means", nil)), "  ", t.width))
	if !f.dryRun {
		if err := a.confirm(f.consent); err != nil {
			return err
		}
		for _, r := range requests {
			if err := m.ForgetSigningRequest(a.ctx, r.KeyPath, f.force); err != nil {
				return err
			}
		}
		t.say(t.good(symbols[trust.Trusted]) + " " + t.t("client-cert.forgotten", nil))
	}
	if a.json {
		return a.answer(jsonForgotten{schema, regs[0].String(), !f.dryRun, each(requests, requestJSON)})
	}
	return nil
}

// spare are the requests of a registry whose key may go. Of several that are not
// answered nobody can vouch for all: a pair that cannot be read has one key.
func (a *app) spare(m platform.Service, reg trust.Registry, force bool) ([]platform.SigningRequest, error) {
	all, err := m.SigningRequests(a.ctx)
	if err != nil {
		return nil, err
	}
	var awaited, answered []platform.SigningRequest
	for _, r := range all {
		switch {
		case r.Registry != reg:
		case r.Answered:
			answered = append(answered, r)
		default:
			awaited = append(awaited, r)
		}
	}
	if len(answered) == 0 {
		answered, force = awaited, force && len(awaited) == 1
	}
	if len(answered) == 0 {
		return nil, failed{"client-cert-no-request", map[string]any{"registry": reg}}
	}
	for _, r := range answered {
		if err := r.MustStay(force); err != nil {
			return nil, err
		}
	}
	return answered, nil
}
