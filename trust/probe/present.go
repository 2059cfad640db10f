package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"mooring.dev/mooring/trust"
)

// ErrAnotherServer says that the server which answered is not the one that was
// verified; it was shown nothing.
var ErrAnotherServer = errors.New("another server answered than the one that was verified")

// Why a server that answered has said nothing about a certificate: it did not see it.
var (
	ErrNotAsked = errors.New("the server asked for no client certificate")
	ErrWithheld = errors.New("the certificate was not sent: it is not of the kind or the CAs that the server asks for")
)

// RefusedError is how a server turned a client certificate down, in its own words.
type RefusedError struct{ Text string }

func (e *RefusedError) Error() string { return e.Text }

// Present shows a client certificate to reg's server as an engine does, and asks
// for /v2/. It is the one connection of this package that gives something away:
// who the client is. So it goes only to a server that proves to have the key of
// verified, a leaf which the caller has judged.
//
// Nil means that the server asked for the certificate, was sent it, and answered; a
// [RefusedError] that it did not take it. A server that answers without having seen it
// is [ErrNotAsked] or [ErrWithheld]: as engines do, nothing is sent to one that names
// other CAs. No refusal either by one that never asked. Nor does an answer of 403 or 5xx tell: who gave it, and why, is not known.
func (p *Prober) Present(ctx context.Context, reg trust.Registry, verified *x509.Certificate, pair tls.Certificate) error {
	v := p.visitor()
	v.begin()
	t, err := targetOf(trust.RoleRegistry, reg.Address())
	if err != nil {
		return err
	}
	conn, err := v.open(ctx, t, &trust.Endpoint{})
	if err != nil {
		return err
	}
	defer conn.Close()
	defer conn.limit(ctx, *v.until)()
	return present(conn, t, verified, pair)
}

func present(conn *meter, t target, verified *x509.Certificate, pair tls.Certificate) error {
	// TLS 1.3 sends the client's certificate only after the server has proved its key;
	// so does 1.2 with a key exchange that the server signs, which all of Go's default
	// suites have.
	seen := ErrNotAsked
	c := tls.Client(conn, &tls.Config{
		ServerName: t.name, NextProtos: protocols[false], MinVersion: tls.VersionTLS12,
		// As crypto/tls chooses from Certificates, noting what it chose.
		GetClientCertificate: func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if r.SupportsCertificate(&pair) != nil {
				seen = ErrWithheld
				return new(tls.Certificate), nil
			}
			seen = nil
			return &pair, nil
		},
		// In place of the usual verification, which the caller has done: by other roots
		// than this process has.
		InsecureSkipVerify: true,
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !bytes.Equal(raw[0], verified.Raw) {
				return ErrAnotherServer
			}
			return nil
		},
	})
	if err := c.Handshake(); err != nil {
		return turnedDown(err, seen)
	}
	defer c.Close()
	answer, body, err := exchange(c, t, false)
	switch {
	case err != nil:
		return turnedDown(err, seen)
	case seen != nil:
		return seen
	case answer.Status == http.StatusBadRequest:
		return &RefusedError{sentence(body)}
	case answer.Status == http.StatusForbidden || answer.Status >= http.StatusInternalServerError:
		return fmt.Errorf("the server answers %d %s", answer.Status, http.StatusText(answer.Status))
	}
	return nil
}

// turnedDown tells a server's refusal from other failures: an alert, or that it
// hangs up, after it asked.
func turnedDown(err, seen error) error {
	if !errors.Is(seen, ErrNotAsked) && (isAlert(err) || isHangUp(err)) {
		return &RefusedError{words(err)}
	}
	return err
}

// sentence is what an HTTP server says of a certificate that it does not take:
// nginx answers 400 with "The SSL certificate error" or "No required SSL
// certificate was sent" in its page.
func sentence(body []byte) string {
	for _, known := range []string{certificateMissing, "The SSL certificate error"} {
		if bytes.Contains(body, []byte(known)) {
			return known
		}
	}
	return "400 Bad Request"
}
