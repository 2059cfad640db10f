package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

func (a *app) listCmd() *cobra.Command {
	var o platform.ListOptions
	c := a.answers(a.verb("list", "", func(*cobra.Command, []string) error {
		m, err := a.machine()
		if err != nil {
			return err
		}
		known, err := a.known(m, o)
		if err != nil {
			return err
		}
		return a.answerKnown(known)
	}))
	c.Args = a.none
	c.Flags().BoolVar(&o.AskEngines, "images", false, a.t("flag.images", nil))
	c.Flags().BoolVar(&o.Hidden, "hidden", false, a.t("flag.hidden", nil))
	return c
}

// known lists the registries. A file that cannot be read keeps none of the others
// from being listed: the person is told.
func (a *app) known(m platform.Service, o platform.ListOptions) ([]platform.Known, error) {
	known, err := m.Registries(a.ctx, o)
	if err == nil || len(known) == 0 {
		return known, err
	}
	a.note(a.t("warning.partly", map[string]any{"cause": err}))
	return known, nil
}

// note tells the person something beside the answer.
func (a *app) note(text string) {
	line(a.std.Err, a.styleFor(a.std.ErrTTY).warn(a.t("warning.prefix", nil))+" "+text)
}

func (a *app) addCmd() *cobra.Command {
	c := a.answers(a.verb("add", "REG…", func(_ *cobra.Command, args []string) error {
		return a.edit(args, func(m platform.Service, r trust.Registry) error { return m.Add(a.ctx, r) }, "add.done")
	}))
	c.Args = some
	return c
}

func (a *app) removeCmd() *cobra.Command {
	c := a.answers(a.verb("remove", "REG…", func(_ *cobra.Command, args []string) error {
		return a.edit(args, func(m platform.Service, r trust.Registry) error { return m.Remove(a.ctx, r) }, "remove.done")
	}))
	c.Args, c.ValidArgsFunction = some, a.completeRegistries
	return c
}

func (a *app) scopeCmd() *cobra.Command {
	c := a.answers(a.verb("scope", "REG P,…", func(_ *cobra.Command, args []string) error {
		parties, err := a.parties(args[1])
		if err != nil {
			return err
		}
		set := func(m platform.Service, r trust.Registry) error { return m.SetScope(a.ctx, r, parties) }
		return a.edit(args[:1], set, "scope.done")
	}))
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 2 {
			return usage{key: "scope"}
		}
		return nil
	}
	c.ValidArgsFunction = func(cmd *cobra.Command, args []string, to string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return a.completeRegistries(cmd, args, to)
		}
		return a.completeParties(cmd, nil, to)
	}
	return c
}

// edit changes what the machine knows of each registry named, and answers with
// how they stand then.
func (a *app) edit(args []string, change func(platform.Service, trust.Registry) error, done string) error {
	regs, err := a.registries(args)
	if err != nil {
		return err
	}
	m, err := a.machine()
	if err != nil {
		return err
	}
	for _, r := range regs {
		if err := change(m, r); err != nil {
			return err
		}
		a.narrator().say(a.t(done, map[string]any{"registry": r}))
	}
	if !a.json {
		return nil
	}
	known, err := a.known(m, platform.ListOptions{Hidden: true})
	if err != nil {
		return err
	}
	return answerList(a, "registries", each(only(known, regs), knownJSON))
}

func only(known []platform.Known, regs []trust.Registry) []platform.Known {
	var out []platform.Known
	for _, k := range known {
		for _, r := range regs {
			if k.Registry == r {
				out = append(out, k)
			}
		}
	}
	return out
}

func (a *app) answerKnown(known []platform.Known) error {
	if a.json {
		return answerList(a, "registries", each(known, knownJSON))
	}
	t := a.newText(a.std.Out, a.std.OutTTY)
	if len(known) == 0 {
		a.narrator().say(a.t("list.none", nil))
		return nil
	}
	rows := table{}
	for _, k := range known {
		name := t.bold
		if k.Hidden {
			name = t.dim
		}
		rows.row(cell{safe.Line(k.Registry.String()), name}, plain(partyCodes(k.Scope)), cell{t.origins(k), t.dim})
	}
	rows.write(t.w)
	return nil
}

func partyCodes(ps []trust.Party) string {
	return strings.Join(each(ps, func(p trust.Party) string { return string(p) }), ",")
}

// origins says where a registry was found, in short.
func (t *text) origins(k platform.Known) string {
	var out []string
	for _, o := range k.Origins {
		where := o.Path
		if where == "" {
			where = o.Kind
		}
		if o.Kind == "added" {
			where = t.t("list.added", nil)
		}
		if o.Note != "" {
			where += " (" + o.Note + ")"
		}
		out = append(out, safe.Line(where))
	}
	if k.Hidden {
		out = append(out, t.t("list.hidden", nil))
	}
	return strings.Join(unique(out), ", ")
}
