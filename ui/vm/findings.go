package vm

import (
	"fmt"
	"strings"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
)

// findings lists what else was found: all but the one that the banner tells.
func (t Teller) findings(r trust.Report) []Row {
	told := r.ReasonFor(r.Verdict())
	var errors, warnings []Row
	for i, f := range r.Findings {
		if f.Code == told && f.Severity == trust.SeverityError {
			continue
		}
		row := t.finding(f, i)
		if restart, ok := Waits(r, f.Party); ok && f.Code == trust.RestartNeeded {
			row.Acts = append(row.Acts, t.actToRestart(restart, f.Party))
		}
		if f.Severity == trust.SeverityError {
			errors = append(errors, row)
		} else {
			warnings = append(warnings, row)
		}
	}
	return append(errors, warnings...)
}

var severityMarks = map[trust.Severity]Mark{
	trust.SeverityError: MarkRefused, trust.SeverityWarning: MarkAttention, trust.SeverityInfo: MarkUnknown,
}

func (t Teller) finding(f trust.Finding, i int) Row {
	title, detail, fix := t.W.Finding(f)
	row := Row{
		ID:   fmt.Sprintf("finding:%s:%d", f.Code, i),
		Mark: severityMarks[f.Severity], Title: title, Reason: detail, Party: f.Party,
	}
	if fix != "" {
		row.Notes = []string{fix}
	}
	if f.Code == trust.PlaintextCredentials {
		row.Acts = []Act{{ActMove, t.say("act.move", nil), nil}}
	}
	if f.Path != "" {
		row.Looked = []Look{{Path: safe.Line(f.Path), Found: true, Word: title, Mark: row.Mark}}
	}
	return row
}

// ReportText is a report as plain text, for the clipboard: what the person who
// runs the server must know.
func (t Teller) ReportText(r trust.Report) string {
	var b strings.Builder
	fmt.Fprintln(&b, t.W.Summary(r))
	if text, _ := t.errorText(r, r.Verdict()); text != "" {
		fmt.Fprintln(&b, text)
	}
	for _, f := range r.Findings {
		title, detail, fix := t.W.Finding(f)
		fmt.Fprintf(&b, "\n%s\n", title)
		for _, s := range []string{detail, fix} {
			if s != "" {
				fmt.Fprintln(&b, s)
			}
		}
	}
	for _, ep := range r.Endpoints {
		fmt.Fprintf(&b, "\n%s\n", ep.Address)
		for i, c := range ep.Sent {
			fmt.Fprintf(&b, "%d  %s\n   SHA-256 %s\n   %s → %s\n", i, safe.Line(c.Subject.String()),
				trust.FingerprintOf(c), c.NotBefore.UTC().Format(isoDay), c.NotAfter.UTC().Format(isoDay))
		}
	}
	return b.String()
}

const isoDay = "2006-01-02"
