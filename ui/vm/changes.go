package vm

import (
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Changes is what a plan does, as the preview lists it.
func (t Teller) Changes(p trust.Plan) ChangesView {
	v := ChangesView{Remark: t.changesRemark(p)}
	for _, c := range p.Changes {
		v.Lines = append(v.Lines, t.change(c))
		for _, line := range c.StoreCommands() {
			v.Lines = append(v.Lines, Line{Sign: "$", Text: safe.Line(line), Mark: MarkUnknown, Plain: true})
		}
		v.Lines = append(v.Lines, t.edits(c.Edits, p.Action == "undo")...)
	}
	for _, c := range p.Consequences {
		v.Notes = append(v.Notes, Remark{consequenceMark(c), t.W.Consequence(c)})
	}
	if p.Plaintext() {
		v.Notes = append(v.Notes, Remark{MarkAttention, t.say("changes.plaintext", nil)})
	}
	for _, r := range p.Restarts {
		v.Notes = append(v.Notes, Remark{MarkAttention, t.say("changes.restart-note", args{"name": r.Name, "command": r.Command})})
	}
	if p.Privileged() {
		v.Notes = append(v.Notes, Remark{MarkUnknown, t.say("changes.rights", nil)})
	}
	return v
}

// Untrusted says what ceasing to trust has done.
func (t Teller) Untrusted(p trust.Plan) string {
	if slices.ContainsFunc(p.Consequences, func(c trust.Consequence) bool { return c.Code == trust.ClientStays }) {
		return t.say("untrust.done-client", nil)
	}
	return t.say("untrust.done", nil)
}

// signs are the marks that people know from diffs.
var signs = map[trust.Status]string{
	trust.StatusNew: "+", trust.StatusBeside: "+", trust.StatusReplaced: "~",
	trust.StatusRemoved: "−", trust.StatusUnchanged: "=", trust.StatusEdited: "~", trust.StatusRenamed: "→", trust.StatusRights: "~",
}

func (t Teller) change(c trust.Change) Line {
	l := Line{Sign: signs[c.Status], Text: safe.Line(c.Path), Mark: MarkTrusted}
	switch {
	case c.Kind == trust.RunCommand:
		l.Sign, l.Text, l.Mark, l.Plain = "$", safe.Line(c.Shown), MarkUnknown, true
	case c.Kind == trust.ChangeStore:
		l = t.changeStore(c, l)
	case c.Kind == trust.KeepSecret:
		l.Text = t.W.KeepSecret(c.Registry, c.Status == trust.StatusRemoved)
		if c.Status == trust.StatusRemoved {
			l.Mark = MarkRefused
		}
	case c.Via != "":
		l.Note = t.say("changes.via", args{"path": safe.Line(c.Via)})
	case c.Kind == trust.MoveFile, c.Kind == trust.SetMode:
		l.Text, l.Mark = safe.Line(c.Moved()), MarkAttention
		if c.SetsMode() && c.Mode.Perm()&0o077 == 0 {
			l.Note = t.say("changes.set-mode", nil)
		}
	case c.Status == trust.StatusUnchanged:
		l.Note, l.Plain = t.say("changes.unchanged", nil), true
	case c.Status == trust.StatusBeside:
		l.Note = t.say("changes.beside", nil)
	case c.Status == trust.StatusReplaced:
		l.Note, l.Mark = t.say("changes.replaced", nil), MarkAttention
	case c.Status == trust.StatusRemoved:
		l.Mark = MarkRefused
	}
	return l
}

// changeStore is one certificate that a store gets, holds already, or loses.
func (t Teller) changeStore(c trust.Change, l Line) Line {
	l.Text, l.Plain = t.W.Store(c.Store), true
	switch c.Status {
	case trust.StatusUnchanged:
		l.Note = t.say("changes.unchanged", nil)
	case trust.StatusReplaced:
		l.Note, l.Mark = t.say("changes.store-settings", nil), MarkAttention
	case trust.StatusRemoved:
		l.Mark = MarkRefused
	}
	return l
}

// edits are the values of a file that are set or removed.
func (t Teller) edits(edits []trust.Edit, undo bool) []Line {
	var out []Line
	for _, e := range edits {
		l := Line{Sign: "+", Text: t.W.Edit(e, undo), Mark: MarkTrusted, Plain: true}
		switch {
		case e.Secret && undo:
			l.Mark = MarkAttention
		case e.Value == nil:
			l.Sign, l.Mark = "−", MarkRefused
		case e.Was != nil:
			l.Sign, l.Mark = "~", MarkAttention
		}
		out = append(out, l)
	}
	return out
}

// changesRemark counts: "2 new files, nothing overwritten, no restart".
func (t Teller) changesRemark(p trust.Plan) string {
	n := map[trust.Status]int{}
	stores := 0
	for _, c := range p.Changes {
		switch {
		case c.Kind == trust.ChangeStore && c.Status != trust.StatusUnchanged:
			stores++
		case c.Kind != trust.RunCommand && c.Kind != trust.KeepSecret:
			n[c.Status]++
		}
	}
	var parts []string
	count := func(key string, k int) {
		if k > 0 {
			parts = append(parts, t.count(key, k, nil))
		}
	}
	count("changes.new", n[trust.StatusNew]+n[trust.StatusBeside])
	count("changes.stores", stores)
	count("changes.edited", n[trust.StatusEdited])
	count("changes.removed", n[trust.StatusRemoved])
	count("changes.same", n[trust.StatusUnchanged])
	if n[trust.StatusReplaced] == 0 {
		parts = append(parts, t.say("changes.none-overwritten", nil))
	}
	count("changes.overwritten", n[trust.StatusReplaced])
	if len(p.Restarts) == 0 {
		parts = append(parts, t.say("changes.no-restart", nil))
	}
	count("changes.restarts", len(p.Restarts))
	return strings.Join(parts, t.W.T("list.separator", nil))
}

// forecast is each party's verdict now and after the plan, the worst over its
// consumers and registries; parties in scope first.
func (t Teller) forecast(p trust.Plan) []Row {
	type both struct {
		party         trust.Party
		before, after trust.State
		effective     string
		inScope       bool
	}
	var all []both
	index := map[trust.Party]int{}
	for _, f := range p.Forecast {
		i, seen := index[f.Party]
		if !seen {
			i = len(all)
			index[f.Party] = i
			all = append(all, both{party: f.Party, inScope: f.InScope, before: f.Before, after: f.After, effective: f.Effective})
			continue
		}
		b := &all[i]
		b.before, b.after, b.inScope = max(b.before, f.Before), max(b.after, f.After), b.inScope || f.InScope
		b.effective = firstOf(b.effective, f.Effective)
	}
	var in, out []Row
	for _, b := range all {
		row := Row{
			ID: "forecast:" + string(b.party), Party: b.party, InScope: b.inScope, Muted: !b.inScope,
			Mark: markOf(b.after), Title: t.W.Party(b.party), Word: t.say("will."+b.after.String(), nil),
		}
		if b.effective != "" {
			row.Word, row.Mark = t.W.Effective(b.effective), MarkAttention
		}
		if b.inScope {
			in = append(in, row)
		} else {
			row.Mark = MarkUnknown
			out = append(out, row)
		}
	}
	return append(in, out...)
}
