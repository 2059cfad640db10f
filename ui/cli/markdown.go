package cli

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// markdown writes a report as a page for a ticket or a wiki: an overview, then
// every registry with its chain, everyone's verdict and the findings.
func (r *reportFile) markdown(b *bytes.Buffer) {
	m := markdown{b, r.a.words, time.Now()}
	m.line("# " + m.t("title", nil))
	m.line("")
	m.line(m.t("made", map[string]any{"when": m.words.Moment(m.now), "version": r.a.wiring.Version}))
	m.line("")
	m.head("registry", "state", "summary")
	for _, report := range r.reports {
		m.row(report.Registry.String(), m.state(report.Verdict()), m.words.Summary(report))
	}
	for _, report := range r.reports {
		m.registry(report)
	}
}

type markdown struct {
	*bytes.Buffer
	words *words.Words
	now   time.Time
}

func (m markdown) line(s string) { m.WriteString(s + "\n") }

func (m markdown) t(key string, args map[string]any) string {
	return m.words.T("cli.report."+key, args)
}

func (m markdown) state(s trust.State) string { return symbols[s] + " " + m.words.State(s) }

// head starts a table whose columns are named by keys.
func (m markdown) head(keys ...string) {
	m.row(each(keys, func(k string) string { return m.t(k, nil) })...)
	m.line("|" + strings.Repeat(" --- |", len(keys)))
}

func (m markdown) row(cells ...string) {
	m.line("| " + strings.Join(each(cells, quoteMarkdown), " | ") + " |")
}

func (m markdown) registry(r trust.Report) {
	m.line("")
	m.line("## " + quoteMarkdown(r.Registry.String()))
	m.line("")
	m.line(quoteMarkdown(m.words.Summary(r)))
	for _, e := range r.Endpoints {
		m.endpoint(e)
	}
	m.findings(r.Findings)
}

func (m markdown) endpoint(e trust.EndpointReport) {
	m.line("")
	m.line(fmt.Sprintf("### %s %s", m.words.Role(e.Role), quoteMarkdown(e.Address)))
	if len(e.Sent) > 0 {
		m.line("")
		m.head("role", "subject", "sha256", "until")
	}
	for i, c := range e.Sent {
		m.row(m.words.CertRole(trust.RoleOf(c, i == 0)), c.Subject.String(), trust.FingerprintOf(c).String(),
			m.words.Date(c.NotAfter)+" ("+m.words.Left(c.NotAfter.Sub(m.now))+")")
	}
	if len(e.Verdicts) > 0 {
		m.line("")
		m.head("party", "instance", "operation", "state", "reason")
	}
	for _, v := range e.Verdicts {
		c := v.Consumer
		instance := strings.TrimSpace(c.Instance + " " + c.Version)
		if !c.Installed {
			instance = m.words.T("cli.check.forecast", nil)
		}
		m.row(m.words.Party(c.Party), instance, m.words.Operation(c.Operation), m.state(v.State), m.words.Reason(v.Reason))
	}
}

func (m markdown) findings(fs []trust.Finding) {
	for _, f := range fs {
		title, detail, fix := m.words.Finding(f)
		m.line("")
		m.line(fmt.Sprintf("- **%s: %s** (`%s`)  ", m.words.Severity(f.Severity), quoteMarkdown(title), quoteMarkdown(string(f.Code))))
		m.line("  " + quoteMarkdown(detail) + "  ")
		m.line("  " + quoteMarkdown(fix))
	}
}

// quoteMarkdown makes a value stay text: a subject must not become a link, an
// image that tells its owner who reads the report, or a row of its own.
func quoteMarkdown(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "|", `\|`, "`", "\\`", "*", `\*`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "#", `\#`, "!", `\!`,
		"://", ":&#47;&#47;",
	).Replace(safe.Line(s))
}
