package cli

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"mooring.dev/mooring/platform"
	"mooring.dev/mooring/trust"
	"mooring.dev/mooring/ui/words"
)

// schema is the version of the JSON contract (design.md 4.2). Fields are only
// ever added.
const schema = 1

// The contract of `check --json`. Lists are never null; a field that may be null
// is a pointer.
type (
	jsonRegistry struct {
		Registry  string         `json:"registry"`
		Verdict   trust.State    `json:"verdict"`
		Scope     []trust.Party  `json:"scope"`
		Summary   string         `json:"summary"`
		Auth      jsonAuth       `json:"auth"`
		Endpoints []jsonEndpoint `json:"endpoints"`
		Findings  []jsonFinding  `json:"findings"`
		Proved    []jsonWord     `json:"proved"`
		At        time.Time      `json:"at"`
		ElapsedMS int64          `json:"elapsedMs"`
	}
	jsonAuth struct {
		Scheme  trust.AuthScheme `json:"scheme"`
		Realm   string           `json:"realm"`
		Service string           `json:"service"`
	}
	jsonEndpoint struct {
		Role    trust.Role     `json:"role"`
		Address string         `json:"address"`
		IP      *string        `json:"ip"`
		Proxy   *string        `json:"proxy"`
		TLS     *jsonTLS       `json:"tls"`
		Failure *jsonFailure   `json:"failure"`
		Sent    []jsonSent     `json:"sent"`
		Parties []jsonConsumer `json:"parties"`
	}
	jsonTLS struct {
		Version string `json:"version"`
		Cipher  string `json:"cipher"`
		ALPN    string `json:"alpn"`
	}
	jsonFailure struct {
		Code trust.Code `json:"code"`
		Text string     `json:"text"`
	}
	jsonSent struct {
		Role      trust.CertRole `json:"role"`
		Subject   string         `json:"subject"`
		Issuer    string         `json:"issuer"`
		SHA256    string         `json:"sha256"`
		NotBefore time.Time      `json:"notBefore"`
		NotAfter  time.Time      `json:"notAfter"`
		Names     []string       `json:"names"`
	}
	jsonConsumer struct {
		Party     trust.Party     `json:"party"`
		Instance  string          `json:"instance"`
		Operation trust.Operation `json:"operation"`
		Installed bool            `json:"installed"`
		Version   string          `json:"version"`
		Loader    string          `json:"loader"`
		Remote    bool            `json:"remote"`
		Verdict   trust.State     `json:"verdict"`
		Reason    trust.Code      `json:"reason"`
		Error     string          `json:"error"`
		Detail    string          `json:"detail"`
		Path      []jsonLink      `json:"path"`
		Looked    []jsonLook      `json:"looked"`
		Effective *string         `json:"effective"`
	}
	jsonLink struct {
		SHA256  string       `json:"sha256"`
		Source  trust.Source `json:"source"`
		Subject string       `json:"subject"`
	}
	jsonLook struct {
		Path  string `json:"path"`
		Found bool   `json:"found"`
		Note  string `json:"note"`
	}
	jsonFinding struct {
		Code        trust.Code     `json:"code"`
		Severity    trust.Severity `json:"severity"`
		Endpoint    *int           `json:"endpoint"`
		Certificate *int           `json:"certificate"`
		Party       *string        `json:"party"`
		Path        *string        `json:"path"`
		Title       string         `json:"title"`
		Detail      string         `json:"detail"`
		Fix         string         `json:"fix"`
	}
	jsonWord struct {
		Party    trust.Party `json:"party"`
		Instance string      `json:"instance"`
		Verdict  trust.State `json:"verdict"`
		Text     string      `json:"text"`
		Remote   bool        `json:"remote"`
		// Others may have answered in the registry's place.
		Others      []string `json:"others"`
		Contradicts bool     `json:"contradicts"` // the verdict on its pulls
	}
	jsonKnown struct {
		Registry string        `json:"registry"`
		Origins  []jsonOrigin  `json:"origins"`
		Scope    []trust.Party `json:"scope"`
		Added    bool          `json:"added"`
		Hidden   bool          `json:"hidden"`
	}
	jsonOrigin struct {
		Kind string `json:"kind"`
		Path string `json:"path"`
		Note string `json:"note"`
	}
)

// contract puts a report into the words and fields of the contract.
func contract(r trust.Report, english *words.Words) jsonRegistry {
	return jsonRegistry{
		Registry: r.Registry.String(), Verdict: r.Verdict(), Scope: list(r.Scope), Summary: english.Summary(r),
		Auth:      jsonAuth{authScheme(r.Auth.Scheme), r.Auth.Realm, r.Auth.Service},
		Endpoints: each(r.Endpoints, endpointJSON),
		Findings:  each(r.Findings, func(f trust.Finding) jsonFinding { return findingJSON(f, english) }),
		Proved: each(r.Proved, func(w trust.EngineWord) jsonWord {
			return jsonWord{w.Party, w.Instance, w.State, w.Text, w.Remote, list(w.Others), r.Contradicts(w)}
		}),
		At: r.At.UTC(), ElapsedMS: r.Elapsed.Milliseconds(),
	}
}

func authScheme(s trust.AuthScheme) trust.AuthScheme {
	if s == "" {
		return trust.AuthUnknown
	}
	return s
}

func endpointJSON(e trust.EndpointReport) jsonEndpoint {
	out := jsonEndpoint{
		Role: e.Role, Address: e.Address, Proxy: optional(e.Proxy),
		Sent: make([]jsonSent, 0, len(e.Sent)), Parties: each(e.Verdicts, written{}.consumer),
	}
	if e.IP.IsValid() {
		out.IP = optional(e.IP.String())
	}
	if e.TLS != nil {
		out.TLS = &jsonTLS{tls.VersionName(e.TLS.Version), tls.CipherSuiteName(e.TLS.Cipher), e.TLS.ALPN}
	}
	if e.Failure != nil {
		out.Failure = &jsonFailure{e.Failure.Code, e.Failure.Text}
	}
	for i, c := range e.Sent {
		out.Sent = append(out.Sent, sentJSON(c, i == 0))
	}
	return out
}

func sentJSON(c *x509.Certificate, first bool) jsonSent {
	return jsonSent{
		Role: trust.RoleOf(c, first), Subject: c.Subject.String(), Issuer: c.Issuer.String(),
		SHA256: trust.FingerprintOf(c).String(), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
		Names: certNames(c),
	}
}

// certNames are the names a certificate is for, DNS names first.
func certNames(c *x509.Certificate) []string {
	out := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		out = append(out, ip.String())
	}
	for _, u := range c.URIs {
		out = append(out, u.String())
	}
	return append(out, c.EmailAddresses...)
}

func (w written) consumer(v trust.Verdict) jsonConsumer {
	c := v.Consumer
	return jsonConsumer{
		Party: c.Party, Instance: c.Instance, Operation: c.Operation, Installed: c.Installed,
		Version: c.Version, Loader: c.Loader, Remote: c.Remote,
		Verdict: v.State, Reason: v.Reason, Error: v.Error, Detail: v.Detail,
		Path:      each(v.Path, w.link),
		Looked:    each(v.Looked, func(l trust.Look) jsonLook { return jsonLook{l.Path, l.Found, l.Note} }),
		Effective: optional(v.Effective),
	}
}

// written keeps how certificates are written: most consumers take the same path.
type written map[*x509.Certificate]jsonLink

func (w written) link(l trust.PathLink) jsonLink {
	out, known := w[l.Cert]
	if !known {
		out = jsonLink{SHA256: trust.FingerprintOf(l.Cert).String(), Subject: l.Cert.Subject.String()}
		w[l.Cert] = out
	}
	out.Source = l.Source
	return out
}

func findingJSON(f trust.Finding, english *words.Words) jsonFinding {
	title, detail, fix := english.Finding(f)
	return jsonFinding{
		Code: f.Code, Severity: f.Severity, Endpoint: index(f.Endpoint), Certificate: index(f.Certificate),
		Party: optional(string(f.Party)), Path: optional(f.Path), Title: title, Detail: detail, Fix: fix,
	}
}

func knownJSON(k platform.Known) jsonKnown {
	return jsonKnown{
		Registry: k.Registry.String(), Scope: list(k.Scope), Added: k.Added, Hidden: k.Hidden,
		Origins: each(k.Origins, func(o platform.Origin) jsonOrigin { return jsonOrigin{o.Kind, o.Path, o.Note} }),
	}
}

// planJSON and receiptJSON have lists where the originals may have nil.
func planJSON(p trust.Plan) trust.Plan {
	p = p.Shown()
	p.Registries, p.Anchors, p.Changes = list(p.Registries), list(p.Anchors), list(p.Changes)
	p.Restarts, p.Forecast = list(p.Restarts), list(p.Forecast)
	return p
}

func receiptJSON(r trust.Receipt) trust.Receipt {
	r.Registries, r.Anchors = list(r.Registries), list(r.Anchors)
	r.Changes, r.Restarts = list(r.Changes), list(r.Restarts)
	return r
}

func index(i int) *int {
	if i < 0 {
		return nil
	}
	return &i
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

func each[T, U any](in []T, f func(T) U) []U {
	out := make([]U, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}
