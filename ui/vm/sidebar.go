package vm

import (
	"errors"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Group is a part of the list of registries.
type Group int

// The groups, in the order in which they are shown.
const (
	GroupAttention Group = iota
	GroupTrusted
	GroupUnreached
	GroupPending // not checked yet
	GroupHidden
	groups
)

var groupKeys = [groups]string{"side.attention", "side.trusted", "side.unreached", "side.pending", "side.hidden"}

// soon is how near a certificate's end must be for a trusted registry to need
// attention now rather than be mentioned on its page.
const soon = 14 * 24 * time.Hour

func groupOf(e Entry) Group {
	switch {
	case e.Known.Hidden:
		return GroupHidden
	case e.Report == nil:
		return GroupPending
	}
	switch s := e.Report.Verdict(); {
	case s == trust.Unreachable:
		return GroupUnreached
	case s == trust.Trusted && !endsSoon(*e.Report):
		return GroupTrusted
	default:
		return GroupAttention
	}
}

// endsSoon reports whether a certificate in use ends within the next days,
// counted from the check.
func endsSoon(r trust.Report) bool {
	for _, ep := range r.Endpoints {
		for _, c := range ep.Sent {
			if c.NotAfter.Sub(r.At) < margin(c, soon) {
				return true
			}
		}
	}
	return false
}

// SideRow is a line of the list: a group's heading or a registry.
type SideRow struct {
	Heading         string // "" for a registry
	ID              string
	Mark            Mark
	Title, Subtitle string
}

// Sidebar is the list of registries as searched.
type Sidebar struct {
	Rows  []SideRow
	Found int // registries shown
	// Add is a registry that was typed and is not in the list; AddLabel offers to
	// add it and AddNote says what is odd about it.
	Add               string
	AddLabel, AddNote string
	// None says that nothing matches, and why what was typed cannot be added.
	None string
}

// Sidebar returns the list for what was typed into the search field.
func (t Teller) Sidebar(b *Book, query string) Sidebar {
	var s Sidebar
	var byGroup [groups][]SideRow
	query = strings.TrimSpace(query)
	for _, e := range b.All() {
		if matches(e, query) {
			g := b.placed[e.ID()]
			byGroup[g] = append(byGroup[g], t.sideRow(e))
			s.Found++
		}
	}
	for g, rows := range byGroup {
		if len(rows) > 0 {
			heading := t.say(groupKeys[g], args{"count": len(rows)})
			s.Rows = append(s.Rows, SideRow{Heading: heading})
			s.Rows = append(s.Rows, rows...)
		}
	}
	if query != "" {
		t.offer(&s, b, query)
	}
	return s
}

// matches looks at the name, and at the places where it was found, so that
// "daemon.json" finds all that come from there.
func matches(e Entry, query string) bool {
	if query == "" {
		return true
	}
	query = strings.ToLower(query)
	if strings.Contains(strings.ToLower(e.ID()), query) {
		return true
	}
	for _, o := range e.Known.Origins {
		if strings.Contains(strings.ToLower(o.Path), query) {
			return true
		}
	}
	if r, _, err := trust.ParseRegistry(query); err == nil {
		return r.Folded() == e.Known.Registry.Folded()
	}
	return false
}

// offer adds what was typed, if it names a registry that is not listed.
func (t Teller) offer(s *Sidebar, b *Book, query string) {
	r, warnings, err := trust.ParseRegistry(query)
	if err != nil {
		if s.Found == 0 {
			s.None = t.say("side.none", args{"query": query})
			var name trust.NameError
			if errors.As(err, &name) {
				s.AddNote = t.NameProblem(err)
			}
		}
		return
	}
	if _, known := b.Entry(r.String()); known {
		return
	}
	if s.Found > 0 && isBareWord(warnings) {
		return // a word that matches something is a search
	}
	s.Add = r.String()
	s.AddLabel = t.say("side.add", args{"registry": s.Add})
	var notes []string
	for _, w := range warnings {
		notes = append(notes, t.nameWarning(w))
	}
	s.AddNote = strings.Join(notes, "\n")
}

func isBareWord(ws []trust.NameWarning) bool {
	return slices.ContainsFunc(ws, func(w trust.NameWarning) bool { return w.Code == trust.WarnBareWord })
}

// NameProblem says why a text names no registry.
func (t Teller) NameProblem(err error) string {
	var name trust.NameError
	if !errors.As(err, &name) {
		return t.W.Error(err).What
	}
	return t.W.T("name."+string(name.Code), anyArgs(name.Args()))
}

// NameWarnings says what a person may not have meant by a name.
func (t Teller) NameWarnings(ws []trust.NameWarning) []string {
	var out []string
	for _, w := range ws {
		out = append(out, t.nameWarning(w))
	}
	return out
}

func (t Teller) nameWarning(w trust.NameWarning) string {
	return t.W.T("name."+string(w.Code), anyArgs(w.Args))
}

func anyArgs(in map[string]string) args {
	out := args{}
	for k, v := range in {
		out[k] = v
	}
	return out
}

func (t Teller) sideRow(e Entry) SideRow {
	row := SideRow{ID: e.ID(), Title: safe.Line(e.ID())}
	row.Mark, row.Subtitle = t.standing(e)
	return row
}

// standing is a registry in a few words.
func (t Teller) standing(e Entry) (Mark, string) {
	switch {
	case e.Checking && e.Report == nil:
		return MarkChecking, t.say("side.checking", nil)
	case e.Report == nil:
		return MarkUnknown, t.say("side.unchecked", nil)
	}
	r := *e.Report
	state := r.Verdict()
	names := make([]string, 0, 4)
	for _, p := range r.PartiesIn(state) {
		names = append(names, t.W.Party(p))
	}
	parties := strings.Join(names, t.W.T("list.separator", nil))
	reason := t.short(r.ReasonFor(state))
	switch {
	case state == trust.Trusted && endsSoon(r):
		return MarkAttention, t.left(firstEnd(r).Sub(t.Now()))
	case state == trust.Trusted:
		return MarkTrusted, t.say("side.trusted-by", args{"parties": parties})
	case state == trust.Unreachable || parties == "" || reason == "":
		return markOf(state), firstOf(reason, t.W.State(state))
	default:
		return markOf(state), t.say("side.reason", args{"reason": reason, "parties": parties})
	}
}

// short is a reason in two or three words, for a narrow list.
func (t Teller) short(c trust.Code) string {
	if key := "window.short." + string(c); t.W.Has(key) {
		return t.W.T(key, nil)
	}
	return t.W.Reason(c)
}

func firstOf(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// firstEnd is when the first of the certificates in use ends.
func firstEnd(r trust.Report) time.Time {
	var end time.Time
	for _, ep := range r.Endpoints {
		for _, c := range ep.Sent {
			if end.IsZero() || c.NotAfter.Before(end) {
				end = c.NotAfter
			}
		}
	}
	return end
}

// worst is a party's worst verdict and the role of the endpoint that it is on.
func worst(r trust.Report, p trust.Party) (trust.Verdict, trust.Role) {
	var worst trust.Verdict
	var role trust.Role
	found := false
	for _, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			if v.Consumer.Party == p && (!found || v.State > worst.State) {
				worst, role, found = v, ep.Role, true
			}
		}
	}
	return worst, role
}
