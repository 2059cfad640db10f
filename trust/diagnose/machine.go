package diagnose

import (
	"slices"
	"strings"

	"mooring.dev/mooring/trust"
)

// noteKey is what makes two notes one: several consumers read the same file, and
// each reads it for every endpoint.
type noteKey struct {
	code trust.Code
	path string
}

// noted is a note with whom it concerns.
type noted struct {
	trust.Note
	parties []trust.Party
	hurts   bool // a consumer in scope is refused
}

// collect gathers the facts about this machine's files that one consumer met.
func (d *diagnosis) collect(c consumer, role trust.Role) {
	hurt := d.inScope(c.Consumer.Party) && role != trust.RoleMirror &&
		(c.verdict.State == trust.Refused || c.verdict.State == trust.Unknown)
	for _, n := range c.Notes {
		d.note(n, c.Consumer.Party, hurt)
	}
	for _, pair := range c.ClientPairs {
		d.clientPair(pair, c.Consumer.Party, hurt)
	}
	if c.ConfigError != "" {
		d.note(trust.Note{Code: c.ConfigCode, Path: c.ConfigPath, Text: c.ConfigError}, c.Consumer.Party, hurt)
	}
	switch {
	case !d.inScope(c.Consumer.Party):
	case c.verdict.State == trust.Insecure:
		d.insecure(c)
	case c.Unknown != "" && c.Consumer.Installed:
		d.note(trust.Note{Code: trust.PartyUnknown, Text: c.Unknown}, c.Consumer.Party, hurt)
	}
}

// clientPair looks at a certificate that a consumer shows to the server: what the
// judge holds against it now, and what will come.
func (d *diagnosis) clientPair(p trust.ClientPair, party trust.Party, hurt bool) {
	if p.Cert == nil {
		return // only its reader may read it
	}
	code := trust.Code("")
	switch now := d.in.Now; {
	case now.Before(p.Cert.NotBefore):
		code = trust.NotYetValid
	case now.After(p.Cert.NotAfter):
		code = trust.Expired
	case !trust.ForClients(p.Cert):
		code = trust.WrongUsage
	case trust.EndsSoon(p.Cert, now):
		code = trust.ExpiresSoon
	default:
		return
	}
	d.note(trust.Note{Code: code, Path: p.CertPath, Cert: p.Cert}, party, hurt)
}

// aboutClients are codes that a note has only of a client certificate.
var aboutClients = []trust.Code{trust.NotYetValid, trust.Expired, trust.WrongUsage, trust.ExpiresSoon}

func (d *diagnosis) note(n trust.Note, p trust.Party, hurts bool) {
	k := noteKey{n.Code, n.Path}
	if n.Path == "" {
		k.path = n.Text
	}
	known := d.notes[k]
	if known == nil {
		known = &noted{Note: n}
		d.notes[k] = known
		d.order = append(d.order, k)
	}
	if p != "" && !slices.Contains(known.parties, p) {
		known.parties = append(known.parties, p)
	}
	known.hurts = known.hurts || hurts
}

// insecure reports a consumer that does not verify: because a file says so, or by
// a rule for addresses of this computer.
func (d *diagnosis) insecure(c consumer) {
	origin := c.verdict.Detail
	code := trust.InsecureRegistry
	if origin == "loopback" || origin == "localhost" {
		code = trust.LoopbackInsecure
	}
	registry := d.in.Probe.Registry.String()
	for k, n := range d.notes {
		if k.code == code && slices.Contains(n.parties, c.Consumer.Party) {
			return // the consumer's reader said it already, in more detail
		}
	}
	n := trust.Note{Code: code, Text: registry}
	if strings.ContainsAny(origin, `/\`) {
		n.Path = origin
	}
	d.note(n, c.Consumer.Party, false)
}

// machine turns the notes into findings.
func (d *diagnosis) machine() {
	for _, n := range d.in.Notes {
		d.note(n, "", false)
	}
	for _, k := range d.order {
		d.out = append(d.out, d.finding(d.notes[k]))
	}
}

func (d *diagnosis) finding(n *noted) trust.Finding {
	f := trust.Finding{
		Code: n.Code, Severity: n.Code.Severity(), Endpoint: trust.NoIndex, Certificate: trust.NoIndex, Path: n.Path,
		Args: args("path", n.Path, "text", clipped(n.Text), "registry", d.in.Probe.Registry.String()),
	}
	if f.Severity == trust.SeverityError && !n.hurts {
		f.Severity = trust.SeverityWarning
	}
	var names []string
	for _, p := range n.parties {
		names = append(names, string(p))
	}
	f.Args["parties"] = strings.Join(names, ", ")
	if len(n.parties) > 0 {
		f.Party = n.parties[0]
	}
	if n.Path != "" {
		f.Args["file"] = n.Path[strings.LastIndexAny(n.Path, `/\`)+1:]
	}
	if n.Code == trust.KeyPermissions && n.Text != "" {
		f.Variant = "unreadable"
	}
	if slices.Contains(aboutClients, n.Code) {
		f.Variant = "client"
	}
	if n.Cert != nil {
		for k, v := range aboutCert(n.Cert) {
			f.Args[k] = v
		}
	}
	fill(f.Args)
	return f
}

// joined adds a party's code to a list of them.
func joined(list, p string) string {
	if list == "" {
		return p
	}
	if slices.Contains(strings.Split(list, ", "), p) {
		return list
	}
	return list + ", " + p
}
