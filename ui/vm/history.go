package vm

import (
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// Receipt is a past change as the history shows it.
type Receipt struct {
	ID      string
	Mark    Mark
	Title   string // "Trusted “Corp Root CA” for reg.example:5000"
	When    string // and what stands on it
	State   string
	Lines   []Line
	CanUndo bool
}

// History returns the receipts, newest first; with a registry only its own.
func (t Teller) History(receipts []trust.Receipt, registry string) []Receipt {
	var out []Receipt
	for _, r := range receipts {
		if registry != "" && !slices.Contains(r.Registries, registry) {
			continue
		}
		v := t.receipt(r)
		if later, _, ok := r.SupersededBy(receipts); ok && v.CanUndo {
			t.superseded(&v, later)
		}
		out = append(out, v)
	}
	return out
}

func (t Teller) receipt(r trust.Receipt) Receipt {
	v := Receipt{
		ID: r.ID, Title: t.receiptTitle(r), When: t.W.Moment(r.At), State: t.W.ReceiptState(r.State),
		CanUndo: r.State == trust.ReceiptApplied || r.State == trust.ReceiptPending,
	}
	switch r.State {
	case trust.ReceiptApplied:
		v.Mark = MarkTrusted
	case trust.ReceiptPending:
		v.Mark = MarkAttention
	default:
		v.Mark = MarkUnknown
	}
	for _, d := range r.Changes {
		v.Lines = append(v.Lines, t.doneLine(d))
		v.Lines = append(v.Lines, t.edits(d.Edits, false)...)
	}
	return v
}

// superseded says that a later change stands on v, which must be undone first.
func (t Teller) superseded(v *Receipt, later trust.Receipt) {
	v.CanUndo, v.Mark, v.State = false, MarkUnknown, t.W.Superseded()
	v.When = t.say("history.superseded-by", args{"when": v.When, "later": t.W.Moment(later.At)})
}

func (t Teller) doneLine(d trust.Done) Line {
	l := Line{Sign: "+", Text: safe.Line(d.Path), Mark: MarkTrusted}
	if d.Via != "" {
		l.Note = t.say("changes.via", args{"path": safe.Line(d.Via)})
	}
	switch {
	case d.Kind == trust.RunCommand:
		l.Sign, l.Text, l.Plain = "$", safe.Line(d.Command), true
	case d.Kind == trust.KeepSecret:
		l.Text = t.W.KeepSecret(d.Registry, false)
	case d.Kind == trust.MoveFile:
		l.Sign, l.Text, l.Mark = signs[trust.StatusRenamed], safe.Line(moved(d)), MarkAttention
	case d.Kind == trust.SetMode:
		l.Sign, l.Text, l.Mark = signs[trust.StatusRights], safe.Line(moved(d)), MarkAttention
	case d.Kind == trust.RemoveFile:
		l.Sign, l.Mark = "−", MarkRefused
	case d.Before != nil:
		l.Sign, l.Mark = "~", MarkAttention
	}
	return l
}

// moved is a file with what it got: another name, another mode.
func moved(d trust.Done) string {
	c := trust.Change{Kind: d.Kind, Path: d.Path, To: d.To, Before: d.Before}
	if d.SetsMode() {
		c.Mode = d.After.Mode
	}
	return c.Moved()
}

func (t Teller) receiptTitle(r trust.Receipt) string {
	var names []string
	for _, a := range r.Anchors {
		names = append(names, subjectName(a.Subject))
	}
	a := args{"anchors": safeList(names, 3), "registries": safeList(r.Registries, 3)}
	key := "history.trusted"
	switch {
	case r.Action != "trust" && t.W.Has("window.history."+r.Action):
		key = "history." + r.Action
	case r.Action == "untrust":
		key = "history.untrusted"
	case r.Reach == trust.ReachComputer:
		key = "history.trusted-computer"
	case r.Reach == trust.ReachAccount:
		key = "history.trusted-account"
	}
	return t.say(key, a)
}

// subjectName is the common name within a subject in RFC 2253 form.
func subjectName(subject string) string {
	for _, part := range strings.Split(subject, ",") {
		if cn, ok := strings.CutPrefix(strings.TrimSpace(part), "CN="); ok {
			return cn
		}
	}
	return subject
}
