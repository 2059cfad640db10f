package vm

import (
	"crypto/x509"
	"fmt"

	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/trust/clientcert"
	"mooring.dev/mooring/ui/safe"
	"mooring.dev/mooring/ui/words"
)

// ClientPage is the client certificate dialog: which files, do they fit, what will
// change.
type ClientPage struct {
	Title      string
	Wanted     Remark // what the registry asks for, as far as is known
	Files      []ClientFile
	Reviewing  bool
	Passphrase string // what giving it means; "" while none is needed
	Pair       *ClientPair
	Accepts    []string // the CAs whose certificates the registry takes
	Problems   []ClientProblem
	Changes    ChangesView
	Problem    *words.Problem
	Requests   []KeptRequest
	CanApply   bool
	WhyNot     string
}

// ClientFile is a file with what it turned out to be.
type ClientFile struct {
	ID         string // the name as it was given
	Name, Kind string
	Mark       Mark // "" for nothing odd
}

// ClientPair is the certificate that would be installed.
type ClientPair struct {
	Name, Detail, Files string
	Validity            Validity
}

// ClientProblem is one mistake with its remedy.
type ClientProblem struct {
	Mark               Mark
	Title, Detail, Fix string
}

// ClientPage returns the dialog for f.
func (t Teller) ClientPage(f *ClientForm) ClientPage {
	p := ClientPage{
		Title: t.say("client.title", args{"registry": f.Registry}), Wanted: t.wanted(f), Reviewing: f.Reviewing,
		Changes: ChangesView{Busy: f.Planning}, Files: t.clientFiles(f), Requests: t.keptRequests(f),
	}
	if f.NeedsPassphrase() {
		p.Passphrase = t.say("client.passphrase-means", nil)
	}
	if r := f.Review; r != nil {
		t.reviewed(&p, *r)
	}
	switch {
	case f.Err != nil:
		problem := t.W.Error(f.Err)
		p.Problem = &problem
	case f.Plan != nil:
		p.Changes = t.clientChanges(*f.Plan)
	}
	p.WhyNot = t.clientBlocked(f)
	p.CanApply = p.WhyNot == "" && f.Plan != nil && !f.Planning && !f.Reviewing
	return p
}

// wanted is what the registry asks of its clients: from the review, else from the
// last check.
func (t Teller) wanted(f *ClientForm) Remark {
	var s *clientcert.Server
	switch {
	case f.Review != nil:
		s = f.Review.Server
	case f.Report != nil && len(f.Report.Endpoints) > 0:
		s = clientcert.ServerOf(f.Report.Endpoints[0].Endpoint)
	}
	switch {
	case s == nil:
		return Remark{MarkUnknown, t.say("client.wants-unknown", nil)}
	case s.Required:
		return Remark{MarkAttention, t.say("client.wants", nil)}
	case s.Requested:
		return Remark{MarkUnknown, t.say("client.takes", nil)}
	default:
		return Remark{MarkUnknown, t.say("client.wants-none", nil)}
	}
}

// clientFiles lists the files; until they were looked at, by name alone.
func (t Teller) clientFiles(f *ClientForm) []ClientFile {
	known := map[string]clientcert.Identified{}
	if f.Review != nil {
		for _, i := range f.Review.Files {
			known[i.Name] = i
		}
	}
	var out []ClientFile
	for _, file := range f.files {
		v := ClientFile{ID: file.Name, Name: safe.Line(file.Name), Kind: t.say("client.file-reading", nil)}
		if i, ok := known[file.Name]; ok {
			v.Kind, v.Mark = t.W.FileKind(i.Kind), fileMark(i.Kind)
		}
		out = append(out, v)
	}
	return out
}

// fileMark marks a file that is of no use; "" for one that may be.
func fileMark(k clientcert.Kind) Mark {
	switch k {
	case clientcert.KindClient, clientcert.KindKey, clientcert.KindBundle, clientcert.KindCA, clientcert.KindLocked:
		return ""
	default:
		return MarkAttention
	}
}

// maxAccepted bounds the CAs that are listed: servers name hundreds.
const maxAccepted = 8

func (t Teller) reviewed(p *ClientPage, r clientcert.Review) {
	if r.Pair != nil {
		p.Pair = t.clientPair(*r.Pair)
	}
	if r.Server != nil {
		for i, name := range r.Server.AcceptableCAs {
			if i == maxAccepted {
				p.Accepts = append(p.Accepts, fmt.Sprintf("… +%d", len(r.Server.AcceptableCAs)-maxAccepted))
				break
			}
			p.Accepts = append(p.Accepts, safe.Line(name))
		}
	}
	var milder []ClientProblem
	for _, problem := range r.Problems {
		if problem.Code == trust.KeyEncrypted && problem.Variant == "" {
			continue // the field for the passphrase says it
		}
		v := ClientProblem{Mark: MarkAttention}
		v.Title, v.Detail, v.Fix = t.W.ClientProblem(problem)
		if !problem.Fatal {
			milder = append(milder, v)
			continue
		}
		v.Mark = MarkRefused
		p.Problems = append(p.Problems, v)
	}
	p.Problems = append(p.Problems, milder...)
}

func (t Teller) clientPair(pair clientcert.Pair) *ClientPair {
	v := &ClientPair{
		Name:   certName(pair.Cert),
		Detail: t.say("client.issued", args{"issuer": issuerName(pair.Cert), "owner": t.owner(pair.Cert)}),
		Files:  t.say("client.from", args{"cert": pair.CertFile, "key": pair.KeyFile}), Validity: t.validity(pair.Cert),
	}
	if pair.CertFile == pair.KeyFile {
		v.Files = t.say("client.from-one", args{"file": pair.CertFile})
	}
	return v
}

func issuerName(c *x509.Certificate) string { return commonName(c.Issuer) }

// clientChanges is the preview with what matters of a key: who can read each file.
func (t Teller) clientChanges(p trust.Plan) ChangesView {
	v := t.Changes(p)
	i := 0
	for _, c := range p.Changes {
		if c.Kind == trust.WriteFile && c.Status != trust.StatusUnchanged {
			v.Lines[i].Note = t.reader(c)
		}
		i += 1 + len(c.Edits)
	}
	return v
}

// reader says for whom a file is, whose it is, and with which mode.
func (t Teller) reader(c trust.Change) string {
	key := "client.file"
	if c.Secret {
		key = "client.key"
	}
	if c.Privileged {
		key += "-root"
	}
	return t.say(key, args{"parties": t.W.Parties(c.Parties), "mode": fmt.Sprintf("%04o", c.Mode.Perm())})
}

// clientBlocked says why nothing can be installed; "" when it can, or will soon.
func (t Teller) clientBlocked(f *ClientForm) string {
	switch {
	case f.Empty():
		return t.say("client.blocked-empty", nil)
	case f.Reviewing || f.Review == nil:
		return ""
	case f.Review.NeedsPassphrase():
		return t.say("client.blocked-locked", nil)
	case f.Review.Fatal():
		for _, p := range f.Review.Problems {
			if p.Fatal {
				title, _, _ := t.W.ClientProblem(p)
				return t.say("client.blocked-problem", args{"problem": title})
			}
		}
		return t.say("client.blocked-empty", nil)
	case f.Plan != nil && len(f.Plan.Pending()) == 0:
		return t.say("blocked.nothing", nil)
	}
	return ""
}

// ClientOutcome is the dialog once the person has acted.
func (t Teller) ClientOutcome(f *ClientForm) Outcome {
	o := t.Outcome(f.changing())
	o.Title = t.say("client.title", args{"registry": f.Registry})
	if f.Shown == nil || f.Review == nil || f.Review.Pair == nil {
		return o
	}
	shown := Remark{proofMarks[f.Shown.Outcome], t.W.ClientProof(f.Registry, f.Review.Pair.Cert.Subject.String(), *f.Shown)}
	o.Proof = append([]Remark{shown}, o.Proof...)
	switch {
	case o.Problem != nil:
	case f.Shown.Outcome == clientcert.Refused, f.Shown.Outcome == clientcert.NotAsked && o.Summary.Mark == MarkTrusted:
		o.Summary = shown
	case f.Shown.Outcome == clientcert.Accepted && o.Summary.Mark == MarkTrusted:
		o.Summary.Sentence = t.say("client.installed", args{"registry": f.Registry})
	}
	return o
}

var proofMarks = map[clientcert.Outcome]Mark{
	clientcert.Accepted: MarkTrusted, clientcert.Refused: MarkRefused,
	clientcert.NotAsked: MarkUnknown, clientcert.Untrusted: MarkUnknown, clientcert.Unknown: MarkUnknown,
}

// clientSection is what a registry's page says of client certificates; nil where
// the registry asks for none and nothing is wrong with one.
func (t Teller) clientSection(r *trust.Report) []Row {
	if len(r.Endpoints) == 0 {
		return nil
	}
	var out []Row
	if a := r.Endpoints[0].ClientAuth; a.Requested {
		row := Row{ID: "client:wanted", Mark: MarkUnknown, Title: t.say("client.takes", nil)}
		if a.Required {
			row.Title = t.say("client.wants", nil)
		}
		if s := clientcert.ServerOf(r.Endpoints[0].Endpoint); s != nil && len(s.AcceptableCAs) > 0 {
			row.Reason = t.W.AcceptableCAs() + " " + safeList(s.AcceptableCAs, 3)
		}
		out = append(out, row)
	}
	for _, f := range r.Findings {
		if f.Variant == "client" {
			title, detail, fix := t.W.Finding(f)
			out = append(out, Row{ID: "client:" + f.Path, Mark: markOfSeverity(f.Severity), Title: title, Reason: detail, Notes: []string{fix}})
		}
	}
	return out
}

func markOfSeverity(s trust.Severity) Mark {
	if s == trust.SeverityError {
		return MarkRefused
	}
	return MarkAttention
}
