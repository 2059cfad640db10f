package vm

import (
	"slices"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// parties returns one row a party: those in scope first.
func (t Teller) parties(r trust.Report) []Row {
	var in, out []Row
	for _, p := range r.Parties() {
		row := t.party(r, p)
		if row.InScope {
			in = append(in, row)
		} else {
			out = append(out, row)
		}
	}
	return append(in, out...)
}

func (t Teller) party(r trust.Report, p trust.Party) Row {
	v, role := worst(r, p)
	row := Row{
		ID: "party:" + string(p), Party: p, InScope: r.InScope(p), Mark: markOf(v.State),
		Title: t.partyTitle(p, v.Consumer), Word: t.say("verdict."+v.State.String(), nil), Reason: t.reason(role, v),
	}
	row.Scopable = v.Consumer.Installed || row.InScope
	switch {
	case !row.InScope:
		t.mute(&row, v)
	case !v.Consumer.Installed:
		row.Word = t.say("would."+v.State.String(), nil)
		row.Reason = t.say("party.not-installed", args{"reason": row.Reason})
	}
	if v.Consumer.Remote {
		row.Notes = append(row.Notes, t.say("party.remote", nil))
	}
	if restart, ok := Waits(r, p); ok {
		row.Acts = append(row.Acts, t.actToRestart(restart, p))
	}
	row.Notes = append(row.Notes, t.consumerNotes(r, p)...)
	row.Looked = t.looked(r, p)
	return row
}

func (t Teller) partyTitle(p trust.Party, c trust.Consumer) string {
	name := t.W.Party(p)
	if c.Version == "" || !c.Installed {
		return name
	}
	return name + " " + safe.Line(c.Version)
}

// mute makes a row of a party that does not count: never red, and its verdict a
// remark.
func (t Teller) mute(row *Row, v trust.Verdict) {
	row.Muted, row.Mark = true, MarkUnknown
	if v.Consumer.Installed {
		row.Word = t.say("verdict.out-of-scope", nil)
		row.Reason = t.say("would."+v.State.String(), nil)
		if v.Consumer.Party == trust.System {
			row.Reason = t.say("system."+v.State.String(), nil)
		}
		return
	}
	row.Word = t.say("verdict.not-installed", nil)
	row.Reason = t.say("would."+v.State.String(), nil)
}

// reason is why a verdict is as it is, in a line.
func (t Teller) reason(role trust.Role, v trust.Verdict) string {
	switch {
	case v.Effective != "":
		return t.say("party.effective", args{"when": t.W.Effective(v.Effective)})
	case v.State == trust.Trusted:
		return t.anchorOf(v)
	case v.State == trust.Unknown && v.Detail != "":
		return safe.Line(v.Detail)
	}
	code := v.ReasonAt(role)
	if v.State == trust.Refused && len(v.Looked) > 0 {
		return t.count("party.refused", len(v.Looked), args{"reason": t.short(code)})
	}
	return t.W.Reason(code)
}

// anchorOf says which anchor a trusted verdict rests on: the file or store.
func (t Teller) anchorOf(v trust.Verdict) string {
	if len(v.Path) == 0 {
		return ""
	}
	return t.source(v.Path[len(v.Path)-1].Source)
}

// source is a provenance as a person reads it: a path stays a path.
func (t Teller) source(s trust.Source) string {
	if f := s.File(); f != "" {
		return safe.Line(f)
	}
	return safe.Line(t.W.Source(s))
}

// consumerNotes tells consumers of one party apart where they differ: Docker's
// login and pull may disagree.
func (t Teller) consumerNotes(r trust.Report, p trust.Party) []string {
	var notes []string
	seen := map[string]bool{}
	for i, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			if v.Consumer.Party != p {
				continue
			}
			a := args{
				"operation": t.W.Operation(v.Consumer.Operation), "instance": v.Consumer.Instance,
				"verdict": t.W.Verdict(v), "endpoint": ep.Address,
			}
			key := "party.consumer"
			if i > 0 {
				key = "party.consumer-endpoint"
			}
			if note := t.say(key, a); !seen[note] {
				seen[note] = true
				notes = append(notes, note)
			}
		}
	}
	return notes
}

// looked lists the paths that the party's consumers looked at, in order, each
// once.
func (t Teller) looked(r trust.Report, p trust.Party) []Look {
	var out []Look
	for _, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			if v.Consumer.Party != p {
				continue
			}
			for _, l := range v.Looked {
				look := Look{Path: safe.Line(l.Path), Found: l.Found, Word: t.lookWord(l)}
				if l.Note != "" {
					look.Mark = MarkAttention
				}
				if !slices.Contains(out, look) {
					out = append(out, look)
				}
			}
		}
	}
	return out
}

func (t Teller) lookWord(l trust.Look) string {
	if l.Note != "" {
		return t.W.Reason(trust.Code(l.Note))
	}
	if l.Found {
		return t.say("look.found", nil)
	}
	return t.say("look.missing", nil)
}
