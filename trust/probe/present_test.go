package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"mooring.dev/mooring/trust/trusttest"
)

// TestPresent: a certificate is shown to the server that was verified and to no
// other, and what the server makes of it is told apart.
func TestPresent(t *testing.T) {
	leaf := labLeaf(t)
	clients, other := trusttest.NewCA(t, "Client CA"), trusttest.NewCA(t, "Other CA")
	good, foreign := clients.Client("alice").TLS(), other.Client("alice").TLS()
	refusal, errAny := errors.New("a refusal"), errors.New("another failure")
	nginx := "HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 48\r\n\r\n<html><title>400 The SSL certificate error</html>"
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, c := range map[string]struct {
			auth  tls.ClientAuthType
			pair  tls.Certificate
			reply string
			text  string // of the refusal, "" for none
			want  error  // nil for accepted, refusal for any of the server's
		}{
			"accepted":     {tls.RequireAndVerifyClientCert, good, okAnswer, "", nil},
			"if given":     {tls.VerifyClientCertIfGiven, good, okAnswer, "", nil},
			"not asked":    {tls.NoClientCert, good, okAnswer, "", ErrNotAsked},
			"nor answered": {tls.NoClientCert, good, "", "", io.ErrUnexpectedEOF},
			"no page":      {tls.NoClientCert, good, nginx, "", ErrNotAsked},
			"withheld":     {tls.RequireAndVerifyClientCert, foreign, okAnswer, "", refusal},
			"not sent":     {tls.VerifyClientCertIfGiven, foreign, okAnswer, "", ErrWithheld},
			"expired":      {tls.RequireAndVerifyClientCert, clients.Client("alice", trusttest.NotAfter(time.Now().Add(-time.Hour))).TLS(), okAnswer, "", refusal},
			"nginx's page": {tls.RequestClientCert, good, nginx, "The SSL certificate error", refusal},
			"another page": {tls.RequestClientCert, good, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "400 Bad Request", refusal},
			"forbidden":    {tls.RequestClientCert, good, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "", errAny},
			"broken":       {tls.RequireAndVerifyClientCert, good, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "", errAny},
		} {
			conf := leaf.Config()
			conf.MinVersion, conf.MaxVersion, conf.ClientAuth, conf.ClientCAs = version, version, c.auth, clients.Pool()
			err := presentTo(t, secure(conf, answer(c.reply)), leaf, c.pair)
			var refused *RefusedError
			switch {
			case errors.As(err, &refused) != (c.want == refusal), err == nil != (c.want == nil), c.want != refusal && c.want != errAny && !errors.Is(err, c.want):
				t.Errorf("%s with %s: %v", name, tls.VersionName(version), err)
			case c.text != "" && refused.Text != c.text:
				t.Errorf("%s: %q", name, refused.Text)
			}
		}
	}
}

func presentTo(t *testing.T, handle func(net.Conn), verified *trusttest.Cert, pair tls.Certificate) error {
	t.Helper()
	at := serve(t, handle)
	p := &Prober{Proxy: Direct, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}}
	return p.Present(t.Context(), registry(t, labAddress), verified.Cert, pair)
}

// TestNothingIsPresentedToAnother: a server with another certificate learns nothing,
// nor does one that shows the right certificate without having its key.
func TestNothingIsPresentedToAnother(t *testing.T) {
	leaf, thief := labLeaf(t), labLeaf(t)
	pair := trusttest.NewCA(t, "Client CA").Client("alice").TLS()
	stolen := thief.TLS()
	stolen.Certificate = leaf.TLS().Certificate
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for name, cert := range map[string]tls.Certificate{"another": thief.TLS(), "without the key": stolen} {
			learned := make(chan int, 1)
			conf := &tls.Config{
				Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAnyClientCert, MinVersion: version, MaxVersion: version,
			}
			err := presentTo(t, func(c net.Conn) {
				s := tls.Server(c, conf)
				_ = s.Handshake()
				learned <- len(s.ConnectionState().PeerCertificates)
				s.Close()
			}, leaf, pair)
			if err == nil || name == "another" && !errors.Is(err, ErrAnotherServer) {
				t.Errorf("%s with %s: %v", name, tls.VersionName(version), err)
			}
			if n := <-learned; n != 0 {
				t.Errorf("%s with %s learned %d certificates", name, tls.VersionName(version), n)
			}
		}
	}
}
