package cli

import (
	"crypto/tls"
	"io"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// text draws reports for people.
type text struct {
	style
	w     io.Writer
	words *words.Words
	now   time.Time
	width int
}

// people is where words for people go: a terminal's standard output, else
// standard error, so that an answer in a pipe stays alone.
func (a *app) people() (io.Writer, bool) {
	if a.std.OutTTY && !a.json {
		return a.std.Out, true
	}
	return a.std.Err, a.std.ErrTTY
}

func (a *app) newText(w io.Writer, tty bool) *text {
	return &text{style: a.styleFor(tty), w: w, words: a.words, now: time.Now(), width: a.std.Width}
}

// narrator is the text for the people's stream.
func (a *app) narrator() *text { return a.newText(a.people()) }

func (t *text) say(s string)                             { line(t.w, s) }
func (t *text) t(key string, args map[string]any) string { return t.words.T("cli."+key, args) }

// report draws one registry: a headline and its sentence, and with full also its
// chain, everyone's verdict and the findings' details.
func (t *text) report(r trust.Report, full, looked bool) {
	state := r.Verdict()
	head := symbols[state] + " " + safe.Line(r.Registry.String())
	t.say(t.state(state, head) + "  " + t.state(state, t.words.State(state)))
	t.say(wrap(t.words.Summary(r), "  ", t.width))
	for i, e := range r.Endpoints {
		if full {
			t.endpoint(e, len(r.Endpoints) > 1 || i > 0)
			t.verdicts(r, e)
			if looked {
				t.looked(e)
			}
		}
	}
	t.findings(r.Findings, full)
	t.proved(r)
}

func (t *text) endpoint(e trust.EndpointReport, named bool) {
	t.say("")
	if named || e.Role != trust.RoleRegistry {
		t.say("  " + t.bold(t.words.Role(e.Role)) + "  " + safe.Line(e.Address) + t.protocol(e))
	}
	chain := table{indent: "  "}
	for i, c := range e.Sent {
		role := trust.RoleOf(c, i == 0)
		left := c.NotAfter.Sub(t.now)
		paint := t.dim
		if left < 0 {
			paint = t.bad
		}
		chain.row(cell{t.words.CertRole(role), t.dim}, plain(safe.Line(c.Subject.String())), cell{t.words.Left(left), paint})
	}
	chain.write(t.w)
	if len(e.Sent) > 0 {
		t.say("")
	}
}

func (t *text) protocol(e trust.EndpointReport) string {
	if e.TLS == nil {
		return ""
	}
	return t.dim("  " + tls.VersionName(e.TLS.Version))
}

// verdicts is the table "Who trusts it".
func (t *text) verdicts(r trust.Report, e trust.EndpointReport) {
	who := table{indent: "  "}
	for _, v := range e.Verdicts {
		paint := func(s string) string { return t.state(v.State, s) }
		who.row(plain(t.words.Party(v.Consumer.Party)), cell{t.instance(v.Consumer), t.dim}, plain(t.words.Operation(v.Consumer.Operation)),
			cell{symbols[v.State] + " " + t.words.State(v.State), paint}, cell{t.why(r, v), t.dim})
	}
	who.write(t.w)
}

// instance says which one of a party's instances, or that it is a forecast.
func (t *text) instance(c trust.Consumer) string {
	if !c.Installed {
		return t.t("check.forecast", nil)
	}
	return safe.Line(strings.TrimSpace(c.Instance + " " + c.Version))
}

// why is the shortest reason of a verdict, with a mark where it does not count.
func (t *text) why(r trust.Report, v trust.Verdict) string {
	why := t.words.Reason(v.Reason)
	if v.Effective != "" {
		why = t.words.Effective(v.Effective)
	}
	if r.InScope(v.Consumer.Party) {
		return why
	}
	if why == "" {
		return t.t("check.out-of-scope", nil)
	}
	return t.t("check.why-out-of-scope", map[string]any{"why": why})
}

// looked lists the places where each consumer looked.
func (t *text) looked(e trust.EndpointReport) {
	for _, v := range e.Verdicts {
		if len(v.Looked) == 0 {
			continue
		}
		t.say("")
		t.say("  " + t.t("check.looked", map[string]any{
			"party": t.words.Party(v.Consumer.Party), "operation": t.words.Operation(v.Consumer.Operation),
		}))
		for _, l := range v.Looked {
			mark := t.dim("–")
			if l.Found {
				mark = t.good("✓")
			}
			t.say("    " + mark + " " + safe.Line(l.Path))
		}
	}
}

func (t *text) findings(fs []trust.Finding, full bool) {
	for _, f := range fs {
		if !full && f.Severity != trust.SeverityError {
			continue
		}
		title, detail, fix := t.words.Finding(f)
		if full {
			t.say("")
		}
		t.say("  " + t.severity(f.Severity, t.words.Severity(f.Severity)) + "  " + t.bold(title) + "  " + t.dim(string(f.Code)))
		if full {
			t.say(wrap(detail, "    ", t.width))
			t.say(wrap("→ "+fix, "    ", t.width))
		}
	}
}

var wordKeys = [...]string{
	words.NoDoubt:       "check.word",
	words.OtherMachine:  "check.word-remote",
	words.OtherServers:  "check.word-others",
	words.Contradiction: "check.word-contradicts",
}

// proved shows what running engines said themselves.
func (t *text) proved(r trust.Report) {
	for _, w := range r.Proved {
		doubt := words.DoubtOf(r, w)
		said := t.t(wordKeys[doubt], map[string]any{
			"party": t.words.Party(w.Party), "instance": w.Instance, "state": t.words.State(w.State),
			"others": strings.Join(w.Others, ", "), "text": w.Text,
		})
		mark := w.State
		if doubt != words.NoDoubt {
			mark = trust.Unknown
		}
		t.say(wrap(symbols[mark]+" "+said, "  ", t.width))
	}
}
