package diagnose

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"mooring.dev/mooring/trust"
)

// connection reports why there is no usable connection.
func (v *view) connection() {
	f := v.ep.Failure
	switch {
	case f == nil && v.ep.PlainHTTP:
		v.fact(trust.PlainHTTP)
	case f == nil:
	case f.Code == trust.TokenUntrusted || f.Code == trust.RedirectUntrusted:
		v.unvisited(f)
	case f.Code == trust.WeakKey && len(v.ep.Sent) > 0 && weakRSA(v.ep.Sent[0], 1024):
		v.cert(trust.WeakKey, 0, "bits", bits(v.ep.Sent[0]))
	case f.Code == trust.WeakKey:
		v.fact(trust.TLSHandshake, "text", clipped(f.Text))
	default:
		v.fact(f.Code, "text", clipped(f.Text), "proxy", v.ep.Proxy)
	}
	if u := v.ep.Unanswered; u != nil && f == nil {
		v.add(trust.Finding{
			Code: u.Code, Certificate: trust.NoIndex, Variant: "unanswered", Args: args("text", clipped(u.Text), "proxy", v.ep.Proxy),
		})
	}
}

// unvisited says that the probe refused to go where the registry refers to: see
// its guard. Behind a proxy it refuses any other host, so nobody is at fault.
func (v *view) unvisited(f *trust.Failure) {
	found := trust.Finding{Code: f.Code, Certificate: trust.NoIndex, Variant: "blocked", Args: args("text", clipped(f.Text))}
	if v.ep.Proxy != "" {
		found.Variant, found.Severity, found.Args["proxy"] = "proxied", trust.SeverityWarning, v.ep.Proxy
	}
	v.add(found)
}

// http reports what the answer to GET /v2/ says.
func (v *view) http() {
	h := v.ep.HTTP
	if h == nil {
		return
	}
	registry := v.ep.Role == trust.RoleRegistry || v.ep.Role == trust.RoleMirror
	if registry && !h.Registry && !v.ep.ClientAuth.Required {
		v.fact(trust.NotARegistry, "status", strconv.Itoa(h.Status), "server", clipped(h.Server))
	}
	v.clock(h.Date)
}

// clockTolerance is how far two clocks may be apart: a Date header has whole
// seconds, and the answer took its time.
const clockTolerance = 5 * time.Minute

// clock compares this machine's clock with the server's. It is an error only when
// it explains why a certificate seems not to be valid now.
func (v *view) clock(server time.Time) {
	local := v.in.Probe.At
	if server.IsZero() || local.IsZero() || local.Sub(server).Abs() <= clockTolerance {
		return
	}
	severity := trust.SeverityWarning
	for _, c := range v.ep.Sent {
		if !trust.ValidAt(c, v.in.Now) && trust.ValidAt(c, server) {
			severity = v.severity(trust.ClockSkew)
		}
	}
	v.add(trust.Finding{
		Code: trust.ClockSkew, Certificate: trust.NoIndex, Severity: severity,
		Args: args("localTime", date(local), "serverTime", date(server)),
	})
}

// protocol reports what verdicts say of TLS versions, suites and client pairs;
// the probe speaks more dialects than the tools do.
func (v *view) protocol() {
	if v.ep.Failure == nil {
		for _, code := range []trust.Code{trust.TLSVersion, trust.TLSHandshake} {
			if cs := v.refusedFor(code); len(cs) > 0 {
				v.fact(code, "text", cs[0].verdict.Error, "proxy", v.ep.Proxy, "parties", parties(cs))
			}
		}
	}
	if !v.ep.ClientAuth.Required {
		return
	}
	if cs := v.refusedFor(trust.ClientCertificateRejected); len(cs) > 0 {
		v.add(trust.Finding{
			Code: trust.ClientCertificateRejected, Certificate: trust.NoIndex, Path: cs[0].verdict.Detail,
			Party: cs[0].Consumer.Party,
			Args:  args("parties", parties(cs), "text", clipped(v.ep.ClientAuth.Text), "issuers", v.acceptable()),
		})
	}
	var required []consumer
	for _, c := range v.scoped {
		if len(c.ClientPairs) == 0 {
			required = append(required, c)
		}
	}
	if len(v.all) == 0 || len(required) > 0 {
		v.fact(trust.ClientCertificateRequired,
			"parties", parties(required), "text", clipped(v.ep.ClientAuth.Text), "issuers", v.acceptable())
		return
	}
	v.unproven()
}

// unproven says that a client certificate is at hand, and only the server knows
// whether it takes it.
func (v *view) unproven() {
	for _, c := range v.scoped {
		if c.verdict.State == trust.Unknown && c.verdict.Reason == trust.ClientCertificateRequired {
			v.add(trust.Finding{
				Code: trust.ClientCertificateRequired, Variant: "unproven", Severity: trust.SeverityWarning,
				Certificate: trust.NoIndex, Party: c.Consumer.Party, Path: c.verdict.Detail,
				Args: args("parties", string(c.Consumer.Party), "text", clipped(v.ep.ClientAuth.Text), "issuers", v.acceptable()),
			})
			return
		}
	}
}

// refusedFor lists the consumers in scope that are refused for this reason.
func (v *view) refusedFor(code trust.Code) []consumer {
	var out []consumer
	for _, c := range v.scoped {
		if c.verdict.State == trust.Refused && c.verdict.Reason == code {
			out = append(out, c)
		}
	}
	return out
}

// parties are the codes of the consumers' parties, each once.
func parties(cs []consumer) string {
	var out []string
	for _, c := range cs {
		if p := string(c.Consumer.Party); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return strings.Join(out, ", ")
}
