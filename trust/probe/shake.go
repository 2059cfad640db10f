package probe

import (
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"syscall"
	"time"

	"mooring.dev/mooring/trust"
)

var errPlainHTTP = errors.New("http: server gave HTTP response to HTTPS client")

// allSuites are offered so that an old server's choice can be seen; whether a
// tool would agree to it is the judge's matter.
var allSuites = func() (ids []uint16) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		ids = append(ids, s.ID)
	}
	return ids
}()

// protocols are what is offered (ALPN), by target.http2.
var protocols = map[bool][]string{false: {"http/1.1"}, true: {"h2"}}

// shake makes the TLS handshake and notes in ep what the server showed, even if
// it failed half-way. The connection is nil without an error when the server
// turned the probe away for want of a client certificate.
func shake(conn *meter, t target, ep *trust.Endpoint) (*tls.Conn, error) {
	ep.ClientAuth = trust.ClientAuth{} // an earlier attempt proves nothing about this one
	c := tls.Client(conn, &tls.Config{
		ServerName: t.name,
		// Seeing what is sent, whoever sends it, is the purpose; trust is judged
		// from the chain afterwards, and nothing secret goes over this connection.
		InsecureSkipVerify: true,
		MinVersion:         tls.VersionTLS10,
		CipherSuites:       allSuites,
		NextProtos:         protocols[t.http2],
		GetClientCertificate: func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			ep.ClientAuth.Requested, ep.ClientAuth.AcceptableCAs = true, r.AcceptableCAs
			return new(tls.Certificate), nil
		},
	})
	err := c.Handshake()
	state := c.ConnectionState()
	note(state, ep)
	switch {
	case err == nil:
		return c, nil
	case turnedAway(err, ep) && signedByServer(state, ep):
		ep.ClientAuth.Required, ep.ClientAuth.Text = true, words(err)
		return nil, nil
	default:
		return nil, err
	}
}

// note takes over what is known of a handshake, complete or not.
func note(state tls.ConnectionState, ep *trust.Endpoint) {
	// All of them: crypto/tls takes 256 KiB at most, and engines, which take as
	// much, get along with hundreds.
	ep.Sent = state.PeerCertificates
	if state.Version != 0 {
		ep.TLS = &trust.TLS{
			Version: state.Version, Cipher: state.CipherSuite,
			ALPN: state.NegotiatedProtocol, OCSPStaple: state.OCSPResponse,
		}
	}
}

// turnedAway reports whether err is what a server does that asked for a client
// certificate and got none. TLS 1.3 has an alert for it; before, servers send
// one of several (handshake failure, bad certificate) or just hang up.
func turnedAway(err error, ep *trust.Endpoint) bool {
	if strings.Contains(err.Error(), "remote error: tls: certificate required") {
		return true
	}
	return ep.ClientAuth.Requested && (isAlert(err) || isHangUp(err))
}

// signedByServer reports whether the server had proved that the leaf's key is its
// own before it turned us away. Without that proof anybody could show this chain,
// which crypto/tls notes before it has seen a signature. It asks for our
// certificate after it has checked the server's signature: always with TLS 1.3,
// and before if the server signed its key exchange, for only then is the curve
// known (not so with RSA key exchange, or a server that leaves the message out).
func signedByServer(s tls.ConnectionState, ep *trust.Endpoint) bool {
	return s.HandshakeComplete || ep.ClientAuth.Requested && s.CurveID != 0
}

// settle waits a moment for the refusal that TLS 1.3 sends only after the
// handshake. Nothing is asked of this server, so one that is content says nothing.
func settle(c *tls.Conn, until time.Time, ep *trust.Endpoint) {
	if !ep.ClientAuth.Requested || ep.TLS.Version != tls.VersionTLS13 {
		return
	}
	if soon := time.Now().Add(settleTime); soon.Before(until) {
		until = soon
	}
	c.SetReadDeadline(until)
	if _, err := c.Read(make([]byte, 1)); err != nil && turnedAway(err, ep) {
		ep.ClientAuth.Required, ep.ClientAuth.Text = true, words(err)
	}
}

// settleTime is several round trips on most networks.
const settleTime = 500 * time.Millisecond

// isHTTP reports whether the handshake was answered in plain HTTP. A page without
// a status line is what HTTP/0.9 servers and some proxies send.
func isHTTP(err error) bool {
	var rec tls.RecordHeaderError
	if !errors.As(err, &rec) {
		return false
	}
	first := strings.ToUpper(string(rec.RecordHeader[:]))
	return first == "HTTP/" || first == "<HTML" || first == "<!DOC"
}

// isHTTP2 reports whether the server speaks HTTP/2 only.
func isHTTP2(err error) bool {
	return err != nil && strings.HasSuffix(err.Error(), "tls: no application protocol")
}

func isAlert(err error) bool { return strings.Contains(err.Error(), "remote error: tls: ") }

func isHangUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, wsaReset) || errors.Is(err, wsaAborted)
}
