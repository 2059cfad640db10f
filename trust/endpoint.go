package trust

import (
	"crypto/x509"
	"net/netip"
	"time"
)

// Role is the part an endpoint plays when a registry is used.
type Role string

// The roles of an endpoint.
const (
	RoleRegistry Role = "registry"
	RoleToken    Role = "token"
	RoleRedirect Role = "redirect"
	RoleMirror   Role = "mirror"
	RoleDaemon   Role = "daemon"
)

// Endpoint is one TLS server that using a registry touches, with what a probe
// saw of it. It holds facts only; see [Judge] for what they mean to a tool.
type Endpoint struct {
	Role    Role
	Host    string     // the name a client verifies, without port or brackets
	Address string     // host:port that was dialled
	IP      netip.Addr // the address that answered; invalid when none did
	Proxy   string     // through which proxy, without credentials; "" for none

	// Sent is the chain the server sent, in its order, whether or not it verifies.
	// Empty when there was no handshake.
	Sent []*x509.Certificate
	TLS  *TLS // nil when no version was agreed on; filled even if the handshake failed later

	// Failure is why there is no usable TLS connection; nil when there is one, and
	// when all that it lacked was a client certificate (see ClientAuth). With a
	// failure Sent may be filled, but nothing proves that it is the server's own.
	// With PlainHTTP the host answered, without TLS.
	Failure   *Failure
	PlainHTTP bool

	// ClientAuth tells what the server asked of the client's certificate.
	ClientAuth ClientAuth

	HTTP *HTTP // the unauthenticated GET /v2/; nil when none was answered
	// Unanswered is why a server that can be connected to did not answer GET /v2/
	// (timeout, connection-reset, not-a-registry); nil when it did, or was not asked.
	Unanswered *Failure
	Elapsed    time.Duration
}

// Reachable reports whether a server showed certificates that are its own, or
// answered in plain HTTP. A chain from a handshake that failed does not count:
// whoever has no key can send another's certificates.
func (e Endpoint) Reachable() bool {
	return len(e.Sent) > 0 && e.Failure == nil || e.PlainHTTP
}

// Leaf returns the server's own certificate, or nil.
func (e Endpoint) Leaf() *x509.Certificate {
	if len(e.Sent) == 0 {
		return nil
	}
	return e.Sent[0]
}

// Presents reports whether the server shows cert as its own. One made with
// `openssl req -x509` calls itself a CA, and its key lies on the server.
func (e Endpoint) Presents(cert *x509.Certificate) bool {
	return len(e.Sent) > 0 && e.Sent[0].Equal(cert)
}

// TLS describes a handshake that was completed.
type TLS struct {
	Version    uint16 // as in crypto/tls
	Cipher     uint16
	ALPN       string
	OCSPStaple []byte
}

// ClientAuth is what a server wants of client certificates.
type ClientAuth struct {
	Requested bool // the handshake asked for one
	Required  bool // without one the server refused
	// AcceptableCAs are the raw subjects of the CAs the server named.
	AcceptableCAs [][]byte
	// Text is how the server refused: a TLS alert as crypto/tls words it, or the
	// sentence of an HTTP answer.
	Text string
}

// Failure is why a connection could not be had, as one of the finding codes
// (dns, connection-refused, timeout, connection-reset, proxy, tls-version,
// tls-handshake, malformed-certificate, plain-http) and the error's own words.
type Failure struct {
	Code Code
	Text string
}

// HTTP is what the unauthenticated GET /v2/ was answered with.
type HTTP struct {
	Status    int
	Date      time.Time // the server's clock, zero when it sent none
	Server    string
	Version   string // Docker-Distribution-Api-Version, "registry/2.0"
	Challenge Challenge
	// Registry reports whether the answer is one of a Distribution registry: the
	// API version header, a challenge, or a JSON body with status 200.
	Registry bool
	Location string // of a redirect, absolute
	Proxy    string // the Via header, if any
}

// Challenge is the parsed WWW-Authenticate of a registry.
type Challenge struct {
	Scheme  AuthScheme
	Realm   string
	Service string
}

// AuthScheme is how a registry wants to be signed in to.
type AuthScheme string

// The schemes of the JSON contract.
const (
	AuthNone    AuthScheme = "none"
	AuthBasic   AuthScheme = "basic"
	AuthBearer  AuthScheme = "bearer"
	AuthUnknown AuthScheme = "unknown"
)

// Probe is everything one check learned of a registry over the network.
type Probe struct {
	Registry  Registry
	At        time.Time
	Elapsed   time.Duration
	Auth      Challenge
	Endpoints []Endpoint // the registry itself first
}
