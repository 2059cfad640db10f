package vm

import (
	"slices"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
)

// ActRepair shows the plan that mends an ailment.
const ActRepair Action = "repair"

// Examination is what is known of the last examination of this computer.
type Examination struct {
	Running  bool
	Progress platform.Progress // of the one that runs
	Done     bool              // there was one
	Found    []platform.Ailment
	Err      error // what kept it from being made; it found nothing then
}

// Health is the page on what is wrong and what is stale on this computer.
type Health struct {
	Summary Banner
	Running string  // how far an examination is, "" when none runs
	Share   float32 // of it
	Rows    []Row
	More    string // how many rows are left out, "" for none
	Well    bool   // there was an examination, and it found nothing
}

// maxAilments bounds the rows that are drawn: the command line lists all.
const maxAilments = 100

// Health puts an examination into words.
func (t Teller) Health(e Examination) Health {
	var h Health
	if e.Running {
		h.Running = t.say("health.running", nil)
		if e.Progress.Total > 0 {
			h.Running = t.W.T(e.Progress.Step, args{"done": e.Progress.Done, "total": e.Progress.Total})
			h.Share = float32(e.Progress.Done) / float32(e.Progress.Total)
		}
	}
	switch {
	case e.Err != nil:
		p := t.W.Error(e.Err)
		h.Summary = Banner{Mark: MarkUnknown, Sentence: p.What, Detail: firstOf(p.Why, p.Hint)}
		return h
	case !e.Done:
		return h
	case len(e.Found) == 0:
		h.Well = true
		return h
	}
	h.Summary = t.healthSummary(e.Found)
	for _, a := range e.Found[:min(len(e.Found), maxAilments)] {
		h.Rows = append(h.Rows, t.ailment(a))
	}
	if n := len(e.Found) - maxAilments; n > 0 {
		h.More = t.count("health.more", n, nil)
	}
	return h
}

// healthSummary counts what matters, and what is only to be thought about.
func (t Teller) healthSummary(found []platform.Ailment) Banner {
	n := map[trust.Severity]int{}
	for _, a := range found {
		n[a.Code.Severity()]++
	}
	b := Banner{Mark: MarkUnknown, Detail: t.say("health.detail", nil)}
	switch wrong := n[trust.SeverityError] + n[trust.SeverityWarning]; {
	case n[trust.SeverityError] > 0:
		b.Mark, b.Sentence = MarkRefused, t.count("health.found", wrong, nil)
	case wrong > 0:
		b.Mark, b.Sentence = MarkAttention, t.count("health.found", wrong, nil)
	default:
		b.Sentence = t.count("health.notes", n[trust.SeverityInfo], nil)
	}
	return b
}

// ailment is a row: what it is in a few words, then the sentence, then what else is
// to be said, the files, and what to press.
func (t Teller) ailment(a platform.Ailment) Row {
	what, hint := t.W.Ailment(a)
	severity := a.Code.Severity()
	row := Row{
		ID: "ailment:" + a.ID(), Title: t.W.AilmentTitle(a.Code), Word: t.W.Severity(severity), Reason: what, Mark: MarkAttention,
	}
	switch severity {
	case trust.SeverityError:
		row.Mark = MarkRefused
	case trust.SeverityInfo:
		row.Mark, row.Muted = MarkUnknown, true
	}
	if hint != "" {
		row.Notes = []string{hint}
	}
	for _, path := range t.ailmentFiles(a) {
		row.Looked = append(row.Looked, Look{Path: path, Found: true, Mark: row.Mark, Word: ""})
	}
	if !a.Certificate.IsZero() {
		row.Fields = append(row.Fields, Field{Name: t.say("cert.sha256-label", nil), Value: a.Certificate.Groups()})
	}
	switch {
	case a.Plan:
		row.Acts = []Act{{Do: ActRepair, Label: t.say("health.repair", nil)}}
	case a.Code == platform.AilInsecureYet:
		row.Acts = []Act{{Do: ActTrust, Label: t.say("health.trust", nil)}}
	case a.Code == platform.AilNothingKept:
		row.Acts = []Act{{Do: ActSignIn, Label: t.say("health.sign-in", nil)}}
	}
	return row
}

// ailmentFiles are the files that an ailment is about, a bounded number.
func (t Teller) ailmentFiles(a platform.Ailment) []string {
	const most = 10
	out := a.Files
	if len(out) == 0 && a.Path != "" {
		out = []string{a.Path}
	}
	out = slices.Clone(out[:min(len(out), most)])
	if a.Other != "" && a.Other != a.Path && a.Other[0] == '/' {
		out = append(out, a.Other)
	}
	return out
}
