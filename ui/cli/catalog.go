package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/catalog"
	"mooring.dev/mooring/trust/signin"
	"mooring.dev/mooring/ui/safe"
)

func (a *app) catalogCmd() *cobra.Command {
	tags := false
	c := a.answers(a.verb("catalog", "REG [REPOSITORY]", func(_ *cobra.Command, args []string) error {
		regs, err := a.registries(args[:1])
		if err != nil {
			return err
		}
		if len(args) == 1 {
			if tags {
				return usage{key: "tags-repository"}
			}
			answered, err := a.repositories(regs[0])
			return a.refusedCatalog(regs[0], "", answered, err)
		}
		if err := catalog.CheckName(args[1]); err != nil {
			return usage{"repository", map[string]any{"text": args[1]}}
		}
		return a.refusedCatalog(regs[0], args[1], false, a.repository(regs[0], args[1], tags))
	}))
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) < 1 || len(args) > 2 {
			return usage{key: "catalog"}
		}
		return nil
	}
	c.ValidArgsFunction = a.completeRegistries
	c.Flags().BoolVar(&tags, "tags", false, a.t("flag.tags", nil))
	return c
}

// repositories lists what a registry holds, each page as it comes. answered: some
// of it was written.
func (a *app) repositories(r trust.Registry) (answered bool, err error) {
	m, err := a.machine()
	if err != nil {
		return false, err
	}
	out := jsonList{w: a.std.Out, name: "repositories"}
	p := a.progress()
	p.show(a.checking(0, []trust.Registry{r}))
	count := 0
	err = m.Repositories(a.ctx, r, func(page catalog.Page) {
		p.clear()
		for _, name := range page.Repositories {
			a.listed(&out, name)
		}
		if count += len(page.Repositories); !page.Last {
			p.show(a.words.N("cli.catalog.progress", count, nil))
		}
	})
	p.clear()
	switch {
	case err != nil && count == 0:
		return false, err
	case a.json:
		return true, errors.Join(err, out.close())
	case err == nil:
		a.narrator().say(a.words.N("cli.catalog.count", count, map[string]any{"registry": r}))
	}
	return true, err
}

// listed writes one repository.
func (a *app) listed(out *jsonList, name string) {
	if !a.json {
		line(a.std.Out, safe.Line(name))
		return
	}
	b, err := encode(struct {
		Name string `json:"name"`
	}{name})
	if err != nil {
		panic(err) // a name can be marshalled
	}
	out.add(b)
}

// The JSON answer for one repository, schema 1. Fields are only ever added.
type (
	jsonRepository struct {
		Schema     int        `json:"schema"`
		Registry   string     `json:"registry"`
		Repository string     `json:"repository"`
		Rights     jsonRights `json:"rights"`
		Tags       []jsonTag  `json:"tags"` // empty unless asked for
	}
	jsonRights struct {
		Pull       catalog.Answer `json:"pull"` // "yes", "no", "unknown"
		Push       catalog.Answer `json:"push"`
		PullText   string         `json:"pullText"`
		PushText   string         `json:"pushText"`
		Credential bool           `json:"credential"` // asked with one, not as anybody
		UploadLeft bool           `json:"uploadLeft"`
	}
	jsonTag struct {
		Name      string   `json:"name"`
		Digest    string   `json:"digest"`
		Size      int64    `json:"size"` // -1 when not known
		Platforms []string `json:"platforms"`
	}
	jsonUnlisted struct {
		Schema     int         `json:"schema"`
		Registry   string      `json:"registry"`
		Repository string      `json:"repository"`
		Refusal    jsonRefusal `json:"refusal"`
	}
)

// repository shows what the person may do with one, and its tags if asked.
func (a *app) repository(r trust.Registry, name string, withTags bool) error {
	m, err := a.machine()
	if err != nil {
		return err
	}
	p := a.progress()
	p.show(a.checking(0, []trust.Registry{r}))
	rights, err := m.Rights(a.ctx, r, name)
	p.clear()
	if err != nil {
		return err
	}
	if !a.json {
		a.newText(a.std.Out, a.std.OutTTY).rights(rights)
	}
	tags := []jsonTag{}
	if withTags {
		if tags, err = a.tags(m, r, name); err != nil {
			return err
		}
	}
	if !a.json {
		return nil
	}
	return a.answer(jsonRepository{
		Schema: schema, Registry: r.String(), Repository: name, Tags: tags,
		Rights: jsonRights{rights.Pull, rights.Push, rights.PullText, rights.PushText, rights.Credential, rights.UploadLeft},
	})
}

// tags reads the tags of a repository and writes each part as it comes.
func (a *app) tags(m platform.Service, r trust.Registry, name string) ([]jsonTag, error) {
	p := a.progress()
	defer p.clear()
	all := []jsonTag{}
	named := map[string]bool{}
	err := m.Tags(a.ctx, r, name, func(s catalog.Sized) {
		var sized []catalog.Tag
		for _, t := range s.Tags {
			if named[t.Name] {
				sized = append(sized, t)
			}
			named[t.Name] = true
		}
		p.clear()
		if !a.json {
			a.newText(a.std.Out, a.std.OutTTY).tags(sized)
		}
		all = append(all, each(sized, func(t catalog.Tag) jsonTag { return jsonTag{t.Name, t.Digest, t.Size, list(t.Platforms)} })...)
		p.show(a.t("progress.tags", map[string]any{"done": len(all), "total": len(named)}))
	})
	return all, err
}

// rights draws what may be done with a repository.
func (t *text) rights(r catalog.Rights) {
	t.say(t.bold(safe.Line(r.Repository)))
	rows := table{indent: "  "}
	for _, row := range []struct {
		name, text string
		answer     catalog.Answer
	}{{t.t("catalog.pull", nil), r.PullText, r.Pull}, {t.t("catalog.push", nil), r.PushText, r.Push}} {
		state := rightStates[row.answer]
		paint := func(s string) string { return t.state(state, s) }
		rows.row(plain(row.name), cell{symbols[state] + " " + t.words.Right(row.answer), paint}, cell{safe.Line(row.text), t.dim})
	}
	rows.write(t.w)
	if !r.Credential {
		t.say(wrap(t.t("catalog.anybody", nil), "  ", t.width))
	}
	if r.UploadLeft {
		t.say(wrap(t.t("catalog.upload-left", nil), "  ", t.width))
	}
}

// rightStates gives an answer the shape and colour of a verdict.
var rightStates = map[catalog.Answer]trust.State{catalog.Yes: trust.Trusted, catalog.No: trust.Refused, catalog.NotKnown: trust.Unknown}

// shortDigest is how much of a digest tells one from another at sight.
const shortDigest = len("sha256:") + 12

func (t *text) tags(tags []catalog.Tag) {
	rows := table{indent: "  "}
	for _, tag := range tags {
		platforms := ""
		if len(tag.Platforms) > 0 {
			platforms = t.words.List(tag.Platforms)
		}
		rows.row(plain(safe.Line(tag.Name)), cell{safe.Line(tag.Digest[:min(len(tag.Digest), shortDigest)]), t.dim},
			plain(t.words.Size(tag.Size)), cell{safe.Line(platforms), t.dim})
	}
	rows.write(t.w)
}

// refusedCatalog gives a refusal its JSON, unless there was an answer already, and
// its words.
func (a *app) refusedCatalog(r trust.Registry, repository string, answered bool, err error) error {
	refusal := refusalJSON(err)
	var unlisted *catalog.Refusal
	if errors.As(err, &unlisted) {
		refusal = &jsonRefusal{
			Why: string(unlisted.Why), Endpoint: r.Address(), Role: trust.RoleRegistry, Product: unlisted.Product,
			Status: unlisted.Status, Text: unlisted.Text,
		}
	}
	if a.json && refusal != nil && !answered {
		if err := a.answer(jsonUnlisted{schema, r.String(), repository, *refusal}); err != nil {
			return err
		}
	}
	if needsSignIn(err) {
		p := a.words.Error(err)
		p.Hint = a.t("catalog.sign-in-first", map[string]any{"registry": r})
		a.complain(p)
		return status(exitRefused)
	}
	return a.refused(r, err)
}

// needsSignIn reports whether signing in would help.
func needsSignIn(err error) bool {
	var unlisted *catalog.Refusal
	var refused *signin.Refusal
	if errors.As(err, &unlisted) {
		return unlisted.Why == catalog.NeedsSignIn
	}
	return errors.As(err, &refused) && refused.Why == signin.NeedsSignIn
}
