package vm

import (
	"crypto/tls"
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// Action is what a button does.
type Action string

// The actions a banner can offer.
const (
	ActNone   Action = ""
	ActTrust  Action = "trust"
	ActCheck  Action = "check"
	ActUndo   Action = "undo"
	ActReport Action = "report" // copy what the server's administrator must know
	ActClient Action = "client" // bring a client certificate
)

// Banner is how a registry stands, in one sentence, and the one thing to do.
type Banner struct {
	Mark     Mark
	Sentence string
	Detail   string // the exact error text people search for; "" for none
	Error    string // that text alone, for the clipboard
	Action   Action
	Label    string
	Quiet    bool // the action is offered, not urged
}

// Registry is the page of one registry.
type Registry struct {
	ID, Title string
	Meta      string // "TLS 1.3 · checked 12 s ago · 41 ms"
	Checking  bool
	Checked   bool // there is a report
	Banner    Banner
	Chains    []Chain
	Parties   []Row
	Findings  []Row
	Origins   []Row
	Client    []Row // client certificates
	Hidden    bool
}

// Row is a line that tells how something stands and unfolds to tell why.
type Row struct {
	ID      string // stable, so that an unfolded row stays unfolded
	Mark    Mark
	Icon    string // of the theme, instead of the mark's shape; "" for none
	Title   string
	Word    string
	Muted   bool
	Reason  string
	Notes   []string
	Looked  []Look
	Fields  []Field
	Party   trust.Party // the party it is about, "" for none
	InScope bool
	// Scopable: the party can be counted in or out for this registry.
	Scopable bool
	Acts     []Act // what else can be done about it
}

// Act is an action with its label, and the tools that it concerns.
type Act struct {
	Do    Action
	Label string
	Tools []trust.Party
}

// Look is a path that was looked at.
type Look struct {
	Path, Word string
	Found      bool
	Mark       Mark // of what was found, where that is not good; "" for no more than found
}

// Field is a named value.
type Field struct {
	Name, Value string
	Mono        bool
}

// Registry returns the page for e.
func (t Teller) Registry(e Entry) Registry {
	p := Registry{
		ID: e.ID(), Title: safe.Line(e.ID()), Checking: e.Checking,
		Checked: e.Report != nil, Hidden: e.Known.Hidden, Origins: t.origins(e),
	}
	if e.Report == nil {
		p.Banner = t.uncheckedBanner(e)
		return p
	}
	r := *e.Report
	p.Meta = t.meta(r)
	p.Banner = t.banner(e, r)
	p.Chains = t.chains(r)
	p.Parties = t.parties(r)
	p.Findings = t.findings(r)
	p.Client = t.clientSection(&r)
	return p
}

func (t Teller) uncheckedBanner(e Entry) Banner {
	if e.Checking {
		return Banner{Mark: MarkChecking, Sentence: t.say("banner.checking", args{"registry": e.ID()})}
	}
	return Banner{
		Mark: MarkUnknown, Sentence: t.say("banner.unchecked", nil),
		Action: ActCheck, Label: t.say("act.check", nil),
	}
}

// meta is what is said beside the title.
func (t Teller) meta(r trust.Report) string {
	var parts []string
	if len(r.Endpoints) > 0 && r.Endpoints[0].TLS != nil {
		parts = append(parts, tls.VersionName(r.Endpoints[0].TLS.Version))
	}
	parts = append(parts, t.ago(r.At))
	if r.Elapsed > 0 {
		parts = append(parts, t.say("meta.elapsed", args{"count": int(r.Elapsed.Round(time.Millisecond) / time.Millisecond)}))
	}
	return strings.Join(parts, " · ")
}

// ago says when something was checked.
func (t Teller) ago(at time.Time) string {
	switch d := t.Now().Sub(at); {
	case d < time.Minute:
		return t.say("meta.now", nil)
	case d < time.Hour:
		return t.count("meta.minutes", int(d/time.Minute), nil)
	default:
		return t.say("meta.at", args{"moment": t.W.Moment(at)})
	}
}

// clientHelps are the reasons that a client certificate removes.
var clientHelps = map[trust.Code]bool{trust.ClientCertificateRequired: true, trust.ClientCertificateRejected: true}

func (t Teller) banner(e Entry, r trust.Report) Banner {
	state := r.Verdict()
	b := Banner{Mark: markOf(state), Sentence: t.sentence(r, state)}
	b.Error, b.Detail = t.errorText(r, state)
	_, undo := e.LatestTrust()
	switch restart, waits := onlyWaits(r); {
	case waits:
		b.Sentence = t.restartSentence(r, restart)
		b.Action, b.Label = ActRestart, t.actToRestart(restart).Label
	case undo:
		b.Action, b.Label, b.Quiet = ActUndo, t.say("act.undo", nil), true
	case state == trust.Unreachable || state == trust.Unknown:
		b.Action, b.Label = ActCheck, t.say("act.again", nil)
	case state == trust.Insecure && hasChain(r), state == trust.Refused && r.ReasonFor(state).AnchorHelps() && hasChain(r):
		b.Action, b.Label = ActTrust, t.say("act.trust", nil)
	case state == trust.Refused && clientHelps[r.ReasonFor(state)]:
		b.Action, b.Label = ActClient, t.say("menu.client-cert", nil)
	case state != trust.Trusted:
		b.Action, b.Label = ActReport, t.say("act.report", nil)
	}
	if state == trust.Trusted {
		b.Detail = t.proved(r)
		if endsSoon(r) {
			b.Mark = MarkAttention
			b.Detail = t.say("banner.ends-soon", args{"left": t.left(firstEnd(r).Sub(t.Now()))})
		}
	}
	return b
}

func hasChain(r trust.Report) bool {
	for _, ep := range r.Endpoints {
		if len(ep.Sent) > 0 {
			return true
		}
	}
	return false
}

// sentence is what is wrong and for whom.
func (t Teller) sentence(r trust.Report, state trust.State) string {
	names := r.PartiesIn(state)
	n, parties := len(names), t.W.Parties(names)
	reason := r.ReasonFor(state)
	a := args{"parties": parties, "reason": t.W.Reason(reason), "registry": r.Registry}
	switch {
	case len(r.Scope) == 0 || parties == "":
		if state == trust.Unreachable {
			return t.say("banner.unreachable-bare", a)
		}
		return t.say("banner.no-scope", nil)
	case state == trust.Trusted:
		return t.count("banner.trusted", n, a)
	case state == trust.Refused && reason == trust.UnknownAuthority:
		if a["issuer"] = topIssuer(r); a["issuer"] != "" {
			return t.count("banner.unknown-authority", n, a)
		}
	case state == trust.Insecure:
		return t.count("banner.insecure", n, a)
	}
	key := "banner." + state.String()
	if reason == "" {
		key += "-bare"
	}
	if state == trust.Refused {
		return t.count(key, n, a)
	}
	return t.say(key, a)
}

// topIssuer names the authority at the top of the chain that the first refused
// endpoint sent.
func topIssuer(r trust.Report) string {
	for _, ep := range r.Endpoints {
		for _, v := range ep.Verdicts {
			if v.State == trust.Refused && r.InScope(v.Consumer.Party) && len(ep.Sent) > 0 {
				return commonName(ep.Sent[len(ep.Sent)-1].Issuer)
			}
		}
	}
	return ""
}

// errorText is the text that the first failing tool in scope prints, alone and
// in a sentence with the command that prints it.
func (t Teller) errorText(r trust.Report, state trust.State) (text, sentence string) {
	for _, p := range r.PartiesIn(state) {
		v, _ := r.PartyVerdict(p)
		if v.Error == "" {
			continue
		}
		text = safe.Line(v.Error)
		if c := command(v.Consumer); c != "" {
			return text, t.say("banner.fails", args{"command": c, "text": text})
		}
		return text, text
	}
	return "", ""
}

// command is what a person types when a consumer decides.
func command(c trust.Consumer) string {
	switch {
	case c.Party == trust.Docker && c.Operation == trust.OpLogin:
		return "docker login"
	case c.Party == trust.Podman && c.Operation == trust.OpLogin:
		return "podman login"
	}
	return map[trust.Party]string{
		trust.Docker: "docker pull", trust.DockerBuild: "docker build", trust.Podman: "podman pull",
		trust.Containerd: "ctr images pull", trust.System: "curl",
	}[c.Party]
}

// proved says how it is known that a registry is trusted.
func (t Teller) proved(r trust.Report) string {
	a := args{"time": r.At.Local().Format("15:04:05")}
	var engines []string
	for _, w := range r.Proved {
		if w.State == trust.Trusted && words.DoubtOf(r, w) == words.NoDoubt {
			engines = append(engines, t.W.Party(w.Party))
		}
	}
	if len(engines) == 0 {
		return t.say("banner.proved", a)
	}
	a["engines"] = t.W.List(engines)
	return t.say("banner.proved-by", a)
}

// origins says where the registry is known from: one row a file, however often it
// is named there.
func (t Teller) origins(e Entry) []Row {
	var out []Row
	for _, o := range e.Known.Origins {
		id := "origin:" + o.Kind + o.Path
		i := slices.IndexFunc(out, func(r Row) bool { return r.ID == id })
		if i < 0 {
			i = len(out)
			out = append(out, t.originRow(id, o))
		}
		if o.Path != "" && o.Note != "" {
			out[i].Notes = append(out[i].Notes, safe.Line(o.Note))
		}
	}
	return out
}

func (t Teller) originRow(id string, o platform.Origin) Row {
	row := Row{ID: id, Icon: "file", Title: t.origin(o.Kind), Reason: safe.Line(firstOf(o.Path, o.Note))}
	if o.Path != "" {
		row.Looked = []Look{{Path: safe.Line(o.Path), Found: true, Word: t.say("look.found", nil)}}
	}
	return row
}

func (t Teller) origin(kind string) string {
	key := "window.origin." + kind
	if !t.W.Has(key) {
		return kind
	}
	return t.W.T(key, nil)
}
