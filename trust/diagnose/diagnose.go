// Package diagnose turns what a check learned of a registry into findings: every
// fault of the server and of this machine's files that bears on it, each for
// itself. It judges nothing anew: verdicts come from trust.Judge, and decide only
// how much a finding matters.
//
// TLS libraries report the first fault they meet. An expired certificate from an
// unknown CA for another name has three, and a person who repairs one wants to
// know of the others; so every fact is looked at on its own here.
package diagnose

import (
	"slices"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// Input is all that is known of one registry.
type Input struct {
	Probe trust.Probe
	// Policies and Verdicts run parallel to the probe's endpoints, and within each
	// endpoint to one another.
	Policies [][]trust.Policy
	Verdicts [][]trust.Verdict
	// Scope are the parties whose refusal makes an error; empty: all of them.
	Scope []trust.Party
	Now   time.Time
	// LastSeen is who issued the registry's certificate when it was last checked.
	LastSeen trust.Seen
	// Held returns the CA certificates that this machine holds anywhere, trusted or
	// not; an intermediate among them proves that the server fails to send it. It is
	// asked only about a chain that somebody refuses, since finding them all takes
	// a while. Nil: nothing is held.
	Held func() *trust.AnchorSet
	// Notes are facts about this machine that come from no policy.
	Notes []trust.Note
}

// Findings diagnoses in, errors first.
func Findings(in Input) []trust.Finding {
	d := &diagnosis{in: in, notes: map[noteKey]*noted{}}
	for i := range in.Probe.Endpoints {
		d.endpoint(i)
	}
	d.machine()
	out := muted(d.out)
	slices.SortStableFunc(out, compare)
	return out
}

// diagnosis collects findings.
type diagnosis struct {
	in    Input
	out   []trust.Finding
	notes map[noteKey]*noted
	order []noteKey
}

// consumer is one consumer's policy and verdict for one endpoint.
type consumer struct {
	trust.Policy
	verdict trust.Verdict
}

// tolerates reports whether the consumer gets along with the endpoint.
func (c consumer) tolerates() bool {
	return c.verdict.State == trust.Trusted || c.verdict.State == trust.Insecure
}

// verifies reports whether the consumer looks at the certificate at all.
func (c consumer) verifies() bool {
	return c.verdict.State != trust.Insecure && c.SkipVerify == "" && c.Unknown == ""
}

// view is one endpoint while it is diagnosed.
type view struct {
	*diagnosis
	index  int
	ep     trust.Endpoint
	all    []consumer
	scoped []consumer // those that count
	chain  chain
}

// endpoint diagnoses one endpoint.
func (d *diagnosis) endpoint(i int) {
	v := &view{diagnosis: d, index: i, ep: d.in.Probe.Endpoints[i]}
	v.all = d.consumers(i)
	for _, c := range v.all {
		if d.inScope(c.Consumer.Party) {
			v.scoped = append(v.scoped, c)
		}
		d.collect(c, v.ep.Role)
	}
	v.connection()
	v.http()
	v.protocol()
	if len(v.ep.Sent) == 0 || v.ep.Failure != nil {
		return // whoever has no key can send another's certificates
	}
	v.chain = newChain(v.ep.Sent, v.proven())
	v.certificates()
	v.order()
	v.names()
	v.constraints()
	v.authority()
	v.history()
	v.stapled()
}

func (d *diagnosis) consumers(i int) []consumer {
	var out []consumer
	if i >= len(d.in.Policies) || i >= len(d.in.Verdicts) {
		return nil
	}
	out = make([]consumer, 0, len(d.in.Policies[i]))
	for j, p := range d.in.Policies[i] {
		if j < len(d.in.Verdicts[i]) {
			out = append(out, consumer{p, d.in.Verdicts[i][j]})
		}
	}
	return out
}

// held is what the machine holds, nothing for a chain that everybody trusts: a
// certificate that completes it in another way is then not missing.
func (v *view) held() *trust.AnchorSet {
	doubted := slices.ContainsFunc(v.all, func(c consumer) bool { return c.verdict.State != trust.Trusted })
	if v.in.Held == nil || len(v.all) > 0 && !doubted {
		return nil
	}
	return v.in.Held()
}

func (d *diagnosis) inScope(p trust.Party) bool {
	return len(d.in.Scope) == 0 || slices.Contains(d.in.Scope, p)
}

// args are values for placeholders, as name and value by turns.
func args(pairs ...string) map[string]string {
	out := make(map[string]string, len(pairs)/2+3)
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// add reports a fact about the endpoint. What every consumer in scope tolerates is
// a warning, and so is all about a mirror: engines pass a failing one over.
func (v *view) add(f trust.Finding) {
	f.Endpoint = v.index
	if f.Severity == "" {
		f.Severity = v.severity(f.Code)
	}
	if f.Severity == trust.SeverityError && v.ep.Role == trust.RoleMirror {
		f.Severity = trust.SeverityWarning
	}
	if f.Args == nil {
		f.Args = args()
	}
	f.Args["registry"] = v.in.Probe.Registry.String()
	f.Args["host"] = clipped(v.ep.Host) // a realm names any host it likes
	f.Args["address"] = clipped(v.ep.Address)
	fill(f.Args)
	v.out = append(v.out, f)
}

// fill puts a dash where there is no value: a sentence must not have a hole.
func fill(values map[string]string) {
	for name, v := range values {
		if v == "" {
			values[name] = "—"
		}
	}
}

// fact reports a fact that concerns no certificate.
func (v *view) fact(code trust.Code, pairs ...string) {
	v.add(trust.Finding{Code: code, Certificate: trust.NoIndex, Args: args(pairs...)})
}

// beyondTLS are facts that no verdict on the certificate speaks of.
var beyondTLS = map[trust.Code]bool{
	trust.NotARegistry: true, trust.Timeout: true, trust.ConnectionReset: true, trust.DNS: true,
	trust.ConnectionRefused: true, trust.ProxyFailed: true,
}

func (v *view) severity(code trust.Code) trust.Severity {
	base := code.Severity()
	if base != trust.SeverityError || beyondTLS[code] || len(v.scoped) == 0 {
		return base
	}
	for _, c := range v.scoped {
		if !c.tolerates() && !v.dialectTolerates(c, code) {
			return base
		}
	}
	return trust.SeverityWarning
}

// dialectTolerates: OpenSSL takes the common name where there is no DNS name.
func (v *view) dialectTolerates(c consumer, code trust.Code) bool {
	return code == trust.NoSAN && c.Dialect == trust.DialectOpenSSL &&
		strings.EqualFold(v.ep.Sent[0].Subject.CommonName, v.ep.Host)
}

// compare orders findings: errors first, then by the table, endpoint, certificate.
func compare(a, b trust.Finding) int {
	if d := rank(a.Severity) - rank(b.Severity); d != 0 {
		return d
	}
	if d := position[a.Code] - position[b.Code]; d != 0 {
		return d
	}
	if d := a.Endpoint - b.Endpoint; d != 0 {
		return d
	}
	if d := a.Certificate - b.Certificate; d != 0 {
		return d
	}
	return strings.Compare(a.Path, b.Path)
}

func rank(s trust.Severity) int {
	return slices.Index([]trust.Severity{trust.SeverityError, trust.SeverityWarning, trust.SeverityInfo}, s)
}

var position = func() map[trust.Code]int {
	out := map[trust.Code]int{}
	for i, c := range trust.Codes() {
		out[c] = i
	}
	return out
}()

// muted drops the findings of which another says all there is to say.
func muted(in []trust.Finding) []trust.Finding {
	var out []trust.Finding
	for _, f := range in {
		if !slices.ContainsFunc(in, func(g trust.Finding) bool { return mutes(g, f) }) {
			out = append(out, f)
		}
	}
	return out
}

func mutes(g, f trust.Finding) bool {
	if !slices.Contains(g.Code.Mutes(), f.Code) {
		return false
	}
	if g.Path != "" {
		return g.Path == f.Path
	}
	return g.Endpoint == f.Endpoint
}
