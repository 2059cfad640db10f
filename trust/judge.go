package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// Judge says what a consumer with policy p does at the moment at with endpoint
// ep. It is the only place where a verdict is made: for checks, forecasts,
// previews over an overlay, and proofs alike.
func Judge(ep Endpoint, p Policy, at time.Time) Verdict {
	return judge(newVerifier(ep, at), p)
}

// JudgeAll is [Judge] for each policy, at less cost than one by one.
func JudgeAll(ep Endpoint, policies []Policy, at time.Time) []Verdict {
	v := newVerifier(ep, at)
	out := make([]Verdict, len(policies))
	for i, p := range policies {
		out[i] = judge(v, p)
	}
	return out
}

func judge(chains *verifier, p Policy) Verdict {
	ep, at := chains.ep, chains.at
	v := Verdict{Consumer: p.Consumer, Looked: p.Looked}
	switch {
	case p.Unknown != "":
		return v.because(Unknown, PartyUnknown, "", p.Unknown)
	case !ep.Reachable():
		return judgeFailure(v, ep)
	}
	if net, ok := insecureNet(ep, p); ok {
		// A range that is not verified keeps the consumer from loading the host's
		// files at all, so neither their mistakes nor their client pairs count.
		return judgeInsecure(v, ep, net.Origin, net.PlainHTTP, nil, at)
	}
	switch {
	case p.ConfigError != "":
		return v.because(Refused, p.ConfigCode, p.ConfigError, p.ConfigPath)
	case p.PlainOnly && !ep.PlainHTTP:
		return v.because(Refused, InsecureRegistry, "server answered 400: client sent an HTTP request to an HTTPS server", p.SkipVerify)
	case p.SkipVerify != "":
		return judgeInsecure(v, ep, p.SkipVerify, p.PlainHTTP, p.ClientPairs, at)
	case ep.PlainHTTP && p.PlainHTTP:
		return v.because(Insecure, PlainHTTP, "", "")
	case ep.PlainHTTP:
		return v.because(Refused, PlainHTTP, "http: server gave HTTP response to HTTPS client", "")
	}
	if code, text := protocolRefusal(ep, p); code != "" {
		return v.because(Refused, code, text, "")
	}
	v = judgeChain(v, chains, p)
	if v.State != Trusted {
		return v
	}
	if n := size(ep.Sent); n > smallHandshake {
		return v.because(Unknown, PartyUnknown, "", fmt.Sprintf("the server sends %d bytes of certificates; programs built with an older Go stop at %d", n, smallHandshake))
	}
	return judgeClient(v, ep, p.ClientPairs, at)
}

// smallHandshake is the most that crypto/tls takes in one handshake message in
// engines of some years ago; today's takes 256 KiB of certificates. Measured with
// 300 certificates: docker 20.10, containerd 1.6, podman 4.3 and skopeo 1.9 stop,
// Engine 29 and containerd 2.2 do not. How an engine was built cannot be seen.
const smallHandshake = 64 << 10

func size(certs []*x509.Certificate) (n int) {
	for _, c := range certs {
		n += len(c.Raw)
	}
	return n
}

// because fills in a verdict that is not trusted.
func (v Verdict) because(s State, reason Code, text, detail string) Verdict {
	v.State, v.Reason, v.Error, v.Detail = s, reason, text, detail
	return v
}

// judgeFailure tells a server that answered and could not agree (refused) from
// one that was not there (unreachable), and from one that the probe would not
// visit, of which nothing is known.
func judgeFailure(v Verdict, ep Endpoint) Verdict {
	if ep.Failure == nil {
		return v.because(Unreachable, Timeout, "", "")
	}
	switch ep.Failure.Code {
	case TLSVersion, TLSHandshake, MalformedCertificate, WeakKey, ClientCertificateRequired, PlainHTTP:
		return v.because(Refused, ep.Failure.Code, ep.Failure.Text, "")
	case TokenUntrusted, RedirectUntrusted:
		return v.because(Unknown, PartyUnknown, "", ep.Failure.Text)
	default:
		return v.because(Unreachable, ep.Failure.Code, ep.Failure.Text, "")
	}
}

func insecureNet(ep Endpoint, p Policy) (InsecureNet, bool) {
	for _, n := range p.InsecureNets {
		if n.Holds(ep.IP) {
			return n, true
		}
	}
	return InsecureNet{}, false
}

// judgeInsecure is for consumers that do not verify this host. Plain HTTP and a
// demanded client certificate can still stop them.
func judgeInsecure(v Verdict, ep Endpoint, origin string, plainHTTP bool, pairs []ClientPair, at time.Time) Verdict {
	if ep.PlainHTTP && !plainHTTP {
		return v.because(Refused, PlainHTTP, "http: server gave HTTP response to HTTPS client", origin)
	}
	if c := judgeClient(Verdict{}, ep, pairs, at); c.State == Refused {
		return v.because(Refused, c.Reason, c.Error, origin)
	}
	return v.because(Insecure, InsecureRegistry, "", origin)
}

// protocolRefusal compares what was negotiated with what the consumer offers.
// The probe offers everything, so a weak outcome means the server had no better.
func protocolRefusal(ep Endpoint, p Policy) (Code, string) {
	if ep.TLS == nil {
		return "", ""
	}
	minimum := p.MinTLS
	if minimum == 0 {
		minimum = tls.VersionTLS12 // Go's and OpenSSL 3's default
	}
	if ep.TLS.Version < minimum {
		return TLSVersion, "remote error: tls: protocol version not supported"
	}
	if ep.TLS.Version >= tls.VersionTLS13 {
		return "", ""
	}
	if p.AEADOnly && !ecdheAEAD[ep.TLS.Cipher] || p.Dialect != DialectOpenSSL && !p.OldSuites && insecureSuite(ep.TLS.Cipher) {
		return TLSHandshake, "remote error: tls: handshake failure"
	}
	return "", ""
}

// ecdheAEAD are the only suites that docker's classic loader offers below TLS
// 1.3 (docker/go-connections tlsconfig/config.go).
var ecdheAEAD = map[uint16]bool{
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:       true,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:         true,
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:       true,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:         true,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: true,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:   true,
}

func insecureSuite(id uint16) bool {
	for _, s := range tls.InsecureCipherSuites() {
		if s.ID == id {
			return true
		}
	}
	return false
}

// judgeChain verifies what the server sent with the roots the consumer sees. A
// process that read the OS store before an anchor came is judged without it;
// that it would do after a restart is said in Effective.
func judgeChain(v Verdict, chains *verifier, p Policy) Verdict {
	seen := func(a Anchor) bool {
		return a.Since.IsZero() || p.LoadedUnknown == "" && (p.SystemLoaded.IsZero() || !a.Since.After(p.SystemLoaded))
	}
	now := chains.chain(p, seen)
	v.Path, v.Reason, v.Error = now.path, now.code, now.text
	if now.code == "" {
		v.State = Trusted
		return v
	}
	v.State = Refused
	if p.SystemLoaded.IsZero() && p.LoadedUnknown == "" || p.System.Len() == 0 {
		return v
	}
	all := func(Anchor) bool { return true }
	later := chains.chain(p, all)
	switch {
	case later.code != "":
		return v
	case p.LoadedUnknown != "":
		v = v.because(Unknown, PartyUnknown, "", p.LoadedUnknown)
	default:
		v.Effective = "after restart of " + p.Restart
		v.Restart = Restart{Party: v.Consumer.Party, Name: p.Restart, Command: p.RestartCommand, Engine: p.Engine}
	}
	v.Path = later.path
	return v
}
